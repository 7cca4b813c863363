"""Where digits are dropped: a policy. A bill keeps twelve decimals; what leaves the service is rounded once.

By default that is half up and per total: rounding each line would make a bill depend on how many lines it has. OCPI
leaves rounding open, and its worked examples (and `tandemdrive/step_size`) come out only when amounts are summed
before they are rounded. Law or a contract may ask for another way: `[tariffs]` in laddvakt.toml.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Literal

from monitor.config import Settings
from monitor.tariffs.model import Amount
from monitor.tariffs.values import tidy

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
"""The arithmetic of a bill, whatever context the caller's thread has."""

STORED = Decimal("1e-12")
OCPI_DIGITS = 4
"""Decimals of a number in an OCPI object (transport_and_format, 'number')."""

_OTHER_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "JOD": 3, "TND": 3}


@dataclass(frozen=True)
class Policy:
    """How money is rounded: each line of a bill or only its totals; `digits` decimals, ties up or to even."""

    per: Literal["total", "line"] = "total"
    mode: Literal["half-up", "half-even"] = "half-up"
    digits: int = OCPI_DIGITS

    def line(self, amount: Amount) -> Amount:
        """A line's amount as the bill keeps and sums it."""
        if self.per == "total":
            return amount_of(amount, stored)
        return amount_of(amount, self.rounded)

    def total(self, amount: Amount) -> Amount:
        """A sum as it leaves the service."""
        return amount_of(amount, self.rounded)

    def rounded(self, value: Decimal) -> Decimal:
        """Money with `digits` decimals, without trailing zeros."""
        way = ROUND_HALF_UP if self.mode == "half-up" else ROUND_HALF_EVEN
        return tidy(value.quantize(Decimal(1).scaleb(-self.digits), way))


PER_TOTAL = Policy()


def policy_of(settings: Settings) -> Policy:
    """The rounding that the configuration asks for."""
    return Policy(settings.tariffs.rounding, settings.tariffs.halves, settings.tariffs.digits)


def amount_of(amount: Amount, change: Callable[[Decimal], Decimal]) -> Amount:
    """Both amounts changed; what is unknown stays so."""
    excl_vat, incl_vat = amount.excl_vat, amount.incl_vat
    return Amount(None if excl_vat is None else change(excl_vat), None if incl_vat is None else change(incl_vat))


def stored(value: Decimal) -> Decimal:
    """A quotient as a bill keeps it: twelve decimals, no trailing zeros."""
    return tidy(value.quantize(STORED))


def currency_digits(currency: str) -> int:
    """Decimals of the currency's smallest unit (ISO 4217)."""
    return _OTHER_DIGITS.get(currency, 2)


def rounded(value: Decimal, digits: int) -> Decimal:
    """Half up, away from zero, with exactly `digits` decimals."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
