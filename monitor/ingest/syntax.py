r"""InfluxDB line protocol, one line at a time, every escape of the format.

    measurement[,tag=value...] field=value[,field=value...] [time]

A backslash escapes comma and space in a measurement, comma, space and equals in tag keys, tag values and field keys,
and quote and backslash in text; anywhere else it stands for itself. Text is in double quotes and may hold anything,
line breaks too; elsewhere a quote is a character like any other. Numbers: `1.5`, `-2e3`, `7i` (integer), `7u`
(unsigned).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

Value = float | str | bool


class BadLine(Exception):
    """Why a line cannot be taken, in words for its sender."""


@dataclass(frozen=True)
class Line:
    """One point as written. Tags and fields keep their order; a field that is written twice stands twice."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, Value], ...]
    time: int | None


@dataclass(frozen=True)
class RawLine:
    """One line of a body: the number, from 1, of the line break before it, and its bytes."""

    number: int
    text: bytes


# The key ends at the first space that is not escaped; only behind it does `="` open a text. A text without its closing
# quote ends the line at the line break, so that it takes no other line with it.
_RAW_LINE = re.compile(
    rb"""[ \t]*+\#[^\n]*+                                                        # a comment
       | (?: \\[^\n] | [^\\\n ] )*+ \\?                                          # the key
         (?: [ ] (?: ="(?: \\. | [^"\\] )*+" | [^\n=]++ | = )*+ )?               # fields and time
    """,
    re.VERBOSE | re.DOTALL,
)
_MEASUREMENT = re.compile(r"(?:\\.|[^\\, ])+", re.DOTALL)
_TAG = re.compile(r",((?:\\.|[^\\,= ])+)=((?:\\.|[^\\,= ])+)(?=[, ]|\Z)", re.DOTALL)
_FIELD = re.compile(r'((?:\\.|[^\\,= ])+)=(?:"((?:\\.|[^"\\])*+)"|([^", ]+))(?=[, ]|\Z)', re.DOTALL)
_TIME = re.compile(r" +(-?[0-9]+)")

_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+i|[0-9]+u")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)i?", re.IGNORECASE)
BOOLEANS = {"t": True, "T": True, "true": True, "True": True, "TRUE": True,
             "f": False, "F": False, "false": False, "False": False, "FALSE": False}  # fmt: skip

_ESCAPED_IN_MEASUREMENT = re.compile(r"\\([, ])")
_ESCAPED_IN_KEY = re.compile(r"\\([,= ])")
_ESCAPED_IN_TEXT = re.compile(r'\\(["\\])')


def split(body: bytes) -> Iterator[RawLine]:
    """The lines of a body, without their line breaks; blank ones and comments too."""
    position, number = 0, 1
    while position < len(body):
        found = _RAW_LINE.match(body, position)
        assert found is not None  # the pattern matches nothing at all, too
        text = found[0]
        yield RawLine(number, text)
        number += text.count(b"\n") + 1
        position = found.end() + 1


def read(text: str) -> Line | None:
    """One line; None when it is blank or a comment. Raises BadLine."""
    text = text.strip(" \t\r\0")
    if not text or text.startswith("#"):
        return None
    found = _MEASUREMENT.match(text)
    if not found:
        raise BadLine("the measurement is missing")
    tags, position = _read_tags(text, found.end())
    fields, position = _read_fields(text, position)
    time = _TIME.fullmatch(text, position)
    if position < len(text) and not time:
        raise BadLine(f"{_excerpt(text[position:].strip())} is not a time, which is a whole number")
    return Line(measurement_name(found[0]), tags, fields, int(time[1]) if time else None)


def measurement_name(raw: str) -> str:
    """A measurement with its escapes resolved."""
    return _ESCAPED_IN_MEASUREMENT.sub(r"\1", raw)


def key_name(raw: str) -> str:
    """A tag key, tag value or field key with its escapes resolved."""
    return _ESCAPED_IN_KEY.sub(r"\1", raw)


def _read_tags(text: str, position: int) -> tuple[tuple[tuple[str, str], ...], int]:
    tags: dict[str, str] = {}
    while text.startswith(",", position):
        found = _TAG.match(text, position)
        if not found:
            raise BadLine(f"tag {_excerpt(text[position + 1 :])} is not name=value")
        name = key_name(found[1])
        if name in tags:
            raise BadLine(f"tag {name!r} is given twice")
        tags[name] = key_name(found[2])
        position = found.end()
    return tuple(tags.items()), position


def _read_fields(text: str, position: int) -> tuple[tuple[tuple[str, Value], ...], int]:
    start = position
    while text.startswith(" ", position):
        position += 1
    if position == start or position == len(text):
        raise BadLine("there are no fields")
    fields = []
    while True:
        found = _FIELD.match(text, position)
        if not found:
            raise BadLine(_why_no_field(text[position:]))
        name = key_name(found[1])
        fields.append((name, _value(name, found[3]) if found[2] is None else _ESCAPED_IN_TEXT.sub(r"\1", found[2])))
        position = found.end()
        if not text.startswith(",", position):
            return tuple(fields), position
        position += 1


def _value(name: str, raw: str) -> float | bool:
    if _FLOAT.fullmatch(raw):
        return float(raw)
    if _INTEGER.fullmatch(raw):
        return float(raw[:-1])
    if raw in BOOLEANS:
        return BOOLEANS[raw]
    if _NOT_FINITE.fullmatch(raw):
        raise BadLine(f"field {name!r} is {raw}; leave a field out when it has no value")
    raise BadLine(f"field {name!r} is {_excerpt(raw)}, neither a number nor a boolean nor text in double quotes")


def _why_no_field(rest: str) -> str:
    if re.match(r'(?:\\.|[^\\,= ])+="', rest):
        return f"field {_excerpt(rest)} has a text that does not end at its closing quote"
    return f"field {_excerpt(rest)} is not name=value"


def _excerpt(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
