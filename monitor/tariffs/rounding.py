"""Where digits are dropped. A bill keeps twelve decimals; what leaves the service is rounded once, half up.

Rounding each line would make a bill depend on how many lines it has: OCPI leaves rounding open, and its worked
examples (and `tandemdrive/step_size`) come out only when amounts are summed before they are rounded.
"""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from monitor.tariffs.values import tidy

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
"""The arithmetic of a bill, whatever context the caller's thread has."""

STORED = Decimal("1e-12")
_OTHER_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "JOD": 3, "TND": 3}


def stored(value: Decimal) -> Decimal:
    """A quotient as a bill keeps it: twelve decimals, no trailing zeros."""
    return tidy(value.quantize(STORED))


def currency_digits(currency: str) -> int:
    """Decimals of the currency's smallest unit (ISO 4217)."""
    return _OTHER_DIGITS.get(currency, 2)


def rounded(value: Decimal, digits: int) -> Decimal:
    """Half up, away from zero, with exactly `digits` decimals."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
