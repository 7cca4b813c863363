"""The scalar types of OCPI as pydantic reads them from YAML or JSON: exact numbers, local times and dates, names."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from monitor.documents import Number as WrittenNumber
from monitor.documents import nearest

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_CURRENCY = re.compile(r"[A-Z]{3}")
TOO_LARGE = Decimal(10) ** 15
"""No price, limit or quantity gets there; arithmetic stays exact below it."""


def tidy(number: Decimal) -> Decimal:
    """The same number without trailing zeros and without an exponent above 0: 1.50 -> 1.5, 1E+1 -> 10."""
    return number.normalize() + 0


def _number(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError(f"{value!r} is no number; write it without quotes")  # noqa: TRY004 - pydantic wants ValueError
    if not isinstance(value, int | float):
        return value
    text = value.written if isinstance(value, WrittenNumber) else repr(value)
    if "inf" in text.lower() or "nan" in text.lower() or abs(Decimal(text)) >= TOO_LARGE:
        raise ValueError(f"{text} is no number that a price, a limit or a volume can have")
    return tidy(Decimal(text))


def _whole(value: object) -> object:
    """JSON does not tell 60.0 from 60, and some write all their numbers with a fraction."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _time(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _TIME.fullmatch(value):
        raise ValueError(
            f"{value!r} is no time of day; write two digits each, for example 09:00 (the end of a day is 00:00)"
        )
    return time.fromisoformat(value)


def _date(value: object) -> object:
    if isinstance(value, datetime):
        raise ValueError("has a time; write only the date, for example 2026-12-24")  # noqa: TRY004 - pydantic wants ValueError
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is no date; write for example 2026-12-24") from error


def _moment(value: object) -> object:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.upper())  # RFC 3339 allows a small t and z
        except ValueError as error:
            raise ValueError(f"{value!r} is no time; write for example 2026-01-01T00:00:00Z") from error
    if not isinstance(value, datetime):
        return value
    # OCPI: a DateTime is UTC, with or without the Z. The fields are copied, because YAML gives a subclass of its own.
    whole = datetime(  # noqa: DTZ001 - the zone follows in the next statement
        value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond
    )
    try:
        return (whole.replace(tzinfo=value.tzinfo) if value.tzinfo else whole.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is outside the years 1 to 9999 in UTC") from error


def _currency(value: str) -> str:
    if not _CURRENCY.fullmatch(value):
        raise ValueError(f"{value!r} is no currency; write its ISO 4217 code, for example SEK")
    return value


def not_empty(value: tuple[Any, ...]) -> tuple[Any, ...]:
    """Checks after the items: a `min_length` would count only the good ones, and complain a second time."""
    if not value:
        raise ValueError("is empty; OCPI wants at least one")
    return value


def one_of(*names: str) -> Any:
    """A validator for a name of an OCPI list: anything else is an error that names the nearest."""

    def check(value: object) -> object:
        if isinstance(value, str) and value not in names:
            raise ValueError(f"OCPI knows no {value!r}{nearest(value, names)}")
        return value

    return BeforeValidator(check)


Number = Annotated[Decimal, BeforeValidator(_number)]
"""A JSON number, read without a detour over binary fractions."""

Whole = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=10**9)]
"""Seconds or Wh; the largest is 31 years."""

Percent = Annotated[Number, Field(ge=0, le=100)]
LocalTime = Annotated[time, BeforeValidator(_time)]
LocalDate = Annotated[date, BeforeValidator(_date)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A point in time, aware UTC."""

Currency = Annotated[str, AfterValidator(_currency)]
