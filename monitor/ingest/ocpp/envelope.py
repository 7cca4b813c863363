"""One line of a file of messages: when the message came, from which station, and the message itself.

    {"time": "2026-05-01T12:00:00Z", "site": "lund", "station": "l-1", "message": [2, "19", "Heartbeat", {}]}
    ["2026-05-01T12:00:00Z", "l-1", [2, "19", "Heartbeat", {}]]
    ["2026-05-01T12:00:00Z", "lund", "l-1", [2, "19", "Heartbeat", {}]]
    [2, "19", "Heartbeat", {}]                                  where the station is known otherwise

Other names that logs use for the keys are known too. The message may be JSON in a text, or an object with `action` or
`messageTypeId`. Times are RFC 3339 (without a zone: UTC, as OCPP recommends) or epoch seconds or milliseconds.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.ingest.ocpp.messages import BadMessage, Message, clean, message_of
from monitor.units import EPOCH, to_us

TIME = ("time", "timestamp", "ts", "received_at", "receivedAt", "@timestamp", "datetime", "date", "created_at")
STATION = (
    "station", "station_id", "stationId", "charge_point", "chargePoint", "charge_point_id", "chargePointId", "cp_id",
    "cpId", "cp", "charger", "charger_id", "chargerId", "chargeBoxId", "charge_box_id", "identity", "client_id",
)  # fmt: skip
SITE = ("site", "location", "site_id", "siteId")
MESSAGE = ("message", "msg", "ocpp", "frame", "raw", "data", "payload")
_KIND, _ID = ("messageTypeId", "messageType", "message_type_id", "type"), ("uniqueId", "unique_id", "messageId", "id")
_KINDS = {"2": 2, "3": 3, "4": 4, "call": 2, "callresult": 3, "callerror": 4}

_MILLISECONDS_FROM = 100_000_000_000
"""Epoch numbers from here on count milliseconds: as seconds this would be the year 5138."""


@dataclass(frozen=True)
class Envelope:
    """A message and what its line says about it; None where the line does not say."""

    message: Message
    station: str | None = None
    site: str | None = None
    received_us: int | None = None


def values(body: bytes) -> Iterator[tuple[int, Any]]:
    """The JSON values of a body with their line numbers: one a line, or one value whatever its lines.

    A value that is an array of lines counts as those. A line that is not JSON comes as the BadMessage that says so.
    """
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        lines = enumerate(body.split(b"\n"), start=1)
        yield from ((number, _json(line)) for number, line in lines if line.strip())
        return
    several = isinstance(whole, list) and whole and isinstance(whole[0], list | dict)
    yield from enumerate(whole if several else [whole], start=1)


def _json(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return BadMessage(f"is not JSON: {error}")


def read(value: Any) -> Envelope:
    """The envelope that a JSON value is; raises BadMessage."""
    match value:
        case dict():
            return _from_object(value)
        case [2 | 3 | 4, *_]:
            return Envelope(message_of(value))
        case [time, str() | int() as station, list() | str() as frame]:
            return Envelope(message_of(_unpacked(frame)), clean(str(station)), None, moment_us(time))
        case [time, str() | int() as site, str() | int() as station, list() | str() as frame]:
            return Envelope(message_of(_unpacked(frame)), clean(str(station)), clean(str(site)), moment_us(time))
    raise BadMessage('is neither {"time": ..., "station": ..., "message": [...]} nor [time, station, message]')


def moment_us(value: Any) -> int:
    """Epoch microseconds of a time as written; without a zone it is UTC. Raises BadMessage."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        factor = 1_000 if abs(value) >= _MILLISECONDS_FROM else 1_000_000
        if abs(value) * factor < 2**62:
            return round(value * factor)
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
            return to_us(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            pass
    raise BadMessage(f"time {value!r} is neither RFC 3339, like {EPOCH.isoformat()}, nor epoch seconds")


def _from_object(line: Mapping[str, Any]) -> Envelope:
    time, station, site = _first(line, TIME), _first(line, STATION), _first(line, SITE)
    for name in (station, site):
        if name is not None and not isinstance(name, str | int):
            raise BadMessage(f"{name!r} is no name of a site or station")
    return Envelope(
        message_of(_frame(line)),
        None if station is None else clean(str(station)),
        None if site is None else clean(str(site)),
        None if time is None else moment_us(time),
    )


def _frame(line: Mapping[str, Any]) -> Any:
    for name in MESSAGE:
        frame = _unpacked(line.get(name))
        if isinstance(frame, list):
            return frame
        if isinstance(frame, dict) and ("action" in frame or _first(frame, _KIND) is not None):
            return _assembled(frame)
    if "action" in line or _first(line, _KIND) is not None:
        return _assembled(line)
    raise BadMessage(f"holds no message; it stands under one of {', '.join(MESSAGE)}")


def _assembled(parts: Mapping[str, Any]) -> list[Any]:
    """The frame of a message that came as an object."""
    kind = _first(parts, _KIND)
    number = _KINDS.get(str(kind).lower(), 2 if "action" in parts else None)
    name, payload = _first(parts, _ID), _unpacked(parts.get("payload", {}))
    return [2, name, parts.get("action"), payload] if number == 2 else [number, name, payload]


def _first(line: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((line[name] for name in names if line.get(name) is not None and line[name] != ""), None)


def _unpacked(frame: Any) -> Any:
    """A frame that stands as JSON inside a text."""
    if not isinstance(frame, str):
        return frame
    try:
        return json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"its message is not JSON: {error}") from error
