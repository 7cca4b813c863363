"""The life of one rule's alerts: pending, firing, another level, resolved; and what not knowing does to it. Pure.

Every function from `_judge` on takes one alert and returns its next value with the events on the way.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

from monitor.alerts.model import Alert, AlertEvent, EventKind, Policy
from monitor.rules.answer import LEVELS, Answer, Level

Reason = Literal["", "no data", "rule changed", "rule deleted", "connector retired", "no longer selected"]
"""Why an alert changed; empty for the usual reason, its condition."""

RANK: Final[Mapping[Level, int]] = {level: rank for rank, level in enumerate(LEVELS)}
"""0 for the mildest level; larger is worse."""

_NOTHING: Final = timedelta(0)
Step = tuple[Alert, tuple[AlertEvent, ...]]


def advance(
    policy: Policy,
    alerts: Iterable[Alert],
    answers: Iterable[Answer],
    now: datetime,
    interval: timedelta,
    *,
    retired: Container[str] = frozenset(),
) -> tuple[tuple[Alert, ...], tuple[AlertEvent, ...]]:
    """The rule's alerts after this evaluation and the events that led there, as the table of design.md, section 5.

    `alerts` are the active ones; an active one without an answer counts as unknown. What comes back are the same ones
    in the same order (those that ended here as resolved), then the new ones. `interval` is the time between two slots:
    a gap of more than two since the last evaluation counts towards no clock. `retired` are subjects out of service: it
    only decides what an alert that is no longer selected says as its reason.
    """
    said = {answer.subject: answer for answer in answers}
    steps = []
    for alert in alerts:
        answer = said.pop(alert.subject, None)
        if answer is None or answer.selected:
            steps.append(_evaluate(policy, alert, answer, now, interval))
        else:
            steps.append(end(alert, now, "connector retired" if alert.subject in retired else "no longer selected"))
    steps += [_begin(policy, answer, now) for answer in said.values() if _begins(policy, answer)]
    return tuple(alert for alert, _ in steps), tuple(event for _, events in steps for event in events)


def end(alert: Alert, now: datetime, reason: Reason) -> Step:
    """The alert resolved (a pending one: inactive) now."""
    kind: EventKind = "resolved" if alert.state == "firing" else "inactive"
    ended = replace(
        alert, state="resolved", resolved_at=now, resolved_reason=reason, evaluated_at=now,
        true_since=None, false_since=None, next_level=None, next_level_since=None,
    )  # fmt: skip
    return ended, (_event(ended, kind, now, reason),)


def _begins(policy: Policy, answer: Answer) -> bool:
    unknown_counts = answer.truth is None and policy.no_data_then == "fire"
    return answer.selected and (answer.truth is True or unknown_counts)


def _begin(policy: Policy, answer: Answer, now: datetime) -> Step:
    new = Alert(
        id=0, rule=policy.rule, subject=answer.subject, state="pending", level=answer.level or policy.severity,
        labels=policy.labels, pending_at=now, condition=policy.condition, values=answer.values,
    )  # fmt: skip
    alert, events = _judge(policy, new, answer, now, nothing_yet=True)
    alert = replace(alert, evaluated_at=now)
    return alert, events or (_event(alert, "pending", now),)


def _evaluate(policy: Policy, alert: Alert, answer: Answer | None, now: datetime, interval: timedelta) -> Step:
    known = answer is not None and answer.truth is not None
    nothing_yet = alert.no_data_since is None or not _silent(policy, alert.no_data_since, alert.evaluated_at)
    shifted = _shift(alert, now, interval, known=known)
    if shifted.labels != policy.labels:
        shifted = replace(shifted, labels=policy.labels)
    after, events = _judge(policy, shifted, answer, now, nothing_yet=nothing_yet)
    return replace(after, evaluated_at=now), events


def _shift(alert: Alert, now: datetime, interval: timedelta, *, known: bool) -> Alert:
    """The alert with its clocks moved forward by the time since its last evaluation that says nothing.

    A gap is taken as slots that were unknown, so after it a known answer speaks for one interval only. The clock of
    `no_data` counts unknown answers; it stands still while nobody asks.
    """
    elapsed = max(now - (alert.evaluated_at or now), _NOTHING)
    gap = elapsed - interval if elapsed > 2 * interval else _NOTHING
    unknown = gap if known else elapsed
    if not unknown:
        return alert
    return replace(
        alert,
        true_since=_later(alert.true_since, unknown) if alert.state == "pending" else alert.true_since,
        false_since=_later(alert.false_since, unknown),
        next_level_since=_later(alert.next_level_since, unknown),
        no_data_since=_later(alert.no_data_since, gap),
    )


def _judge(policy: Policy, alert: Alert, answer: Answer | None, now: datetime, *, nothing_yet: bool) -> Step:
    """`nothing_yet`: that there is no data has not been said (or is not the case)."""
    if answer is None or answer.truth is None:
        return _unknown(policy, alert, now, nothing_yet=nothing_yet)
    back = () if nothing_yet else (_event(alert, "data", now),)
    known = alert if alert.no_data_since is None else replace(alert, no_data_since=None)
    changed = known.condition != policy.condition
    if changed and not answer.truth:
        after, events = end(known, now, "rule changed")
    elif answer.truth:
        after, events = _true(policy, _under(policy, known) if changed else known, answer, now)
    else:
        after, events = _false(policy, known, answer, now)
    return after, back + events


def _under(policy: Policy, alert: Alert) -> Alert:
    """The alert under a condition that was edited: what a clock has counted was true of the old one."""
    return replace(
        alert, condition=policy.condition, true_since=None, false_since=None, next_level=None, next_level_since=None
    )


def _unknown(policy: Policy, alert: Alert, now: datetime, *, nothing_yet: bool) -> Step:
    if alert.no_data_since is None:
        alert = replace(alert, no_data_since=now)
    if not _silent(policy, alert.no_data_since, now):
        return alert, ()
    if policy.no_data_then == "resolve":
        return end(alert, now, "no data")
    if policy.no_data_then == "fire" and alert.state == "pending":
        return _fire(alert, alert.level, now, "no data")
    return alert, (_event(alert, "no_data", now, "no data"),) if nothing_yet else ()


def _true(policy: Policy, alert: Alert, answer: Answer, now: datetime) -> Step:
    since = alert.true_since or now
    if alert.true_since is None or alert.false_since is not None:
        alert = replace(alert, true_since=since, false_since=None)
    level = answer.level or policy.severity
    if alert.state == "firing":
        return _level(policy, alert, level, answer, now)
    if now - since >= policy.hold_for:
        return _fire(replace(alert, values=answer.values), level, now, "")
    return alert if alert.level == level else replace(alert, level=level), ()


def _fire(alert: Alert, level: Level, now: datetime, reason: Reason) -> Step:
    fired = replace(alert, state="firing", level=level, firing_at=now)
    return fired, (_event(fired, "firing", now, reason),)


def _level(policy: Policy, alert: Alert, level: Level, answer: Answer, now: datetime) -> Step:
    """A worse level after `for`, a better one after `keep_firing_for`.

    Of levels that vary on the way, the one nearest to the present level counts: it alone held all the time.
    """
    if level == alert.level:
        settled = alert if alert.next_level is None else replace(alert, next_level=None, next_level_since=None)
        return settled, ()
    worse = RANK[level] > RANK[alert.level]
    following, since = level, now
    if alert.next_level and alert.next_level_since and (RANK[alert.next_level] > RANK[alert.level]) is worse:
        nearest = min if worse else max
        following, since = nearest(level, alert.next_level, key=RANK.__getitem__), alert.next_level_since
    if now - since < (policy.hold_for if worse else policy.keep_firing_for):
        return replace(alert, next_level=following, next_level_since=since), ()
    changed = replace(alert, level=following, next_level=None, next_level_since=None, values=answer.values)
    if level != following:
        changed = replace(changed, next_level=level, next_level_since=now)
    return changed, (_event(changed, "level", now),)


def _false(policy: Policy, alert: Alert, answer: Answer, now: datetime) -> Step:
    if alert.state == "pending":
        return end(alert, now, "")
    # Between `when` and `recover_when` it neither goes on nor ends: no clock runs.
    since = None if answer.recovered is False else alert.false_since or now
    if since is not None and now - since >= policy.keep_firing_for:
        return end(alert, now, "")
    return replace(alert, true_since=None, false_since=since, next_level=None, next_level_since=None), ()


def _silent(policy: Policy, since: datetime | None, at: datetime | None) -> bool:
    """Whether by `at` there had been no data for as long as the rule waits."""
    return since is not None and at is not None and at - since >= policy.no_data_after


def _later(moment: datetime | None, span: timedelta) -> datetime | None:
    return None if moment is None else moment + span


def _event(alert: Alert, kind: EventKind, now: datetime, reason: Reason = "") -> AlertEvent:
    return AlertEvent(alert.rule, alert.subject, kind, now, alert.level, reason)
