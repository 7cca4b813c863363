"""One evaluation taken through the life of every alert: all rules at once. Pure but for the renderer it is given."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from monitor.alerts.lifecycle import advance, end
from monitor.alerts.model import Alert, AlertEvent, Policy
from monitor.ids import Place
from monitor.register import Register
from monitor.rules.answer import Answer, Evaluation, Texts

T = TypeVar("T", Alert, Answer)
Render = Callable[[Alert], Mapping[str, Texts]]
"""What the alert's rule says about it, per language."""


@dataclass(frozen=True)
class Outcome:
    """All alerts after an evaluation, those that ended in it too; which of them have to be written; and why."""

    alerts: tuple[Alert, ...]
    changed: tuple[Alert, ...]
    events: tuple[AlertEvent, ...]
    evaluated: tuple[str, ...]
    """Rules that were evaluated without an error."""


def step(
    policies: Iterable[Policy],
    evaluation: Evaluation,
    active: Iterable[Alert],
    *,
    interval: timedelta,
    register: Register,
    render: Render,
    all_rules: bool = True,
) -> Outcome:
    """Every rule's alerts after the evaluation. Alerts of a failing rule stay as they are, those of no rule end.

    `all_rules` False: a rule was left out for a mistake in it, so that alerts of no rule stay as they are too.

    Texts are rendered when an alert becomes pending, fires or changes level; a resolved one keeps what it said last.
    `changed` leaves out alerts of which nothing but the time of their evaluation is new.
    """
    now = evaluation.at
    alerts_of, answers_of = _by_rule(active), _by_rule(evaluation.answers)
    befores: list[Alert | None] = []
    afters: list[Alert] = []
    events: list[AlertEvent] = []
    evaluated: list[str] = []
    for policy in policies:
        before = alerts_of.pop(policy.rule, [])
        after: Sequence[Alert] = before
        happened: Sequence[AlertEvent] = ()
        if policy.rule not in evaluation.failures:
            answers = answers_of.get(policy.rule, [])
            after, happened = advance(policy, before, answers, now, interval, retired=_retired(register, answers))
            evaluated.append(policy.rule)
        befores += [*before, *[None] * (len(after) - len(before))]
        afters += after
        events += happened
    for alert in (alert for orphans in alerts_of.values() for alert in orphans):
        ended, happened = end(alert, now, "rule deleted") if all_rules else (alert, ())
        befores.append(alert)
        afters.append(ended)
        events += happened
    afters = _with_texts(afters, events, render)
    changed = (after for before, after in zip(befores, afters, strict=True) if _differs(before, after))
    return Outcome(tuple(afters), tuple(changed), tuple(events), tuple(evaluated))


def _by_rule(items: Iterable[T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for item in items:
        found[item.rule].append(item)
    return found


def _retired(register: Register, answers: Iterable[Answer]) -> frozenset[str]:
    """Subjects that are no longer selected because the register says that their connector is out of service."""
    found = set()
    for answer in answers:
        if not answer.selected:
            place = Place.parse(answer.subject)
            station = register.station(place)
            connector = station.connectors.get(place.connector or "") if station else None
            if connector and connector.retired:
                found.add(answer.subject)
    return frozenset(found)


def _with_texts(alerts: Iterable[Alert], events: Iterable[AlertEvent], render: Render) -> list[Alert]:
    new = {(event.rule, event.subject) for event in events if event.kind in {"pending", "firing", "level"}}
    return [
        replace(alert, texts=render(alert)) if (alert.rule, alert.subject) in new and alert.active else alert
        for alert in alerts
    ]


def _differs(before: Alert | None, after: Alert) -> bool:
    return before is None or replace(before, evaluated_at=after.evaluated_at) != after
