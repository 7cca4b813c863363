"""tests/cases/ocpp: messages, the rows they become, what is said of the rest, and the sessions that come of them.

A line is [time, message] of the case's station. `12:00:00` is that time on 1 May 2026, UTC. Rows are compared as they
stand in the store, without site and station; only what a case names is checked, but rows of a named measurement are.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitor.readings.embedded import EmbeddedStore
from monitor.readings.schema import MEASUREMENTS
from monitor.register import Register
from monitor.sessions.assembler import Assembler
from monitor.sessions.billing import review_reasons
from monitor.units import to_us
from tests.ingest.ocpp.conftest import spelled

CASES = sorted((Path(__file__).parents[2] / "cases" / "ocpp").glob("*.yaml"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with closing(EmbeddedStore(tmp_path / "readings.duckdb", timedelta(minutes=30))) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case(case: Path, hear: Any, store: EmbeddedStore, register: Register) -> None:
    written = YAML(typ="safe").load(case)
    station, site = written.get("station", "l-1"), written.get("site", "lund")
    parsed = hear(*([time, site, station, message] for time, message in written["lines"]))
    store.append(parsed.batch)
    store.append(parsed.batch)  # sent twice is once
    now = datetime(2026, 5, 1, 18, tzinfo=UTC)
    store.bring_up_to(now)
    for name, rows in written.get("rows", {}).items():
        assert stored(store, name) == [expected(row) for row in rows]
    assert dict(parsed.unknown) == written.get("unknown", {})
    said = [rejected.message for rejected in parsed.rejected]
    assert len(said) == len(written.get("rejected", [])), said
    assert all(part in message for part, message in zip(written.get("rejected", []), said, strict=True)), said
    if "sessions" in written:
        found = sorted(assembled(store, register, now), key=lambda session: session.plug_in)
        assert [told(session, each) for session, each in zip(found, written["sessions"], strict=True)] == written[
            "sessions"
        ]


def assembled(store: EmbeddedStore, register: Register, now: datetime) -> list[Any]:
    return list(Assembler(store, timedelta(minutes=10), "plug_out", register).update(now))


def told(session: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """What a case asks of a session."""
    of: dict[str, Any] = {
        "transaction": session.transaction,
        "connector": session.place.connector,
        "energy_wh": session.energy_wh,
        "flags": sorted(session.flags - {"gap"}),  # cases are short: their values are further apart than is usual
        "review": list(review_reasons(session)),
        "idle_h": session.idle_time / timedelta(hours=1),
        "details": {name: session.details.get(name) for name in asked.get("details", {})},
    }
    return {name: of[name] for name in asked}


def stored(store: EmbeddedStore, measurement: str) -> list[dict[str, Any]]:
    hidden = {"site", "station", "seq", "received_us"}
    rows = [row for batch in store.scan(measurement) for row in batch.to_pylist()]
    return [
        {name: rounded(value) for name, value in row.items() if value is not None and name not in hidden}
        for row in rows
    ]


def expected(row: dict[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in row.items() if name not in {"time", "claimed", "received"}}
    times = {
        f"{name}_us": to_us(datetime.fromisoformat(spelled(row[name]))) for name in ("time", "claimed") if name in row
    }
    assert not own.keys() - {"connector", "event", *(f.name for m in MEASUREMENTS.values() for f in m.fields)}
    return {**{name: rounded(value) for name, value in own.items()}, **times}


def rounded(value: Any) -> Any:
    return round(value, 2) if isinstance(value, float) else value
