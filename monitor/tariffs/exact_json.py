"""JSON whose numbers are decimals: read without a detour over binary fractions, written digit by digit."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from monitor.documents import Number


def loads(text: str) -> Any:
    """Parse; numbers with a fraction remember their text. Raises ValueError (JSON's own, or for NaN and Infinity)."""
    return json.loads(text, parse_float=_number, parse_constant=_refuse)


def dumps(value: Any, indent: str = "") -> str:
    """Indented JSON of plain values and decimals."""
    inner = indent + "  "
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Number):
        return value.written
    if isinstance(value, Mapping):
        parts = [f"{json.dumps(str(key), ensure_ascii=False)}: {dumps(item, inner)}" for key, item in value.items()]
        return _block("{", parts, "}", indent)
    if isinstance(value, list | tuple):
        return _block("[", [dumps(item, inner) for item in value], "]", indent)
    return json.dumps(value, ensure_ascii=False)


def _block(opening: str, parts: list[str], closing: str, indent: str) -> str:
    if not parts:
        return opening + closing
    return f"{opening}\n" + ",\n".join(f"{indent}  {part}" for part in parts) + f"\n{indent}{closing}"


def _number(text: str) -> Number:
    number = Number(text)
    number.written = text
    return number


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
