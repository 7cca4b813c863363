"""What the service would have done with a series of evaluations: the same lifecycle and planner, kept in memory."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.alerts.flapping import Flapping, Key, span_of, turned
from monitor.alerts.groups import Group
from monitor.alerts.model import Alert, Message
from monitor.alerts.plan import plan
from monitor.alerts.policy import policy_of
from monitor.alerts.routes import Routes
from monitor.alerts.step import step
from monitor.register import Register
from monitor.rules import message
from monitor.rules.answer import Answer, Evaluation, Texts
from monitor.rules.model import Rule


@dataclass(frozen=True)
class Files:
    """What of an operator's files decides whom an evaluation wakes."""

    rules: Sequence[Rule]
    routes: Routes
    register: Register


class Replay:
    """Takes evaluations in the order of their time. `alerts` are all that there ever were, by number; `latest` the last
    one of each rule and subject.
    """

    def __init__(self, files: Files, interval: timedelta) -> None:
        self._files = files
        self._interval = interval
        self._rules = {rule.id: rule for rule in files.rules}
        self._policies = {rule.id: policy_of(rule) for rule in files.rules}
        self._inhibitors = {rule.id: rule.inhibited_by for rule in files.rules if rule.inhibited_by}
        self._active: tuple[Alert, ...] = ()
        self._groups: tuple[Group, ...] = ()
        self._flapping: tuple[Flapping, ...] = ()
        self._fired: dict[Key, list[datetime]] = defaultdict(list)
        self.alerts: dict[int, Alert] = {}
        self.latest: dict[Key, Alert] = {}

    @property
    def active(self) -> frozenset[Key]:
        """Rule and subject of every alert that is pending or firing."""
        return frozenset((alert.rule, alert.subject) for alert in self._active)

    def take(self, at: datetime, answers: Sequence[Answer], failures: Mapping[str, str]) -> tuple[Message, ...]:
        """One evaluation; the messages that it makes due."""
        if not (answers or self._active or self._groups):
            return ()
        outcome = step(
            self._policies.values(),
            Evaluation(at, tuple(answers), failures, None),
            self._active,
            interval=self._interval,
            register=self._files.register,
            render=self._texts,
        )
        here = [alert if alert.id else replace(alert, id=self._number(alert)) for alert in outcome.alerts]
        self.alerts |= {alert.id: alert for alert in here}
        self.latest |= {(alert.rule, alert.subject): alert for alert in here}
        self._active = tuple(alert for alert in here if alert.active)
        fired = {(event.rule, event.subject) for event in outcome.events if event.kind == "firing"}
        self._note_flapping([alert for alert in here if (alert.rule, alert.subject) in fired], at)
        return self._tell(here, at)

    def _number(self, alert: Alert) -> int:
        number = len(self.alerts) + 1
        self.alerts[number] = alert
        return number

    def _texts(self, alert: Alert) -> Mapping[str, Texts]:
        since = alert.firing_at or alert.pending_at
        return message.render(self._rules[alert.rule], alert.subject, alert.level, alert.values, since)

    def _note_flapping(self, fired: Iterable[Alert], at: datetime) -> None:
        begun = list(fired)
        for alert in begun:
            self._fired[alert.rule, alert.subject].append(at)
        self._flapping = turned(self._flapping, begun, lambda key: self._lately(key, at)).now

    def _lately(self, key: Key, at: datetime) -> int:
        since = at - span_of(self._policies[key[0]])
        return sum(1 for moment in self._fired[key] if moment > since)

    def _tell(self, here: Sequence[Alert], at: datetime) -> tuple[Message, ...]:
        known = {number for group in self._groups for number in (*group.waiting, *group.told)}
        mine = {alert.id for alert in here}
        planned = plan(
            [*(self.alerts[number] for number in sorted(known - mine)), *here],
            self._groups,
            self._files.routes,
            inhibited_by=self._inhibitors,
            register=self._files.register,
            now=at,
            flapping=self._flapping,
        )
        self._groups = planned.groups
        return tuple(each.message for each in planned.messages)
