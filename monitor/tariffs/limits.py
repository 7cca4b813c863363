"""Sums of lines, and min_price and max_price as lines of their own, so that the lines still sum to the total."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from monitor.tariffs.model import Amount, BillLine, Usage
from monitor.tariffs.ocpi import Price, Tariff
from monitor.tariffs.rounding import Policy
from monitor.tariffs.splitting import ZERO
from monitor.tariffs.taxes import only_rate
from monitor.tariffs.values import tidy
from monitor.tariffs.words import LANGUAGES, money

_TEXTS = {
    "MIN_PRICE": {"en": "minimum price {} {} without VAT", "sv": "lägsta pris {} {} utan moms"},
    "MAX_PRICE": {"en": "maximum price {} {} without VAT", "sv": "högsta pris {} {} utan moms"},
}

UNTOLD_LIMIT = "the tariff limits the price with or without taxes, but not the one that is known: it was not applied"


def total_of(lines: Iterable[BillLine]) -> Amount:
    """The sum, without and with tax; either is unknown as soon as one line's is."""
    excl_vat: Decimal | None = ZERO
    incl_vat: Decimal | None = ZERO
    for line in lines:
        excl_vat, incl_vat = _plus(excl_vat, line.amount.excl_vat), _plus(incl_vat, line.amount.incl_vat)
    return Amount(None if excl_vat is None else tidy(excl_vat), None if incl_vat is None else tidy(incl_vat))


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def limit_lines(tariff: Tariff, total: Amount, usage: Usage, policy: Policy, *, expired: bool) -> list[BillLine]:
    """What lacks to min_price and what is above max_price, without and with tax each by itself, as OCPI says.

    min_price is what a charging session costs at least; an expired reservation is none.
    """
    lines = []
    if tariff.min_price and not expired:
        lines.append(_line("MIN_PRICE", tariff, total, usage, policy))
    if tariff.max_price:
        lines.append(_line("MAX_PRICE", tariff, total, usage, policy))
    return [line for line in lines if line.amount != Amount(ZERO, ZERO)]


def untold(tariff: Tariff, total: Amount) -> bool:
    """Whether a limit could not be applied: it is said without tax, where only the price with tax is known."""
    limits = [limit for limit in (tariff.min_price, tariff.max_price) if limit]
    return total.excl_vat is None and any(limit.incl_vat is None for limit in limits)


def _with_tax(tariff: Tariff, limit: Price, total: Amount, *, sign: int) -> Decimal | None:
    """The correction of the sum with tax: up to a minimum (sign 1) or down to a maximum (-1).

    A limit without its amount with tax has the rate that all components share; where they differ it is unknown.
    """
    bound = limit.incl_vat
    if bound is None:
        if total.excl_vat is None or (limit.excl_vat - total.excl_vat) * sign <= 0:
            return ZERO
        rate = only_rate(tariff)
        if rate is None:
            return None
        bound = limit.excl_vat * (100 + rate) / 100
    return _beyond(bound, total.incl_vat, sign)


def _beyond(bound: Decimal, total: Decimal | None, sign: int) -> Decimal:
    # What is unknown needs no correction: its sum stays unknown.
    return ZERO if total is None else sign * max((bound - total) * sign, ZERO)


def _line(
    dimension: Literal["MIN_PRICE", "MAX_PRICE"], tariff: Tariff, total: Amount, usage: Usage, policy: Policy
) -> BillLine:
    sign, limit = (1, tariff.min_price) if dimension == "MIN_PRICE" else (-1, tariff.max_price)
    assert limit is not None  # the caller looked
    amount = policy.line(
        Amount(_beyond(limit.excl_vat, total.excl_vat, sign), _with_tax(tariff, limit, total, sign=sign))
    )
    texts = _TEXTS[dimension]
    return BillLine(
        dimension=dimension,
        element=None,
        quantity=Decimal(1),
        unit="session",
        unit_price=amount.excl_vat or ZERO,
        vat_percent=None,
        amount=amount,
        start=usage.start,
        end=usage.end,
        reason={name: texts[name].format(money(limit.excl_vat), tariff.currency) for name in LANGUAGES},
    )
