"""Stored alerts: what a tick reads and writes inside its transaction, and what the pages ask."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, insert, or_, select, update

from monitor.alerts.lifecycle import RANK
from monitor.alerts.model import Alert, AlertEvent, AlertState
from monitor.alerts.step import Outcome
from monitor.ids import Place
from monitor.rules.answer import Level
from monitor.state.alert_order import Sort, beyond, ordered
from monitor.state.alert_rows import select_alerts, to_alert, to_row
from monitor.state.database import Database, chunks
from monitor.state.outbox import Delivery, to_delivery
from monitor.state.tables import alerts, evaluations, events, message_alerts, outbox
from monitor.units import EPOCH


@dataclass(frozen=True)
class AlertCounts:
    """Active alerts: pending ones, and firing ones by level."""

    pending: int
    firing: Mapping[Level, int]


GroupedBy = Literal["site", "rule"]


@dataclass(frozen=True)
class AlertGroup:
    """The active alerts of one site or rule: how many of each level, and since when the oldest of them."""

    key: str
    counts: Mapping[Level, int]
    oldest: datetime

    @property
    def worst(self) -> Level:
        """The worst level of any of them."""
        return max(self.counts, key=lambda level: RANK[level])


class AlertStore:
    """The alerts of one state database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self,
        *,
        state: AlertState | None = None,
        since: datetime | None = None,
        site: str | None = None,
        place: Place | None = None,
        level: Level | None = None,
        rule: str | None = None,
        sort: Sort = "-id",
        after: int | None = None,
        limit: int = 100,
    ) -> Sequence[Alert]:
        """Alerts in the order `sort`: all that are active or have fired.

        `since`: resolved ones only if they resolved then or later. `place`: there or inside it. `after`: the number of
        the last alert of the page before. What was pending and never fired is not listed once it has ended.
        """
        chosen = _chosen(site=site, place=place, level=level, rule=rule)
        if after is not None:
            chosen.append(beyond(sort, after))
        if state:
            chosen.append(alerts.c.state == state)
        fired = alerts.c.firing_us.is_not(None)
        if since is None:
            chosen.append(or_(alerts.c.state != "resolved", fired))
        else:  # written so that both halves are found by the index of states
            ended = and_(alerts.c.state == "resolved", alerts.c.resolved_us >= since, fired)
            chosen.append(or_(alerts.c.state.in_(("pending", "firing")), ended))
        return self._fetch(select_alerts().where(*chosen).order_by(*ordered(sort)).limit(limit))

    def worst(self, *, site: str | None = None, place: Place | None = None, limit: int = 100) -> Sequence[Alert]:
        """Active alerts, the worst first."""
        active = [alerts.c.state != "resolved", *_chosen(site=site, place=place)]
        return self._fetch(select_alerts().where(*active).order_by(*ordered("worst")).limit(limit))

    def get(self, alert_id: int) -> Alert | None:
        """One alert, None when there is none of that number."""
        return next(iter(self._fetch(select_alerts().where(alerts.c.id == alert_id))), None)

    def events(self, alert_id: int) -> Sequence[AlertEvent]:
        """What happened to an alert, in order."""
        chosen = select(events, alerts.c.rule, alerts.c.subject).join(alerts).where(events.c.alert == alert_id)
        with self._database.read() as connection:
            return [
                AlertEvent(row.rule, row.subject, row.kind, row.at_us, row.level, row.reason)
                for row in connection.execute(chosen.order_by(events.c.id))
            ]

    def messages(self, alert_id: int) -> Sequence[Delivery]:
        """Who was told of an alert and when, in order."""
        chosen = select(outbox).join(message_alerts).where(message_alerts.c.alert == alert_id).order_by(outbox.c.id)
        with self._database.read() as connection:
            return [to_delivery(row) for row in connection.execute(chosen)]

    def counts(self) -> AlertCounts:
        """How many alerts are active."""
        by = select(alerts.c.state, alerts.c.level, func.count()).where(alerts.c.state != "resolved")
        with self._database.read() as connection:
            found = connection.execute(by.group_by(alerts.c.state, alerts.c.level)).all()
        firing: dict[Level, int] = dict.fromkeys(RANK, 0)
        firing |= {level: count for state, level, count in found if state == "firing"}
        return AlertCounts(sum(count for state, _, count in found if state == "pending"), firing)

    def firing_by_site(self) -> Mapping[str, Mapping[Level, int]]:
        """Firing alerts by site and level; sites and levels without any are left out."""
        by = select(alerts.c.site, alerts.c.level, func.count()).where(alerts.c.state == "firing")
        found: dict[str, dict[Level, int]] = {}
        with self._database.read() as connection:
            for site, level, count in connection.execute(by.group_by(alerts.c.site, alerts.c.level)):
                found.setdefault(site, {})[level] = count
        return found

    def groups(
        self, by: GroupedBy, *, state: AlertState | None = None, site: str | None = None, level: Level | None = None,
        rule: str | None = None,
    ) -> Sequence[AlertGroup]:  # fmt: skip
        """The active alerts by site or by rule, the group with the most of the worst first."""
        key, active = alerts.c[by], alerts.c.state == state if state else alerts.c.state.in_(("pending", "firing"))
        chosen = [active, *_chosen(site=site, place=None, level=level, rule=rule)]
        counted = select(key, alerts.c.level, func.count(), func.min(alerts.c.pending_us)).where(*chosen)
        found: dict[str, AlertGroup] = {}
        with self._database.read() as connection:
            for name, of_level, count, oldest in connection.execute(counted.group_by(key, alerts.c.level)):
                before = found.get(name, AlertGroup(name, {}, oldest))
                counts = {**before.counts, of_level: count}
                found[name] = AlertGroup(name, counts, min(before.oldest, oldest))
        levels = sorted(RANK, key=lambda each: -RANK[each])
        return sorted(found.values(), key=lambda group: ([-group.counts.get(each, 0) for each in levels], group.key))

    def active_keys(self) -> frozenset[tuple[str, str]]:
        """Rule and subject of every active alert: what the next evaluation has to answer in any case."""
        chosen = select(alerts.c.rule, alerts.c.subject).where(alerts.c.state != "resolved")
        with self._database.read() as connection:
            return frozenset((rule, subject) for rule, subject in connection.execute(chosen))

    def active(self, tx: Connection) -> Sequence[Alert]:
        """All active alerts, oldest first."""
        return _alerts(tx, select_alerts().where(alerts.c.state != "resolved").order_by(alerts.c.id))

    def numbered(self, tx: Connection, numbers: Iterable[int]) -> Sequence[Alert]:
        """The alerts of these numbers, whatever their state, oldest first."""
        found: list[Alert] = []
        for some in chunks(sorted(numbers)):
            found += _alerts(tx, select_alerts().where(alerts.c.id.in_(some)).order_by(alerts.c.id))
        return found

    def save(self, tx: Connection, outcome: Outcome) -> Sequence[Alert]:
        """Write the new and changed alerts of an evaluation and its events; all its alerts, each with its number."""
        old = [{"number": alert.id, **to_row(alert)} for alert in outcome.changed if alert.id]
        new = [to_row(alert) for alert in outcome.changed if not alert.id]
        if old:
            tx.execute(update(alerts).where(alerts.c.id == bindparam("number")), old)
        numbers: dict[tuple[str, str], int] = {}
        if new:
            inserted = tx.execute(insert(alerts).returning(alerts.c.id, alerts.c.rule, alerts.c.subject), new)
            numbers = {(rule, subject): number for number, rule, subject in inserted}
        saved = [a if a.id else replace(a, id=numbers[a.rule, a.subject]) for a in outcome.alerts]
        numbers |= {(alert.rule, alert.subject): alert.id for alert in saved}
        happened = [
            {"alert": numbers[e.rule, e.subject], "kind": e.kind, "at_us": e.at, "level": e.level, "reason": e.reason}
            for e in outcome.events
        ]
        if happened:
            tx.execute(insert(events), happened)
        return saved

    def last_evaluated(self, tx: Connection, until: datetime) -> datetime:
        """When a rule was last evaluated, as far as that is not after `until`; the epoch when none was."""
        last = select(func.max(evaluations.c.at_us)).where(evaluations.c.at_us <= until)
        return tx.execute(last).scalar() or EPOCH

    def evaluated(self, tx: Connection, rules: Iterable[str], at: datetime) -> None:
        """Note that these rules were evaluated, which holds for all their alerts."""
        new = set(rules)
        tx.execute(update(evaluations).where(evaluations.c.rule.in_(new)).values(at_us=at))
        new -= set(tx.execute(select(evaluations.c.rule)).scalars())
        if new:
            tx.execute(insert(evaluations), [{"rule": rule, "at_us": at} for rule in sorted(new)])

    def _fetch(self, statement: Select[Any]) -> Sequence[Alert]:
        with self._database.read() as connection:
            return _alerts(connection, statement)


def _alerts(connection: Connection, statement: Select[Any]) -> Sequence[Alert]:
    return [to_alert(row) for row in connection.execute(statement)]


def _chosen(
    *, site: str | None, place: Place | None, level: Level | None = None, rule: str | None = None
) -> list[ColumnElement[bool]]:
    wanted = {"site": site, "level": level, "rule": rule}
    chosen = [alerts.c[name] == value for name, value in wanted.items() if value is not None]
    parts = place._asdict() if place else {}
    return chosen + [alerts.c[name] == value for name, value in parts.items() if value is not None]
