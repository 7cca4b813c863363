"""What the service would have done with a series of evaluations: the same lifecycle and planner, kept in memory.

Tests of rules, backtests and the forecast of a sample alert stand on it.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.alerts.flapping import Flapping, Key, span_of, turned
from monitor.alerts.groups import Group
from monitor.alerts.model import Alert, Message, Policy
from monitor.alerts.plan import plan
from monitor.alerts.policy import policy_of
from monitor.alerts.responses import Silence
from monitor.alerts.routes import Routes
from monitor.alerts.step import Render, step
from monitor.register import Register
from monitor.rules import message
from monitor.rules.answer import Answer, Evaluation, Texts
from monitor.rules.model import Rule

OnEnd = Callable[[Alert], None]


@dataclass(frozen=True)
class Files:
    """What of an operator's files decides whom an evaluation wakes."""

    rules: Sequence[Rule]
    routes: Routes
    register: Register


class Replay:
    """Takes evaluations in the order of their time; `latest` is the last alert of each rule and subject.

    It keeps the alerts that are active or that somebody has yet to be told of; what ended is given to `on_end`.
    """

    def __init__(
        self,
        policies: Iterable[Policy],
        render: Render,
        routes: Routes,
        register: Register,
        interval: timedelta,
        *,
        silences: Sequence[Silence] = (),
        on_end: OnEnd = lambda _: None,
    ) -> None:
        """`silences`: all that were or are in force at some time of the evaluations."""
        self._policies = {policy.rule: policy for policy in policies}
        self._render, self._routes, self._register, self._interval = render, routes, register, interval
        self._inhibitors = {rule: policy.inhibited_by for rule, policy in self._policies.items() if policy.inhibited_by}
        self._silences, self._on_end = silences, on_end
        self._count = 0
        self._known: dict[int, Alert] = {}
        self._active: tuple[Alert, ...] = ()
        self._groups: tuple[Group, ...] = ()
        self._flapping: tuple[Flapping, ...] = ()
        self._fired: dict[Key, deque[datetime]] = defaultdict(deque)
        self.latest: dict[Key, Alert] = {}

    @property
    def active(self) -> tuple[Alert, ...]:
        """Every alert that is pending or firing."""
        return self._active

    @property
    def busy(self) -> bool:
        """Whether anything can happen without an answer: an alert is active, or somebody has to be told something."""
        return bool(self._active or self._groups)

    def take(
        self,
        at: datetime,
        answers: Sequence[Answer],
        failures: Mapping[str, str],
        acknowledged: AbstractSet[int] = frozenset(),
    ) -> tuple[Message, ...]:
        """One evaluation; the messages that it makes due. `acknowledged`: numbers of alerts that somebody sees to."""
        if not (answers or self.busy):
            return ()
        outcome = step(
            self._policies.values(),
            Evaluation(at, tuple(answers), failures, None),
            self._active,
            interval=self._interval,
            register=self._register,
            render=self._render,
        )
        here = [alert if alert.id else self._numbered(alert) for alert in outcome.alerts]
        self.latest |= {(alert.rule, alert.subject): alert for alert in here}
        self._active = tuple(alert for alert in here if alert.active)
        fired = {(event.rule, event.subject) for event in outcome.events if event.kind == "firing"}
        self._note_flapping([alert for alert in here if (alert.rule, alert.subject) in fired], at)
        messages = self._tell(here, at, acknowledged)
        for alert in here:
            if not alert.active:
                self._on_end(alert)
        return messages

    def _numbered(self, alert: Alert) -> Alert:
        self._count += 1
        return replace(alert, id=self._count)

    def _note_flapping(self, fired: Sequence[Alert], at: datetime) -> None:
        for alert in fired:
            self._fired[alert.rule, alert.subject].append(at)
        self._flapping = turned(self._flapping, fired, lambda key: self._lately(key, at)).now

    def _lately(self, key: Key, at: datetime) -> int:
        since, moments = at - span_of(self._policies[key[0]]), self._fired[key]
        while moments and moments[0] <= since:
            moments.popleft()
        return len(moments)

    def _tell(self, here: Sequence[Alert], at: datetime, acknowledged: AbstractSet[int]) -> tuple[Message, ...]:
        mine = {alert.id for alert in here}
        planned = plan(
            [*(alert for number, alert in sorted(self._known.items()) if number not in mine), *here],
            self._groups,
            self._routes,
            inhibited_by=self._inhibitors,
            register=self._register,
            now=at,
            acknowledged=acknowledged,
            silences=[silence for silence in self._silences if silence.holds(at)],
            flapping=self._flapping,
        )
        self._groups = planned.groups
        wanted = {number for group in self._groups for number in (*group.waiting, *group.told)}
        known = {**self._known, **{alert.id: alert for alert in here}}
        self._known = {number: known[number] for number in wanted}
        return tuple(each.message for each in planned.messages)


def replay_of(
    files: Files, interval: timedelta, *, silences: Sequence[Silence] = (), on_end: OnEnd = lambda _: None
) -> Replay:
    """A replay of the rules of these files, which say what they say in their own words."""
    rules = {rule.id: rule for rule in files.rules}

    def render(alert: Alert) -> Mapping[str, Texts]:
        since = alert.firing_at or alert.pending_at
        return message.render(rules[alert.rule], alert.subject, alert.level, alert.values, since)

    policies = [policy_of(rule) for rule in files.rules]
    return Replay(policies, render, files.routes, files.register, interval, silences=silences, on_end=on_end)
