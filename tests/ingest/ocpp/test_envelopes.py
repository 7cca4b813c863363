"""The shapes in which files hold messages."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from monitor.ingest.line_protocol import Parsed

BEAT = [2, "1", "Heartbeat", {}]
SHAPES = {
    "object": {"time": "12:00:00", "site": "lund", "station": "l-1", "message": BEAT},
    "object without site": {"time": "12:00:00", "station": "l-1", "message": BEAT},
    "array": ["12:00:00", "l-1", BEAT],
    "array with site": ["12:00:00", "lund", "l-1", BEAT],
    "message as text": {"timestamp": "12:00:00", "chargePointId": "l-1", "msg": json.dumps(BEAT)},
    "taken apart": {"ts": 1777636800, "cp": "l-1", "action": "Heartbeat", "uniqueId": "1", "payload": {}},
    "taken apart inside": {
        "ts": 1777636800000,
        "identity": "l-1",
        "message": {"messageTypeId": 2, "messageId": "1", "action": "Heartbeat", "payload": {}},
    },
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_shapes(hear: Callable[..., Parsed], rows: Any, shape: Any) -> None:
    parsed = hear(shape, station=None)
    assert not parsed.rejected
    (row,) = rows(parsed, "link")
    assert (row["site"], row["station"], row["event"]) == ("lund", "l-1", "heartbeat")
    assert row["time_us"] == row["received_us"] == 1777636800_000000


def test_one_array_over_several_lines(hear: Callable[..., Parsed], rows: Any) -> None:
    text = json.dumps(
        [{"time": f"2026-05-01T12:00:0{n}Z", "station": "l-1", "message": BEAT} for n in range(3)], indent=1
    )
    assert len(rows(hear(text, station=None), "link")) == 3


def test_a_bare_message_is_of_the_station_that_is_named(hear: Callable[..., Parsed], rows: Any) -> None:
    (row,) = rows(hear(BEAT), "link")
    assert (row["site"], row["station"]) == ("lund", "l-1")


WRONG = {
    "not JSON": ('{"time": ', "is not JSON"),
    "neither": ("17", "is neither"),
    "no message": ({"time": "12:00:00", "station": "l-1"}, "holds no message"),
    "no station": ({"time": "12:00:00", "message": BEAT}, "names no station"),
    "unknown station": ({"station": "x-9", "message": BEAT}, "is not in the register"),
    "no time": ({"time": "noon", "station": "l-1", "message": BEAT}, "is neither RFC 3339"),
    "huge": (["1e999", "l-1", BEAT], "is neither RFC 3339"),
    "nothing": ([], "is neither"),
}


@pytest.mark.parametrize(("line", "reason"), WRONG.values(), ids=WRONG.keys())
def test_lines_that_are_wrong_are_named_and_cost_the_others_nothing(
    hear: Callable[..., Parsed], rows: Any, line: Any, reason: str
) -> None:
    parsed = hear(["12:00:00", "l-1", BEAT], line, ["12:00:01", "l-1", BEAT], station=None)
    (rejected,) = parsed.rejected
    assert rejected.line == 2
    assert reason in rejected.message
    assert len(rows(parsed, "link")) == 2


def test_half_a_surrogate_pair_is_no_text_that_can_be_stored(hear: Callable[..., Parsed], rows: Any) -> None:
    line = r'["2026-05-01T12:00:00Z","lund","l\ud800",[2,"1","Heartbeat",{}]]'
    assert [row["station"] for row in rows(hear(line), "link")] == ["l?"]


HOSTILE = (
    {"connectorId": 1, "meterValue": [{"sampledValue": [{"value": 1e300}, {"value": "9" * 400}, {"value": True}]}]},
    {"connectorId": 1, "meterValue": [{"timestamp": [], "sampledValue": [{"value": "1"}]}]},
    {"connectorId": 1, "meterValue": "none"},
    {"connectorId": 1, "meterValue": [{"sampledValue": [{"value": "1", "unitOfMeasure": 7}]}]},
    {"connectorId": {"a": 1}},
)


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
def test_payloads_of_any_shape_are_named(hear: Callable[..., Parsed], payload: Any) -> None:
    parsed = hear([2, "1", "MeterValues", payload])
    assert parsed.rejected
    assert parsed.batch.rows == 0
