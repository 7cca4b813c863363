"""The table of design.md, section 5, row by row; then random answers against a plain model."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.lifecycle import advance
from monitor.alerts.model import Alert, Policy
from monitor.rules.answer import Answer

Live = Callable[..., Any]

TABLE = [
    # (what it shows, policy, answers, states, events)
    ("without `for` it fires at once", {}, "F T", "-F", "firing@1"),
    ("true for `for`", {"hold_for": 2}, "TTTT", "ppFF", "pending@0 firing@2"),
    ("pending and false", {"hold_for": 2}, "TTFT", "pp-p", "pending@0 inactive@2 pending@3"),
    ("without keep_firing_for it resolves at once", {}, "TF", "F-", "firing@0 resolved@1"),
    ("false for keep_firing_for", {"keep_firing_for": 2}, "TFFFF", "FFF--", "firing@0 resolved@3"),
    ("true again in between", {"keep_firing_for": 2}, "TFFTFFF", "FFFFFF-", "firing@0 resolved@6"),
    ("false but not recovered", {"keep_firing_for": 1}, "ThhhF F", "FFFFF-", "firing@0 resolved@5"),
    ("not recovered stops the clock", {"keep_firing_for": 2}, "TFFhFFF", "FFFFFF-", "firing@0 resolved@6"),
    ("recovery unknown", {"keep_firing_for": 1}, "Tuu", "FF-", "firing@0 resolved@2"),
    ("deselected while firing", {"keep_firing_for": 9}, "Tx", "F-", "firing@0 resolved:no longer selected@1"),
    ("deselected while pending", {"hold_for": 9}, "Tx", "p-", "pending@0 inactive:no longer selected@1"),
    ("deselected without an alert", {}, "x", "-", ""),
    # levels
    ("worse after `for`", {"hold_for": 2}, "wwwcccc", "ppFFFFF", "pending@0 firing@2 level:critical@5"),
    ("worse for too short", {"hold_for": 2}, "wwwccwcc", "ppFFFFFF", "pending@0 firing@2"),
    ("worse at once without `for`", {}, "wc", "FF", "firing@0 level:critical@1"),
    ("better after keep_firing_for", {"keep_firing_for": 2}, "cwwwww", "FFFFFF", "firing@0 level:warning@3"),
    ("better for too short", {"keep_firing_for": 2}, "cwwcww", "FFFFFF", "firing@0"),
    ("the least of the worse levels held all the time", {"hold_for": 2}, "iii cwcww", "ppFFFFFF",
     "pending@0 firing@2 level:warning@5"),
    ("the worst of the better levels held all the time", {"keep_firing_for": 2}, "ciwi", "FFFF",
     "firing@0 level:warning@3"),
    ("better, then worse than before: another clock", {"hold_for": 2, "keep_firing_for": 2}, "www iccc", "ppFFFFF",
     "pending@0 firing@2 level:critical@6"),
    ("false stops the clock of a level", {"hold_for": 2, "keep_firing_for": 5}, "www ccFccc", "ppFFFFFFF",
     "pending@0 firing@2 level:critical@8"),
    ("it fires with the level of that moment", {"hold_for": 2}, "wwc", "ppF", "pending@0 firing@2"),
    # unknown, gaps
    ("unknown holds the clock of `for`", {"hold_for": 2}, "TT???T T", "pppppF F", "pending@0 firing@5"),
    ("unknown holds the clock of keep_firing_for", {"keep_firing_for": 2}, "TFF???F", "FFFFFF-", "firing@0 resolved@6"),
    ("unknown holds the clock of a level", {"hold_for": 2}, "wwwc???cc", "ppFFFFFFF",
     "pending@0 firing@2 level:critical@8"),
    ("unknown resolves nothing", {}, "T??", "FFF", "firing@0"),
    ("unknown starts nothing", {}, "??", "--", ""),
    ("one missed slot counts", {"hold_for": 2}, "T.T", "ppF", "pending@0 firing@2"),
    ("a gap of more than two slots is not time that it was true", {"hold_for": 3}, "T..TTT", "ppppp F",
     "pending@0 firing@5"),
    ("nor time that it was false", {"keep_firing_for": 3}, "TF....FFF", "FFFFFFFF-", "firing@0 resolved@8"),
    # no data
    ("no data is said once, and that it is back", {"no_data_after": 2}, "T????T", "FFFFFF",
     "firing@0 no_data:no data@3 data@5"),
    ("back before it was said", {"no_data_after": 2}, "T??T??T", "FFFFFFF", "firing@0"),
    ("then: resolve", {"no_data_after": 2, "no_data_then": "resolve"}, "T????", "FFF--", "firing@0 resolved:no data@3"),
    ("then: resolve, pending", {"no_data_after": 2, "no_data_then": "resolve", "hold_for": 9}, "T???", "ppp-",
     "pending@0 inactive:no data@3"),
    ("then: keep, pending", {"no_data_after": 2, "hold_for": 9}, "T???", "pppp", "pending@0 no_data:no data@3"),
    ("then: fire, pending", {"no_data_after": 2, "no_data_then": "fire", "hold_for": 9}, "T???", "pppF",
     "pending@0 firing:no data@3"),
    ("then: fire, without an alert", {"no_data_after": 2, "no_data_then": "fire"}, "F????F", "-ppFF-",
     "pending@1 firing:no data@3 data@5 resolved@5"),
    ("then: fire, data in time", {"no_data_after": 2, "no_data_then": "fire"}, "??F", "pp-", "pending@0 inactive@2"),
    ("then: fire, firing", {"no_data_after": 1, "no_data_then": "fire"}, "T???", "FFFF", "firing@0 no_data:no data@2"),
    ("a gap is not silence", {"no_data_after": 3, "no_data_then": "resolve"}, "T?......???", "FFFFFFFFFF-",
     "firing@0 resolved:no data@10"),
    ("after 0", {"no_data_after": 0}, "T??", "FFF", "firing@0 no_data:no data@1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "answers", "states", "events"), [row[1:] for row in TABLE], ids=[r[0] for r in TABLE]
)
def test_the_life_of_an_alert(live: Live, changes: dict[str, Any], answers: str, states: str, events: str) -> None:
    life = live(answers, **changes)
    assert (life.states, life.story) == (states.replace(" ", ""), events)


def test_times_of_an_alert(live: Live) -> None:
    alert = live("TTTTFF", hold_for=2, keep_firing_for=1).last
    at = [alert.pending_at.replace() + timedelta(seconds=30 * slot) for slot in range(6)]
    assert (alert.pending_at, alert.firing_at, alert.resolved_at) == (at[0], at[2], at[5])
    assert alert.values == {"power_w": 3000.0}


def test_it_says_since_when_there_is_no_data(live: Live) -> None:
    life = live("TT??")
    assert life.alert.no_data_since == life.alert.pending_at + timedelta(seconds=60)
    assert life.live("T").alert.no_data_since is None


@pytest.mark.parametrize(
    ("answers", "states", "story"),
    [
        ("T", "FF", "firing@0"),
        ("?", "FF", "firing@0"),
        ("F", "F-", "firing@0 resolved:rule changed@1"),
        ("h", "F-", "firing@0 resolved:rule changed@1"),
        ("?F", "FF-", "firing@0 resolved:rule changed@2"),
        ("TF", "FFF", "firing@0"),
    ],
)
def test_an_edited_condition(live: Live, policy: Callable[..., Policy], answers: str, states: str, story: str) -> None:
    """A firing alert stays if the new condition is true or unknown; after it was true, its hold-downs count again."""
    life = live("T", keep_firing_for=5).live(answers, policy(keep_firing_for=5, condition="two"))
    assert (life.states, life.story) == (states, story)


def test_an_edited_condition_starts_the_clock_of_a_pending_alert_anew(
    live: Live, policy: Callable[..., Policy]
) -> None:
    life = live("TT", hold_for=2).live("TTT", policy(hold_for=2, condition="two"))
    assert life.states == "ppppF"


def test_any_other_edit_keeps_the_state(live: Live, policy: Callable[..., Policy]) -> None:
    edited = policy(hold_for=2, keep_firing_for=1, severity="critical", labels={"team": "noc"})
    life = live("T").live("T", edited)
    assert life.states == "FF"
    assert life.alert.labels == {"team": "noc"}


def test_an_active_alert_that_nobody_answered_for_is_unknown(
    policy: Callable[..., Policy], alert: Callable[..., Alert]
) -> None:
    now = alert().pending_at + timedelta(seconds=30)
    (after,), events = advance(policy(), [alert()], [], now, timedelta(seconds=30))
    assert (after.state, after.no_data_since, events) == ("firing", now, ())


def test_the_same_evaluation_twice_changes_nothing(live: Live, said: Callable[..., Answer]) -> None:
    life = live("TTTF?", hold_for=1, keep_firing_for=3)
    now = life.alert.evaluated_at
    again, events = advance(life.policy, [life.alert], [said("?", now)], now, timedelta(seconds=30))
    assert (again, events) == ((life.alert,), ())


def test_a_clock_that_was_set_back_moves_nothing_backwards(live: Live, said: Callable[..., Answer]) -> None:
    life = live("TT", hold_for=5)
    past = life.alert.pending_at - timedelta(hours=1)
    (after,), _ = advance(life.policy, [life.alert], [said("T", past)], past, timedelta(seconds=30))
    assert (after.state, after.true_since) == ("pending", life.alert.true_since)


@dataclass
class Plain:
    """The same life told with stopwatches that run or stand still, instead of times that are moved."""

    hold_for: int
    keep_for: int
    state: str = "-"
    held: int = 0
    clear: int | None = None
    since_evaluated: int = 0
    states: str = ""
    fired_at: list[int] = field(default_factory=list)

    def live(self, timeline: str) -> "Plain":
        for symbol in timeline:
            self.since_evaluated += 1
            if symbol != ".":
                counted = 1 if self.since_evaluated > 2 else self.since_evaluated
                self.since_evaluated = 0
                self._evaluate(symbol, counted)
            self.states += self.state
        return self

    def _evaluate(self, symbol: str, counted: int) -> None:
        if symbol == "T":
            self.held = self.held + counted if self.state == "p" else 0
            self.clear = None
            if self.state != "F":
                self.state = "F" if self.held >= self.hold_for else "p"
        elif symbol == "F":
            self.clear = 0 if self.clear is None else self.clear + counted
            if self.state == "p" or self.clear >= self.keep_for:
                self.state, self.clear = "-", None
        elif symbol == "h":
            self.clear = None
            self.state = "-" if self.state == "p" else self.state


@given(
    timeline=st.text(alphabet="TTTFFh??.", max_size=60),
    hold_for=st.integers(0, 4),
    keep_for=st.integers(0, 4),
)
def test_random_answers_live_as_in_a_plain_model(live: Live, timeline: str, hold_for: int, keep_for: int) -> None:
    life = live(timeline, hold_for=hold_for, keep_firing_for=keep_for, no_data_after=1000)
    assert life.states == Plain(hold_for, keep_for).live(timeline).states


@given(
    before=st.text(alphabet="Tiwc Fh?", max_size=20),
    gap=st.integers(2, 6),
    after=st.text(alphabet="TiwcFh?", max_size=20),
    hold_for=st.integers(0, 4),
)
def test_a_gap_is_as_good_as_unknown(live: Live, before: str, gap: int, after: str, hold_for: int) -> None:
    changes = {"hold_for": hold_for, "keep_firing_for": 3, "no_data_after": 1000}
    silent = live(before + "." * gap + after, **changes)
    unknown = live(before + "?" * gap + after, **changes)
    assert silent.story == unknown.story


@given(timeline=st.text(alphabet="TiwcFh?.x", max_size=60), hold_for=st.integers(0, 3), keep_for=st.integers(0, 3))
def test_events_tell_a_story_that_can_be(live: Live, timeline: str, hold_for: int, keep_for: int) -> None:
    """Nothing resolves that did not fire, nothing fires twice, every alert ends at most once."""
    life = live(timeline, hold_for=hold_for, keep_firing_for=keep_for)
    state = "-"
    follows = {
        "pending": ("-", "p"),
        "firing": ("-p", "F"),
        "level": ("F", "F"),
        "resolved": ("F", "-"),
        "inactive": ("p", "-"),
    }
    for event in life.events:
        if event.kind in follows:
            allowed, after = follows[event.kind]
            assert state in allowed
            state = after
    assert state == (life.states[-1:] or "-")


def test_other_subjects_do_not_matter(
    policy: Callable[..., Policy], said: Callable[..., Answer], alert: Callable[..., Alert]
) -> None:
    now: datetime = alert().pending_at + timedelta(seconds=30)
    alerts = [replace(alert(), id=7, subject="a"), replace(alert(), id=8, subject="b")]
    answers = [
        said("T", now, subject="c"),
        said("F", now, subject="b"),
        said("T", now, subject="a"),
        said("F", now, subject="d"),
    ]
    after, events = advance(policy(), alerts, answers, now, timedelta(seconds=30))
    assert [(one.id, one.subject, one.state) for one in after] == [
        (7, "a", "firing"),
        (8, "b", "resolved"),
        (0, "c", "firing"),
    ]
    assert [(event.subject, event.kind) for event in events] == [("b", "resolved"), ("c", "firing")]
