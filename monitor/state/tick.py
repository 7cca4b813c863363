"""The transaction of a tick: what an evaluation does to the alerts, and the messages that this makes due."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from monitor.alerts import holding
from monitor.alerts.model import Alert, AlertEvent, PriceOf
from monitor.alerts.plan import Plan, plan
from monitor.alerts.policy import policy_of
from monitor.alerts.routes import Routes
from monitor.alerts.step import step
from monitor.register import Register
from monitor.rules import message
from monitor.rules.answer import Evaluation, Level, Texts, Value
from monitor.rules.model import Rule
from monitor.state import flapping, groups
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.outbox import Outbox
from monitor.state.responses import ResponseStore
from monitor.units import Money

Render = Callable[[Rule, str, Level, Mapping[str, Value | Money], datetime], Mapping[str, Texts]]
Planner = Callable[..., Plan]
"""`plan` with what does not change within a tick; called with alerts, groups, and what people said to them."""


@dataclass(frozen=True)
class Recorded:
    """What a tick changed: the events, how many alerts were written, how many messages have become due."""

    events: tuple[AlertEvent, ...]
    written: int
    messages: int


def record_tick(
    database: Database,
    evaluation: Evaluation,
    *,
    rules: Sequence[Rule],
    routes: Routes,
    register: Register,
    interval: timedelta,
    planning: bool = True,
    all_rules: bool = True,
    price_of: PriceOf = lambda _: None,
    render: Render = message.render,
) -> Recorded:
    """Take the alerts one evaluation further and put the messages that are due into the outbox, all or nothing.

    With `planning` False nobody is told of anything yet but the service's own alerts: for as long as not every rule has
    been tried since the start, because a rule that has not may inhibit others. While `routes` has no receivers (after a
    start with a broken notify.yaml, too) what groups know stays for when it has. `all_rules` as in `step`. The same
    evaluation recorded twice changes nothing, nor does one that another service on this database has overtaken.
    """
    policies = [policy_of(rule) for rule in rules]
    by_id = {rule.id: rule for rule in rules}

    def texts(alert: Alert) -> Mapping[str, Texts]:
        since = alert.firing_at or alert.pending_at
        price = price_of(alert.place) if alert.place.connector else None
        return render(by_id[alert.rule], alert.subject, alert.level, {**alert.values, "session_price": price}, since)

    planner = partial(
        plan,
        routes=routes,
        inhibited_by={rule.id: rule.inhibited_by for rule in rules if rule.inhibited_by},
        register=register,
        now=evaluation.at,
        price_of=price_of,
    )
    store = AlertStore(database)
    with database.begin(alone=True) as tx:
        # Further ahead it is no other service but a clock that was put back: alerts must not wait for it.
        if evaluation.at < store.last_evaluated(tx, evaluation.at + 2 * interval):
            return Recorded((), 0, 0)
        active = store.active(tx)
        outcome = step(
            policies, evaluation, active, interval=interval, register=register, render=texts, all_rules=all_rules
        )
        saved = store.save(tx, outcome)
        store.evaluated(tx, outcome.evaluated, evaluation.at)
        fired = {(event.rule, event.subject) for event in outcome.events if event.kind == "firing"}
        new = [alert for alert in saved if (alert.rule, alert.subject) in fired]
        unsteady = flapping.update(tx, new, {policy.rule: policy for policy in policies}, evaluation.at)
        told_by = partial(planner, flapping=unsteady)
        due = _tell(tx, database, saved, told_by, evaluation.at, planning=planning) if routes.receivers else 0
    return Recorded(outcome.events, len(outcome.changed), due)


def _tell(
    tx: Connection, database: Database, alerts: Sequence[Alert], planner: Planner, now: datetime, *, planning: bool
) -> int:
    responses = ResponseStore(database)
    before = groups.load(tx)
    here = {alert.id for alert in alerts}
    known = {number for group in before for number in (*group.waiting, *group.told)}
    asked = [*AlertStore(database).numbered(tx, known - here), *alerts]
    if not planning:
        asked = [*holding.own(asked)]
    mine = {alert.id for alert in asked}
    planned = planner(
        asked,
        before if planning else holding.apart(before, mine),
        acknowledged=responses.in_force(tx, known, now).keys(),
        silences=responses.muting(tx, now),
    )
    groups.save(tx, before, planned.groups if planning else holding.joined(before, planned.groups, mine))
    told = {each.message.key: each.alerts for each in planned.messages}
    Outbox(database).add(tx, [each.message for each in planned.messages], told)
    return len(planned.messages)
