"""Quantities of many sessions as money, in whole numbers of any size; digits go where the reference drops them."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from monitor.tariffs.ocpi import Price, PriceComponent, Tariff
from monitor.tariffs.rounding import Policy
from monitor.tariffs.selection import Plan
from monitor.tariffs.taxes import only_rate
from monitor.tariffs.vector.columns import Longs
from monitor.tariffs.vector.ladders import divided, exact_as_floats, whole

Objects = npt.NDArray[np.object_]

MOST_ELEMENTS = 60
"""An element is a bit of a 64-bit number."""

_PER_UNIT = {"ENERGY": 10**12, "TIME": 3_600_000_000, "PARKING_TIME": 3_600_000_000, "FLAT": 1}
"""nWh in a kWh, microseconds in an hour."""


@dataclass(frozen=True)
class Money:
    """Amounts of sessions without and with tax."""

    excl_vat: Objects
    incl_vat: Objects

    @classmethod
    def nothing(cls, count: int) -> "Money":
        """Zero for each of so many sessions."""
        return cls(np.zeros(count, object), np.zeros(count, object))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.excl_vat + other.excl_vat, self.incl_vat + other.incl_vat)


def vectorisable(tariff: Tariff, plan: Plan, digits: int) -> bool:
    """Whether a tariff tells both amounts always, and says its limits and thresholds in numbers of usual length."""
    told = tariff.tax_included in {None, "N/A"} or tariff.names_rates
    limits = [limit for limit in (tariff.min_price, tariff.max_price) if limit]
    bounded = all(None not in _bounds(tariff, limit, digits) for limit in limits)
    exact = exact_as_floats(plan.power) and exact_as_floats(plan.current)
    whole_wh = all(whole(each, 9) is not None for each in plan.energy.thresholds)
    return told and bounded and exact and whole_wh and len(tariff.elements) <= MOST_ELEMENTS


def amounts(tariff: Tariff, element: int, name: str, quantity: Longs, policy: Policy) -> Money:
    """The lines that one component gives, one a session: nWh, microseconds, or 1 a session."""
    component = next(each for each in tariff.elements[element].price_components if each.type == name)
    net, gross = _prices(tariff, component)
    many = quantity.astype(object)
    return Money(_line(many, net / _PER_UNIT[name], policy), _line(many, gross / _PER_UNIT[name], policy))


def limited(total: Money, tariff: Tariff, policy: Policy) -> Money:
    """With the corrections up to min_price and down to max_price, both of the same sum."""
    digits = policy.digits if policy.per == "line" else 12
    excl_vat, incl_vat = total.excl_vat, total.incl_vat
    if tariff.min_price:
        low = _bounds(tariff, tariff.min_price, digits)
        excl_vat = excl_vat + np.maximum(low[0] - total.excl_vat, 0)
        incl_vat = incl_vat + _with_tax(total, tariff.min_price, low, sign=1)
    if tariff.max_price:
        high = _bounds(tariff, tariff.max_price, digits)
        excl_vat = excl_vat - np.maximum(total.excl_vat - high[0], 0)
        incl_vat = incl_vat + _with_tax(total, tariff.max_price, high, sign=-1)
    return Money(excl_vat, incl_vat)


def _with_tax(total: Money, limit: Price, bounds: tuple[int | None, int | None], *, sign: int) -> Objects:
    """Without an amount of its own, the limit with tax binds only where the one without does."""
    correction: Objects = sign * np.maximum((bounds[1] - total.incl_vat) * sign, 0)
    if limit.incl_vat is not None:
        return correction
    return np.where((bounds[0] - total.excl_vat) * sign > 0, correction, 0)


def _bounds(tariff: Tariff, limit: Price, digits: int) -> tuple[int | None, int | None]:
    if limit.incl_vat is not None:
        return whole(limit.excl_vat, digits), whole(limit.incl_vat, digits)
    rate = only_rate(tariff)
    gross = None if rate is None else whole(limit.excl_vat * (100 + rate) / Decimal(100), digits)
    return whole(limit.excl_vat, digits), gross


def _prices(tariff: Tariff, component: PriceComponent) -> tuple[Fraction, Fraction]:
    """A unit's price without and with tax (see taxes.py)."""
    price, factor = Fraction(component.price), 1 + Fraction(component.vat or 0) / 100
    if tariff.tax_included == "N/A":
        return price, price
    return (price / factor, price) if tariff.tax_included == "YES" else (price, price * factor)


def _line(quantity: Objects, unit_price: Fraction, policy: Policy) -> Objects:
    """Rounded as `Policy.line` does: to twelve decimals, halves to even, or as the policy says for each line."""
    per_line = policy.per == "line"
    scaled = unit_price * 10 ** (policy.digits if per_line else 12)
    return divided(quantity * scaled.numerator, scaled.denominator, half_up=per_line and policy.mode == "half-up")
