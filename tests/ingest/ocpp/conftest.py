"""A register of two stations, messages in a short notation, and what comes of them in a real store."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.ingest.line_protocol import Parsed
from monitor.ingest.ocpp.reader import Default, Reader
from monitor.register import Register, RegisterFile

REGISTER = {
    "sites": {
        "lund": {
            "stations": {
                "l-1": {"connectors": {"1": {"rated": "22 kW"}, "2": {"rated": "22 kW"}}},
                "dual": {
                    "connectors": {
                        "ccs": {"rated": "150 kW", "evse": "A"},
                        "chademo": {"rated": "50 kW", "evse": "A"},
                        "ac": {"rated": "22 kW"},
                    }
                },
            }
        }
    }
}
_CLOCK = re.compile(r"\d\d:\d\d:\d\d(\.\d+)?")


def spelled(value: Any) -> Any:
    """Times of day as the times of 1 May 2026, UTC, everywhere in a value."""
    if isinstance(value, str):
        return f"2026-05-01T{value}Z" if _CLOCK.fullmatch(value) else value
    if isinstance(value, list):
        return [spelled(entry) for entry in value]
    return {key: spelled(entry) for key, entry in value.items()} if isinstance(value, dict) else value


@pytest.fixture(scope="session")
def register() -> Register:
    return Register(RegisterFile.model_validate(REGISTER))


@pytest.fixture
def reader(register: Register) -> Reader:
    return Reader(lambda: register)


@pytest.fixture
def hear(reader: Reader) -> Callable[..., Parsed]:
    """Take in messages that came at noon of 2 May; each keeps its own time where its line has one."""

    def of(*lines: Any, station: str | None = "l-1", site: str | None = None) -> Parsed:
        body = "\n".join(line if isinstance(line, str) else json.dumps(spelled(line)) for line in lines)
        return reader.read(body.encode(), datetime(2026, 5, 2, 12, tzinfo=UTC), Default(station, site))

    return of
