"""All rules at once: what is written, what is rendered, and rules that fail, change or go away."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from monitor import documents
from monitor.alerts.model import Alert, Policy
from monitor.alerts.step import Outcome, step
from monitor.register import Register, RegisterFile
from monitor.rules.answer import Answer, Evaluation, Texts

SLOT = timedelta(seconds=30)


@pytest.fixture
def stepped(
    policy: Callable[..., Policy], alert: Callable[..., Alert], said: Callable[..., Answer]
) -> Callable[..., Outcome]:
    """One evaluation half a minute after `alert` fired; answers as `{subject: symbol}` of rule `slow`."""

    def run(
        active: list[Alert], answers: Mapping[str, str], *, policies: list[Policy] | None = None,
        failures: Mapping[str, str] | None = None, register: Register = Register(),  # noqa: B008 - frozen
    ) -> Outcome:  # fmt: skip
        now = alert().pending_at + SLOT
        evaluation = Evaluation(
            now,
            tuple(said(symbol, now, subject=subject) for subject, symbol in answers.items()),
            failures or {},
            pa.table({}),
        )
        return step(
            [policy()] if policies is None else policies, evaluation, active, interval=SLOT, register=register,
            render=lambda one: {"en": Texts(one.rule, f"{one.level} since {one.firing_at}")},
        )  # fmt: skip

    return run


def kinds(outcome: Outcome) -> list[tuple[str, str, str]]:
    return [(event.subject, event.kind, event.reason) for event in outcome.events]


def test_only_what_changed_is_written(stepped: Callable[..., Outcome], alert: Callable[..., Alert]) -> None:
    outcome = stepped([alert(1), alert(2), alert(3)], {"malmo/m-1/1": "T", "malmo/m-1/2": "F", "malmo/m-1/3": "c"})
    assert [one.id for one in outcome.alerts] == [1, 2, 3]
    assert [one.id for one in outcome.changed] == [2, 3]
    assert {one.evaluated_at for one in outcome.alerts} == {alert().pending_at + SLOT}


def test_texts_are_rendered_when_it_fires_and_stay_when_it_resolves(
    stepped: Callable[..., Outcome], alert: Callable[..., Alert]
) -> None:
    said_then = {"en": Texts("slow", "what it said when it fired")}
    outcome = stepped([alert(1, texts=said_then)], {"malmo/m-1/1": "F", "malmo/m-1/9": "c"})
    resolved, fired = outcome.alerts
    assert (resolved.state, resolved.texts) == ("resolved", said_then)
    assert fired.texts["en"].summary == f"critical since {fired.firing_at}"


def test_a_failing_rule_keeps_its_alerts_and_the_others_go_on(
    stepped: Callable[..., Outcome], alert: Callable[..., Alert], policy: Callable[..., Policy]
) -> None:
    other = replace(alert(2), rule="offline")
    rules = [policy(), replace(policy(), rule="offline")]
    outcome = stepped([alert(1), other], {"malmo/m-1/1": "F"}, policies=rules, failures={"offline": "no such column"})
    assert [(one.rule, one.state) for one in outcome.alerts] == [("slow", "resolved"), ("offline", "firing")]
    assert outcome.alerts[1].evaluated_at == other.evaluated_at
    assert outcome.evaluated == ("slow",)


def test_alerts_of_a_deleted_rule_end(stepped: Callable[..., Outcome], alert: Callable[..., Alert]) -> None:
    pending = alert(2, state="pending", firing_at=None)
    outcome = stepped([alert(1), pending], {}, policies=[])
    assert [one.state for one in outcome.changed] == ["resolved", "resolved"]
    assert kinds(outcome) == [("malmo/m-1/1", "resolved", "rule deleted"), ("malmo/m-1/2", "inactive", "rule deleted")]


def test_a_retired_connector_is_the_reason(stepped: Callable[..., Outcome], alert: Callable[..., Alert]) -> None:
    text = "sites: {malmo: {stations: {m-1: {connectors: {1: {retired: true}, 2: {}}}}}}"
    register = Register(documents.validate(documents.parse(text, "sites.yaml"), RegisterFile))
    outcome = stepped([alert(1), alert(2)], {"malmo/m-1/1": "x", "malmo/m-1/2": "x"}, register=register)
    assert kinds(outcome) == [
        ("malmo/m-1/1", "resolved", "connector retired"),
        ("malmo/m-1/2", "resolved", "no longer selected"),
    ]


def test_a_new_label_is_written(
    stepped: Callable[..., Outcome], alert: Callable[..., Alert], policy: Callable[..., Any]
) -> None:
    outcome = stepped([alert(1)], {"malmo/m-1/1": "T"}, policies=[policy(labels={"team": "noc"})])
    assert [one.labels for one in outcome.changed] == [{"team": "noc"}]
    assert outcome.events == ()
