"""A tally as a line of the bill: quantity x unit price = amount, and the reason."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from monitor.tariffs.model import BillLine, Dimension
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.rounding import Policy, stored
from monitor.tariffs.selection import KILO, Pass
from monitor.tariffs.splitting import HOUR_US
from monitor.tariffs.tally import Tally
from monitor.tariffs.taxes import taxed
from monitor.tariffs.words import reason
from monitor.units import from_us

_UNITS: Mapping[Dimension, tuple[Decimal, Literal["kWh", "h", "session"]]] = {
    "ENERGY": (Decimal(KILO), "kWh"),
    "TIME": (HOUR_US, "h"),
    "PARKING_TIME": (HOUR_US, "h"),
    "FLAT": (Decimal(1), "session"),
}
"""What a tally's quantity is divided by to get the unit that the price is for."""


def line_of(tariff: Tariff, part: Pass, tally: Tally, policy: Policy) -> BillLine:
    """The line of one component. The amount comes from the exact quantity, not from the hours as they are shown."""
    component = tally.picked.component
    divisor, unit = _UNITS[tally.dimension]
    exact = taxed(tariff, tally.quantity * component.price / divisor, component.vat)
    return BillLine(
        dimension=tally.dimension,
        element=tally.picked.element,
        quantity=stored(tally.quantity / divisor),
        unit=unit,
        unit_price=component.price,
        vat_percent=component.vat,
        amount=policy.line(exact),
        start=from_us(tally.start_us),
        end=from_us(tally.end_us),
        reason=reason(tariff, tally.picked.element, tally.dimension, tally.step),
        reservation=part != "session",
    )
