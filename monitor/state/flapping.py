"""Which alerts flap, from one tick to the next."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from monitor.alerts.flapping import Flapping, Key, span_of, turned
from monitor.alerts.model import Alert, EventKind, Policy
from monitor.state.database import chunks
from monitor.state.tables import alerts, events, flapping


def update(tx: Connection, fired: Iterable[Alert], policies: Mapping[str, Policy], now: datetime) -> Sequence[Flapping]:
    """What flaps now. `fired`: the alerts that began to fire at this tick; `policies` by rule.

    That it begins to flap, and that it is calm again, are events of the alert.
    """
    before = [Flapping(row.rule, row.subject, row.alert, row.level) for row in tx.execute(select(flapping))]
    begun = list(fired)
    if not before and not begun:
        return []
    firings = _firings(
        tx, {*(one.rule for one in before), *(one.rule for one in begun)} & policies.keys(), policies, now
    )
    what = turned(before, begun, lambda key: firings.get(key, 0))
    for one in what.calm:
        tx.execute(delete(flapping).where(flapping.c.rule == one.rule, flapping.c.subject == one.subject))
    if what.new:
        rows = [{"rule": one.rule, "subject": one.subject, "alert": one.alert, "level": one.level} for one in what.new]
        tx.execute(insert(flapping), rows)
    _tell(tx, what.calm, "calm", now)
    _tell(tx, what.new, "flapping", now)
    return what.now


def _firings(tx: Connection, rules: Iterable[str], policies: Mapping[str, Policy], now: datetime) -> Mapping[Key, int]:
    """How often each subject fired within the span of its rule, those that did so at all."""
    by_span: dict[timedelta, list[str]] = defaultdict(list)
    for rule in rules:
        by_span[span_of(policies[rule])].append(rule)
    found: dict[Key, int] = {}
    for span, some in by_span.items():
        for part in chunks(sorted(some)):
            lately = (alerts.c.rule.in_(part), alerts.c.firing_us > now - span)
            counted = select(alerts.c.rule, alerts.c.subject, func.count()).where(*lately)
            for rule, subject, count in tx.execute(counted.group_by(alerts.c.rule, alerts.c.subject)):
                found[rule, subject] = count
    return found


def _tell(tx: Connection, some: Iterable[Flapping], kind: EventKind, now: datetime) -> None:
    rows = [{"alert": one.alert, "kind": kind, "at_us": now, "level": one.level, "reason": ""} for one in some]
    if rows:
        tx.execute(insert(events), rows)
