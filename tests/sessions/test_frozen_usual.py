"""What is usual at a connector stays what it was while an alert that rests on it fires (design.md, section 4)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from monitor import documents
from monitor.alerts.routes import Routes
from monitor.register import Register
from monitor.rules.answer import Answer, Evaluation
from monitor.rules.files import load, parse_rules
from monitor.rules.model import resting_on_usual_power
from monitor.state.database import Database
from monitor.state.sessions import SessionStore
from monitor.state.tick import record_tick

RULES = """
rules:
  - {id: slow-here, title: Slow, on: connector, when: slow_share_10 >= 30 %, message: {summary: slow}}
  - {id: too-hot, title: Hot, on: connector, when: temperature_c > 80 C, message: {summary: hot}}
"""
SLOT = timedelta(seconds=30)
Fire = Callable[..., None]


@pytest.fixture
def fire(saved: SessionStore, state_database: Database, ended: Any) -> Fire:
    """A rule's alert on the connector fires (`truth`) or is over (not `truth`) from a moment on."""
    rules = parse_rules(documents.parse(RULES, "r.yaml"))

    def record(rule: str, at: datetime, *, truth: bool = True) -> None:
        for now in (at, at + SLOT):
            level: Any = "warning" if truth else None
            answer = Answer(rule, ended.place.subject, now, truth, level, not truth)
            evaluation = Evaluation(now, (answer,), {}, pa.table({}))
            record_tick(state_database, evaluation, rules=rules, routes=Routes(), register=Register(), interval=SLOT)

    return record


@pytest.fixture
def ended(paper: Any, charger: Any) -> Any:
    (session,) = paper.write(charger.visit()).read(200)
    return replace(session, average_power_w=20_000.0)


def run_of(session: Any, first: int, last: int, power_w: float) -> list[Any]:
    """Sessions two hours apart."""
    return [
        replace(
            session, id=f"{n:03}", average_power_w=power_w, user=f"u{n}",
            **{name: getattr(session, name) + n * timedelta(hours=2) for name in ("plug_in", "plug_out", "closed_at")},
        )
        for n in range(first, last)
    ]  # fmt: skip


def test_a_charger_that_stays_slow_does_not_become_the_usual_one(saved: SessionStore, ended: Any, fire: Fire) -> None:
    assert saved.histories() == {}
    slow = run_of(ended, 70, 140, 5_000.0)
    saved.save(run_of(ended, 0, 70, 20_000.0), frozen_by=["slow-here"])
    saved.save(slow[:3], frozen_by=["slow-here"])
    fire("slow-here", slow[2].closed_at)
    for session in slow[3:]:
        saved.save([session], frozen_by=["slow-here"])
    told = saved.histories()[ended.place]
    assert (told.usual_power_w, told.slow_share_10) == (20_000, 100)

    fire("slow-here", slow[-1].closed_at, truth=False)
    saved.save(slow[-1:], frozen_by=["slow-here"])
    told = saved.histories()[ended.place]
    assert (told.usual_power_w, told.slow_share_10) == (5_000, 0)


def test_imported_sessions_do_not_either(saved: SessionStore, ended: Any, fire: Fire) -> None:
    assert saved.histories() == {}
    slow = [replace(each, details={"seen_by": "import"}) for each in run_of(ended, 70, 140, 5_000.0)]
    saved.save(run_of(ended, 0, 70, 20_000.0), frozen_by=["slow-here"])
    fire("slow-here", slow[0].closed_at)
    saved.import_finished(slow)
    saved.end_import([ended.place], ["slow-here"])
    assert saved.histories()[ended.place].usual_power_w == 20_000


def test_an_alert_that_does_not_rest_on_it_freezes_nothing(saved: SessionStore, ended: Any, fire: Fire) -> None:
    saved.save(run_of(ended, 0, 70, 20_000.0))
    fire("too-hot", ended.closed_at + timedelta(days=7))
    saved.save(run_of(ended, 70, 140, 5_000.0), frozen_by=["slow-here"])
    assert saved.histories()[ended.place].usual_power_w == 5_000


def test_which_shipped_rules_rest_on_it() -> None:
    shipped = load(Path(__file__).parents[2] / "rules").rules
    assert resting_on_usual_power(shipped) == {"slow-charging", "slow-connector"}
