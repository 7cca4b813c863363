"""The frames of OCPP-J: `[2, id, action, payload]` asks, `[3, id, payload]` answers, `[4, id, code, ...]` refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Payload = Mapping[str, Any]


LARGEST = 2.0**53 / 1000
"""In base units: the largest number that every field can store."""


class BadMessage(Exception):
    """Why a message, or a part of it, cannot be taken, in words for its sender."""


@dataclass(frozen=True)
class Call:
    """A request. Only those of stations hold readings."""

    id: str
    action: str
    payload: Payload


@dataclass(frozen=True)
class Answer:
    """The answer to a request of the same id."""

    id: str
    payload: Payload


@dataclass(frozen=True)
class Refusal:
    """The other side could not do what was asked; nothing follows from it."""

    id: str


Message = Call | Answer | Refusal


def message_of(frame: Any) -> Message:
    """The message of a JSON array; raises BadMessage."""
    match frame:
        case [2, str() | int() as name, str() as action, dict() as payload]:
            return Call(str(name), action, payload)
        case [3, str() | int() as name, dict() as payload]:
            return Answer(str(name), payload)
        case [4, str() | int() as name, *_]:
            return Refusal(str(name))
    raise BadMessage('is no OCPP-J message, which is [2, "id", "action", {...}], [3, "id", {...}] or [4, "id", ...]')


def text(payload: Payload, name: str) -> str | None:
    """A text of the payload, None when it is missing or empty; a number is taken as its digits. Raises BadMessage."""
    value = payload.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadMessage(f"{name} is {value!r}, not a text")
    return clean(str(value))


def clean(value: str) -> str:
    """Text that can be stored: half of a surrogate pair, which JSON can write, is none."""
    return value.encode("utf-8", "replace").decode()


def number(payload: Payload, name: str) -> float | None:
    """A number of the payload, None when it is missing. Raises BadMessage."""
    value = payload.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise BadMessage(f"{name} is {value!r}, not a number that can be stored")
    return float(value)


def ordinal(payload: Payload, name: str) -> int | None:
    """The number of a connector or EVSE, from 0; None when it is missing. Raises BadMessage."""
    value = payload.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadMessage(f"{name} is {value!r}, not a number from 0")
    return value


def part(payload: Payload, name: str) -> Payload:
    """An object inside the payload; empty when it is missing. Raises BadMessage."""
    value = payload.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadMessage(f"{name} is {value!r}, not an object")
    return value


def parts(payload: Payload, name: str) -> list[Payload]:
    """A list of objects inside the payload; empty when it is missing. Raises BadMessage."""
    value = payload.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise BadMessage(f"{name} is not a list of objects")
    return value
