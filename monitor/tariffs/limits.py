"""Sums of lines, and min_price and max_price as lines of their own, so that the lines still sum to the total."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from monitor.tariffs.model import Amount, BillLine, Usage
from monitor.tariffs.ocpi import Price, Tariff
from monitor.tariffs.splitting import ZERO
from monitor.tariffs.values import tidy
from monitor.tariffs.words import LANGUAGES, money

_TEXTS = {
    "MIN_PRICE": {"en": "minimum price {} {} without VAT", "sv": "lägsta pris {} {} utan moms"},
    "MAX_PRICE": {"en": "maximum price {} {} without VAT", "sv": "högsta pris {} {} utan moms"},
}


def total_of(lines: Iterable[BillLine]) -> Amount:
    """The sum; with VAT it is unknown as soon as one line's is."""
    excl_vat, incl_vat = ZERO, ZERO
    known = True
    for line in lines:
        excl_vat += line.amount.excl_vat
        known = known and line.amount.incl_vat is not None
        incl_vat += line.amount.incl_vat or ZERO
    return Amount(tidy(excl_vat), tidy(incl_vat) if known else None)


def limit_lines(tariff: Tariff, total: Amount, usage: Usage, *, expired: bool) -> list[BillLine]:
    """What lacks to min_price and what is above max_price, without and with VAT each by itself, as OCPI says.

    min_price is what a charging session costs at least; an expired reservation is none.
    """
    lines = []
    if tariff.min_price and not expired:
        low = Amount(
            max(tariff.min_price.excl_vat - total.excl_vat, ZERO),
            _beyond(tariff, tariff.min_price, total, sign=1),
        )
        lines.append(_line("MIN_PRICE", tariff, tariff.min_price, low, usage))
    if tariff.max_price:
        high = Amount(
            min(tariff.max_price.excl_vat - total.excl_vat, ZERO),
            _beyond(tariff, tariff.max_price, total, sign=-1),
        )
        lines.append(_line("MAX_PRICE", tariff, tariff.max_price, high, usage))
    return [line for line in lines if line.amount.excl_vat or line.amount.incl_vat != 0]


def _beyond(tariff: Tariff, limit: Price, total: Amount, *, sign: int) -> Decimal | None:
    """The correction of the sum with VAT: up to a minimum (sign 1) or down to a maximum (-1).

    A limit without `incl_vat` has the VAT that all components share; where they differ it is unknown.
    """
    bound = limit.incl_vat
    if bound is None:
        rates = {component.vat or ZERO for element in tariff.elements for component in element.price_components}
        if (limit.excl_vat - total.excl_vat) * sign <= 0:
            return ZERO
        if len(rates) != 1:
            return None
        bound = limit.excl_vat * (100 + rates.pop()) / 100
    assert total.incl_vat is not None  # 2.2.1 components always give it, and limits are asked of the session's sum
    return sign * max((bound - total.incl_vat) * sign, ZERO)


def _line(
    dimension: Literal["MIN_PRICE", "MAX_PRICE"], tariff: Tariff, limit: Price, amount: Amount, usage: Usage
) -> BillLine:
    exact = Amount(tidy(amount.excl_vat), None if amount.incl_vat is None else tidy(amount.incl_vat))
    texts = _TEXTS[dimension]
    return BillLine(
        dimension=dimension,
        element=None,
        quantity=Decimal(1),
        unit="session",
        unit_price=exact.excl_vat,
        vat_percent=None,
        amount=exact,
        start=usage.start,
        end=usage.end,
        reason={name: texts[name].format(money(limit.excl_vat), tariff.currency) for name in LANGUAGES},
    )
