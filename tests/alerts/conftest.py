"""The words in which alerts are tested: a timeline of answers, and what it makes of an alert."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alerts.lifecycle import advance
from monitor.alerts.model import Alert, AlertEvent, Policy
from monitor.rules.answer import Answer, Level

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SLOT = timedelta(seconds=30)
LEVELS: dict[str, Level] = {"T": "warning", "i": "info", "w": "warning", "c": "critical"}


def answer(symbol: str, at: datetime, *, rule: str = "slow", subject: str = "malmo/m-1/1") -> Answer:
    """T, i, w, c: true (at a level); F: false; h: not recovered; u: recovery unknown; ?: unknown; x: deselected."""
    if symbol in LEVELS:
        return Answer(rule, subject, at, True, LEVELS[symbol], False, values={"power_w": 3000.0})
    truth = None if symbol == "?" else False
    recovered = {"F": True, "h": False, "u": None}.get(symbol)
    return Answer(rule, subject, at, truth, None, recovered, selected=symbol != "x")


@dataclass
class Life:
    """One subject's alerts over a timeline of slots, and the events as `kind@slot`."""

    policy: Policy
    alert: Alert | None = None
    last: Alert | None = None
    slot: int = -1
    states: str = ""
    events: list[AlertEvent] = field(default_factory=list)

    def live(self, timeline: str, policy: Policy | None = None) -> "Life":
        """One slot a symbol, as `answer`; `.`: nothing is evaluated; blanks are for the reader."""
        self.policy = policy or self.policy
        for symbol in timeline.replace(" ", ""):
            self.slot += 1
            if symbol != ".":
                self._evaluate(symbol, NOON + self.slot * SLOT)
            self.states += {None: "-", "pending": "p", "firing": "F"}[self.alert.state if self.alert else None]
        return self

    def _evaluate(self, symbol: str, now: datetime) -> None:
        before = [self.alert] if self.alert else []
        alerts, events = advance(self.policy, before, [answer(symbol, now)], now, SLOT)
        self.events += events
        self.last = alerts[0] if alerts else None
        self.alert = self.last if self.last and self.last.active else None

    @property
    def story(self) -> str:
        """`firing@4 level:critical@6 resolved@9`"""
        told = []
        for event in self.events:
            detail = event.level if event.kind == "level" else event.reason
            told.append(f"{event.kind}{detail and ':' + detail}@{(event.at - NOON) // SLOT}")
        return " ".join(told)


def _policy(**changes: Any) -> Policy:
    policy = Policy(
        rule="slow", severity="warning", hold_for=timedelta(0), keep_firing_for=timedelta(0),
        no_data_after=timedelta(minutes=10), no_data_then="keep", labels={"team": "field"}, condition="one",
    )  # fmt: skip
    slots: dict[str, Any] = {name: value * SLOT if isinstance(value, int) else value for name, value in changes.items()}
    return replace(policy, **slots)


@pytest.fixture(scope="session")
def policy() -> Callable[..., Policy]:
    """A policy; durations may be given as a number of slots."""
    return _policy


@pytest.fixture(scope="session")
def live() -> Callable[..., Life]:
    """Lets a policy's alert live through a timeline."""
    return lambda timeline, **changes: Life(_policy(**changes)).live(timeline)


@pytest.fixture(scope="session")
def said() -> Callable[..., Answer]:
    """An answer by its symbol."""
    return answer


def _alert(number: int = 1, **changes: Any) -> Alert:
    firing = Alert(
        id=number, rule="slow", subject=f"malmo/m-1/{number}", state="firing", level="warning",
        labels={"team": "field"}, pending_at=NOON, firing_at=NOON, true_since=NOON, evaluated_at=NOON, condition="one",
    )  # fmt: skip
    return replace(firing, **changes)


@pytest.fixture(scope="session")
def alert() -> Callable[..., Alert]:
    """A firing alert of connector `number` of a station in Malmö."""
    return _alert


@pytest.fixture(scope="session")
def resolved() -> Callable[[Iterable[Alert], datetime], list[Alert]]:
    """The same alerts, resolved then."""
    return lambda alerts, at: [replace(one, state="resolved", resolved_at=at) for one in alerts]
