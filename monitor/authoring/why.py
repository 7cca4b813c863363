"""Why a rule said what it said, and what became of its alert: `laddvakt rules explain`."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from monitor.alerts.inhibition import inhibited
from monitor.alerts.maintenance import maintained
from monitor.alerts.model import Alert
from monitor.alerts.responses import silenced
from monitor.alerts.routes import Routes
from monitor.authoring.as_of import facts_at
from monitor.authoring.in_force import InForce
from monitor.documents import nearest
from monitor.errors import InputError
from monitor.ids import Place
from monitor.readings.store import Snapshot
from monitor.rules.explain import Explained, Part, explain, explain_source
from monitor.rules.model import Rule
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.responses import ResponseStore
from monitor.state.sessions import SessionStore
from monitor.units import duration_text


class Store(Protocol):
    """What is asked of the readings."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """One consistent picture."""
        ...


def rule_of(files: InForce, rule: str) -> Rule:
    """The rule of an id; raises InputError when there is none."""
    rules = {rule.id: rule for rule in files.rules.rules}
    if rule not in rules:
        raise InputError(f"there is no rule {rule!r}{nearest(rule, rules)}")
    return rules[rule]


def why(files: InForce, store: Store, database: Database, *, rule: str, subject: str, at: datetime) -> dict[str, Any]:
    """One JSON document: the answer, every part of the expressions, bounds of `expected_w`, the alert and its mails.

    Raises InputError for a rule or subject that does not exist.
    """
    chosen, site = rule_of(files, rule), Place.parse(subject.partition("/")[0]).site
    if chosen.on == "source":
        raise InputError(
            f"{rule!r} is about the service itself, which only knows itself as it is now: "
            "start it (laddvakt run) and ask without --at"
        )
    with store.snapshot() as snapshot:
        facts = facts_at(SessionStore(database), files.register, snapshot, site, at)
        found = explain(chosen, subject, snapshot, facts, at)
    return {**_answer(found), "alert": _alert(files, database, chosen, found, at)}


def why_of_source(
    files: InForce, store: Store, database: Database, *, rule: str, subject: str, sources: pa.Table, at: datetime
) -> dict[str, Any]:
    """The same of a rule about the service itself, whose parts at `at` are `sources`; `store` may be empty."""
    chosen = rule_of(files, rule)
    with store.snapshot() as snapshot:
        found = explain_source(chosen, subject, snapshot, sources, at)
    return {**_answer(found), "alert": _alert(files, database, chosen, found, at)}


def _answer(found: Explained) -> dict[str, Any]:
    answer = found.answer
    return {
        "rule": found.rule,
        "subject": found.subject,
        "at": found.at.isoformat(),
        "selected": answer.selected,
        "truth": answer.truth,
        "level": answer.level,
        "recovered": answer.recovered,
        "expressions": {key: _part(part) for key, part in found.expressions.items()},
        "expected": dict(found.expected),
        "expected_by": found.expected_by,
    }


def _part(part: Part) -> dict[str, Any]:
    plain: dict[str, Any] = {"text": part.text, "value": part.value, "dimension": part.dimension}
    if part.parts:
        plain["parts"] = [_part(inner) for inner in part.parts]
    if part.connectors:
        plain["connectors"] = dict(part.connectors)
    return plain


def _alert(files: InForce, database: Database, rule: Rule, found: Explained, at: datetime) -> dict[str, Any]:
    """The alert that was active at `at`, or the last one before; what happened to it, and what hid or sent it."""
    alerts = AlertStore(database)
    place = Place.parse(found.subject)
    mine = [
        one for one in alerts.list(rule=rule.id, place=place) if one.subject == found.subject and one.pending_at <= at
    ]
    alert = next(iter(mine), None)
    if alert is None:
        return {"state": "none", "reasons": [_without(found)], "events": [], "messages": []}
    return {
        "id": alert.id,
        "state": alert.state,
        "level": alert.level,
        "pending_at": _iso(alert.pending_at),
        "firing_at": _iso(alert.firing_at),
        "resolved_at": _iso(alert.resolved_at),
        "no_data_since": _iso(alert.no_data_since),
        "reasons": list(_reasons(files, database, rule, alert, at)),
        "events": [{"at": _iso(e.at), "kind": e.kind, "level": e.level, "reason": e.reason}
                   for e in alerts.events(alert.id)],
        "messages": [{"receiver": m.receiver, "address": m.address, "state": m.state, "at": _iso(m.at),
                      "sent_at": _iso(m.sent_at), "error": m.error} for m in alerts.messages(alert.id)],
    }  # fmt: skip


def _without(found: Explained) -> str:
    answer = found.answer
    if not answer.selected:
        return "`where` does not select it"
    if answer.truth is None:
        return "the condition is unknown, so it neither fires nor resolves"
    return (
        "the condition holds; the next evaluation makes it pending" if answer.truth else "the condition does not hold"
    )


def _reasons(files: InForce, database: Database, rule: Rule, alert: Alert, at: datetime) -> Iterator[str]:
    """Why it is not told, or not yet; nothing for one that is over."""
    if alert.state == "pending":
        since = alert.true_since.isoformat(timespec="seconds") if alert.true_since else "never"
        yield f"pending: it fires once it has held for {duration_text(rule.hold_for)} (true since {since})"
    if alert.state != "firing":
        return
    inhibitors = {one.id: one.inhibited_by for one in files.rules.rules if one.inhibited_by}
    others = AlertStore(database).worst(site=alert.place.site, limit=10_000)
    above = {one.id: one for one in others}
    if by := inhibited([*others, alert], inhibitors).get(alert.id):
        yield f"inhibited by {above[by].rule} on {above[by].subject} (alert {by})"
    responses = ResponseStore(database)
    muting = [silence for silence in responses.silences(now=at, limit=10_000) if silence.holds(at)]
    if (number := silenced([alert], muting).get(alert.id)) is not None:
        silence = next(one for one in muting if one.id == number)
        yield f"silenced by {silence.author} until {silence.ends_at.isoformat(timespec='seconds')}: {silence.reason}"
    if under_way := maintained([alert], files.routes.maintenance, at).get(alert.id):
        yield f"not told while maintenance is under way: {under_way.name}"
    if said := responses.acknowledged([alert.id], at).get(alert.id):
        yield f"acknowledged by {said.by}: it is not repeated and does not escalate"
    yield from _routed(files.routes, alert, at)


def _routed(routes: Routes, alert: Alert, at: datetime) -> Iterator[str]:
    ways = routes.of(alert)
    if not ways and alert.level == "info":
        yield "not mailed: level info goes only where the `match` of a route names it"
    elif not ways:
        yield "not mailed: no route of notify.yaml takes it"
    for route in ways:
        yield f"{'muted now, else ' if route.muted(at) else ''}told to {route.to}"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The document as text for a terminal."""
    truth = {True: "true", False: "false", None: "unknown"}[told["truth"]]
    level = f", {told['level']}" if told["level"] else ""
    yield f"{told['rule']} on {told['subject']} at {told['at']}: {truth}{level}"
    for key, part in told["expressions"].items():
        yield f"{key}:"
        yield from _tree(part, 1)
    if told["expected"]:
        yield f"expected_w, by {told['expected_by']}:"
        yield from (f"  {name} = {_said(value, 'power')}" for name, value in told["expected"].items())
    alert = told["alert"]
    yield f"alert: {alert['state']}" + (f" {alert['level']} (number {alert['id']})" if "id" in alert else "")
    yield from (f"  {reason}" for reason in alert["reasons"])
    yield from (f"  {e['at']} {e['kind']} {e['level']} {e['reason']}".rstrip() for e in alert["events"])
    yield from (f"  {m['at']} message to {m['address']}: {m['state']} {m['error']}".rstrip() for m in alert["messages"])


def said_part(part: Part) -> Iterator[str]:
    """An expression and its parts with their values, each on a line."""
    yield from _tree(_part(part), 0)


def _tree(part: Mapping[str, Any], depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}{part['text']} = {_said(part['value'], part['dimension'])}"
    for inner in part.get("parts", ()):
        yield from _tree(inner, depth + 1)
    for subject, value in part.get("connectors", {}).items():
        yield f"{'  ' * (depth + 1)}{subject} = {_said(value, 'count')}"


_UNITS = {
    "power": " W",
    "energy": " Wh",
    "current": " A",
    "voltage": " V",
    "share": " %",
    "time": " s",
    "temperature": " C",
}


def _said(value: Any, dimension: str) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}{_UNITS.get(dimension, '')}" if isinstance(value, int | float) else repr(value)
