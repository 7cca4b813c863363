"""What a backtest finds: episodes of alerts, and the messages that would have been sent."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.alerts.flapping import Key
from monitor.alerts.lifecycle import RANK
from monitor.alerts.model import Alert, Message, MessageKind
from monitor.alerts.routes import channel_of
from monitor.authoring.backtest.measure import Measure, measure_of
from monitor.ids import Place
from monitor.notify.letter import subject_line
from monitor.rules.answer import Answer, Level
from monitor.rules.model import Rule


@dataclass(frozen=True)
class Episode:
    """An alert that fired. `level` is what it had last, `worst_level` the worst; `worst`: its rule's measure at its
    worst while the condition held. `resolved_at` None: it goes on at the end.
    """

    rule: str
    subject: str
    level: Level
    worst_level: Level
    pending_at: datetime
    firing_at: datetime
    resolved_at: datetime | None
    worst: float | None = None
    worst_text: str = ""

    @property
    def site(self) -> str:
        """Where it was; a subject of the service itself has none."""
        return Place.parse(self.subject).site


@dataclass(frozen=True)
class Mail:
    """A message to one address. `rules` and `subjects`: what its rows tell of, at most 20."""

    at: datetime
    receiver: str
    address: str
    subject: str
    kind: MessageKind
    rules: frozenset[str]
    subjects: frozenset[str]
    zone: str


@dataclass(frozen=True)
class Found:
    """Everything between `start` and `end`. `nearly`: by rule, how often it became true but not for long enough.

    `failures`: rules that could not be judged at some time, with the reason. `matches`: rule and subject of what holds
    at the end, with what the rule compares.
    """

    start: datetime
    end: datetime
    episodes: tuple[Episode, ...]
    mails: tuple[Mail, ...]
    nearly: Mapping[str, int]
    failures: Mapping[str, str]
    rules: tuple[Rule, ...]
    matches: tuple[tuple[str, str, str], ...] = ()


@dataclass
class Collector:
    """Gathers episodes and mails as they come; `reported`: rules whose episodes count."""

    reported: Collection[str]
    rules: Sequence[Rule]
    episodes: list[Episode] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    nearly: Counter[str] = field(default_factory=Counter)
    _last: Sequence[Answer] = ()
    _worst: dict[Key, tuple[float | None, Level]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._measures: dict[str, Measure | None] = {rule.id: measure_of(rule) for rule in self.rules}

    def see(self, answers: Sequence[Answer], active: Sequence[Alert]) -> None:
        """Note how bad the active alerts are by what the rules said at this slot."""
        self._last = answers
        if not active:
            return
        said = {(answer.rule, answer.subject): answer for answer in answers if answer.truth}
        for alert in active:
            key = (alert.rule, alert.subject)
            worst, level = self._worst.get(key, (None, alert.level))
            answer, measure = said.get(key), self._measures.get(alert.rule)
            if answer and measure:
                worst = measure.worse(answer.values.get(measure.key), worst)
            if alert.state == "firing":
                level = max(level, alert.level, key=RANK.__getitem__)
            self._worst[key] = worst, level

    def end(self, alert: Alert) -> None:
        """An alert is over."""
        worst, level = self._worst.pop((alert.rule, alert.subject), (None, alert.level))
        if alert.rule not in self.reported:
            return
        if alert.firing_at is None:
            self.nearly[alert.rule] += 1
            return
        self.episodes.append(self._episode(alert, worst, level))

    def tell(self, messages: Sequence[Message]) -> None:
        """Messages that became due; those to programs wake nobody."""
        for message in messages:
            rules = frozenset(row.rule for row in message.rows)
            if rules & set(self.reported) and channel_of(message.address) != "webhook":
                subjects = frozenset(row.subject for row in message.rows)
                self.mails.append(Mail(
                    message.at, message.receiver, message.address, subject_line(message), message.kind, rules,
                    subjects, message.zone,
                ))  # fmt: skip

    def matches(self) -> Iterator[tuple[str, str, str]]:
        """What holds at the last slot, with its measure."""
        for answer in self._last:
            if answer.truth and answer.selected and answer.rule in self.reported:
                measure = self._measures.get(answer.rule)
                worst = measure.worse(answer.values.get(measure.key), None) if measure else None
                yield answer.rule, answer.subject, measure.said(worst) if measure else ""

    def going_on(self, active: Sequence[Alert]) -> Iterator[Episode]:
        """Those that fire at the end."""
        for alert in active:
            if alert.state == "firing" and alert.rule in self.reported:
                yield self._episode(alert, *self._worst.get((alert.rule, alert.subject), (None, alert.level)))

    def _episode(self, alert: Alert, worst: float | None, level: Level) -> Episode:
        assert alert.firing_at is not None
        measure = self._measures.get(alert.rule)
        text = measure.said(worst) if measure else ""
        return Episode(
            alert.rule, alert.subject, alert.level, level, alert.pending_at, alert.firing_at, alert.resolved_at,
            worst, text,
        )  # fmt: skip
