"""The stretches of a session in which one energy price and one time price held, for shading its curve."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from monitor.tariffs.model import Dimension, PricePeriod
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.splitting import Segment
from monitor.tariffs.taxes import shown_price
from monitor.tariffs.words import money, per_minute
from monitor.units import from_us

_Prices = tuple[int | None, int | None, Dimension | None]
"""The elements that price energy and time, and as what the time counts. Numbers: components are dear to hash."""


def price_periods(pieces: Sequence[Segment], tariff: Tariff) -> tuple[PricePeriod, ...]:
    """Neighbouring segments under the same prices become one; time that costs nothing is one too."""
    runs: list[tuple[int, int, _Prices]] = []
    before: Segment | None = None
    for piece in pieces:
        if before is None or piece.choice is not before.choice or piece.kind != before.kind:
            prices = _prices(piece)
        before = piece
        if runs and runs[-1][2] == prices:
            runs[-1] = (runs[-1][0], piece.end_us, prices)
        else:
            runs.append((piece.start_us, piece.end_us, prices))
    return tuple(
        PricePeriod(from_us(start), from_us(end), prices[1] if prices[0] is None else prices[0], _label(tariff, prices))
        for start, end, prices in runs
        if end > start
    )


def _prices(piece: Segment) -> _Prices:
    choice = piece.choice
    timed: Dimension = "PARKING_TIME" if piece.kind == "parking" else "TIME"
    time = None if piece.kind == "neither" else choice.parking if piece.kind == "parking" else choice.time
    return choice.energy and choice.energy.element, time and time.element, timed if time else None


@lru_cache(maxsize=4096)
def _label(tariff: Tariff, prices: _Prices) -> str:
    energy, time, timed = prices
    parts, currency = [], tariff.currency
    if energy is not None:
        parts.append(f"{money(_shown(tariff, energy, 'ENERGY'))} {currency}/kWh")
    if time is not None and timed is not None:
        amount, unit = per_minute(_shown(tariff, time, timed))
        parts.append(f"{money(amount)} {currency}/{unit}")
    return " + ".join(parts) or f"0 {currency}"


def _shown(tariff: Tariff, element: int, dimension: Dimension) -> Decimal:
    component = tariff.elements[element].component(dimension)
    assert component is not None  # it was picked
    return shown_price(tariff, component)
