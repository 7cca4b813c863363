"""What a case expects against what was: every difference in words, with what the rule saw."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.alerts.model import Alert, Message
from monitor.authoring.playing import Moment
from monitor.authoring.rule_tests.cases import Case
from monitor.authoring.rule_tests.running import Run
from monitor.authoring.rule_tests.shapes import ExpectShape, MailShape, State
from monitor.authoring.why import said_part
from monitor.documents import Path_
from monitor.errors import InputError
from monitor.notify.letter import subject_line
from monitor.units import duration_text


@dataclass(frozen=True)
class Difference:
    """One expectation that was not met: where it is written, what was expected and what was, and the evidence."""

    file: str
    line: int
    message: str
    evidence: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.file}:{self.line}: {self.message}", *(f"    {line}" for line in self.evidence)])


def differences(case: Case, run: Run) -> Iterator[Difference]:
    """All of them, in the order in which they are written; a rule that failed to run is one, too."""
    for rule, reason in sorted(run.failures.items()):
        yield _difference(case, ("name",), f"rule {rule} cannot be evaluated: {reason}")
    for position, expected in enumerate(case.shape.expect):
        yield from _unmet(case, run, position, expected)
    if case.shape.mails is not None:
        yield from _mails(case, run.moments, case.shape.mails)


def _difference(case: Case, path: Path_, message: str, evidence: tuple[str, ...] = ()) -> Difference:
    at = case.problem(path, "", "")
    return Difference(at.file, at.line, message, evidence)


def _unmet(case: Case, run: Run, position: int, expected: ExpectShape) -> Iterator[Difference]:
    """The first moment at which it does not hold."""
    for moment in _moments(case, run.moments, expected):
        subjects = [expected.subject] if expected.subject else [s for rule, s in moment.alerts if rule == expected.rule]
        for subject in subjects:
            alert = moment.alerts.get((expected.rule, subject))
            if wrong := _wrong(expected, alert):
                after = duration_text(moment.at - case.start)
                message = f"at {after} {expected.rule} on {subject}: {wrong}"
                evidence = (*_series(case, subject), *_seen(run, expected.rule, subject, moment.at))
                yield _difference(case, ("expect", position), message, evidence)
                return


def _moments(case: Case, moments: list[Moment], expected: ExpectShape) -> list[Moment]:
    """The evaluations that it is about: the last one up to `at`, or all of the span."""
    if expected.at is not None:
        return [moment for moment in moments if moment.at <= case.start + expected.at][-1:]
    first = case.start + (expected.begins or timedelta(0))
    last = case.start + (case.lasts if expected.until is None else expected.until)
    return [moment for moment in moments if first <= moment.at <= last]


def _wrong(expected: ExpectShape, alert: Alert | None) -> str:
    state = state_of(alert)
    wanted = "inactive" if expected.state == "never" else expected.state
    same = state == wanted or (wanted == "inactive" and state == "resolved")
    if expected.state == "no_data":
        same = alert is not None and alert.active and alert.no_data_since is not None
    if not same:
        level = f" ({alert.level})" if alert and state in {"pending", "firing"} else ""
        return f"expected {expected.state}, got {state}{level}"
    if expected.level and alert and alert.level != expected.level:
        return f"expected level {expected.level}, got {alert.level}"
    lacking = {key: value for key, value in expected.labels.items() if not alert or alert.labels.get(key) != value}
    return f"expected labels {lacking}, got {dict(alert.labels) if alert else {}}" if lacking else ""


def state_of(alert: Alert | None) -> State:
    """What an alert is; one that ended before it ever fired is inactive."""
    if alert is None:
        return "inactive"
    if alert.state == "resolved":
        return "inactive" if alert.firing_at is None else "resolved"
    return alert.state


def _series(case: Case, subject: str) -> Iterator[str]:
    """What the subject, or what belongs to it, says, as the author wrote it."""
    for place, said in case.shape.readings.items():
        if subject != place and not place.startswith(f"{subject}/") and not subject.startswith(f"{place}/"):
            continue
        for name, value in said.model_dump(mode="json", exclude={"heartbeats"}, exclude_defaults=True).items():
            text = value.get("values") or ", ".join(f"{each} at {time}" for time, each in value.items())
            yield f"{place} {name}: {text}"


def _seen(run: Run, rule: str, subject: str, at: datetime) -> Iterator[str]:
    """Every sub-expression with its value at that moment."""
    try:
        found = run.explain(rule, subject, at)
    except InputError as error:
        yield str(error)
        return
    for key, part in found.expressions.items():
        yield f"{key}:"
        yield from (f"  {line}" for line in said_part(part))


def _mails(case: Case, moments: list[Moment], expected: list[MailShape]) -> Iterator[Difference]:
    sent = [(moment.at, message) for moment in moments for message in moment.messages]
    told = tuple(f"{duration_text(at - case.start)} to {m.receiver} <{m.address}>: {subject_line(m)}" for at, m in sent)
    if not expected and sent:
        yield _difference(case, ("mails",), f"expected no message, {len(sent)} were planned", told)
    for position, each in enumerate(expected):
        found = [message for at, message in sent if _is(each, message, at - case.start)]
        wanted = each.count
        if (wanted is None and not found) or (wanted is not None and len(found) != wanted):
            count = "a message" if wanted is None else f"{wanted} message{'' if wanted == 1 else 's'}"
            message = f"expected {count} like this, got {len(found)}; planned were:"
            yield _difference(case, ("mails", position), message, told or ("none",))


def _is(expected: MailShape, message: Message, after: timedelta) -> bool:
    if expected.to not in {message.receiver, message.address}:
        return False
    if expected.at is not None and after != expected.at:
        return False
    if after < (expected.begins or timedelta(0)) or (expected.until is not None and after > expected.until):
        return False
    if expected.language and message.language != expected.language:
        return False
    return expected.subject is None or expected.subject in subject_line(message)
