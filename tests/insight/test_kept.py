"""Long answers are kept and shared; short ones are made anew each time."""

import threading
import time
from collections.abc import Iterator

import pytest

from monitor.state import insight_kept
from monitor.state.insight_kept import Answers


@pytest.fixture
def calls() -> Iterator[int]:
    return iter(range(1_000_000))


def test_a_short_answer_is_always_new(calls: Iterator[int]) -> None:
    answers = Answers()
    assert [answers.ask("q", lambda: next(calls)) for _ in range(3)] == [0, 1, 2]


def test_a_long_one_is_kept_and_one_of_something_else_is_not(
    calls: Iterator[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insight_kept, "WORTH_S", 0.0)
    monkeypatch.setattr(insight_kept, "FRESH", 1e9)
    answers = Answers()
    assert [answers.ask("q", lambda: next(calls)) for _ in range(3)] == [0, 0, 0]
    assert answers.ask("r", lambda: next(calls)) == 1


def test_an_old_one_is_given_once_more_while_it_is_made_anew(
    calls: Iterator[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insight_kept, "WORTH_S", 0.0)
    monkeypatch.setattr(insight_kept, "FRESH", 0)
    answers = Answers()
    go = threading.Event()

    def renewed() -> int:
        go.wait()
        return next(calls)

    assert answers.ask("q", lambda: next(calls)) == 0
    assert answers.ask("q", renewed) == 0  # nobody waits
    assert answers.ask("q", lambda: pytest.fail("made twice at a time")) == 0
    go.set()
    monkeypatch.setattr(insight_kept, "FRESH", 1e9)
    while answers.ask("q", lambda: next(calls)) == 0:
        time.sleep(0.01)
    assert answers.ask("q", lambda: next(calls)) == 1


def test_those_who_ask_at_once_wait_for_one_answer(calls: Iterator[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insight_kept, "WORTH_S", 0.0)
    monkeypatch.setattr(insight_kept, "FRESH", 1e9)
    answers, found = Answers(), []
    begun, go = threading.Event(), threading.Event()

    def make() -> int:
        begun.set()
        go.wait()
        return next(calls)

    threads = [threading.Thread(target=lambda: found.append(answers.ask("q", make))) for _ in range(5)]
    threads[0].start()
    begun.wait()
    for thread in threads[1:]:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert found == [0] * 5


def test_what_failed_is_asked_again(calls: Iterator[int]) -> None:
    answers = Answers()

    def fails() -> int:
        raise ValueError("away")

    for _ in range(2):
        with pytest.raises(ValueError, match="away"):
            answers.ask("q", fails)
    assert answers.ask("q", lambda: next(calls)) == 0


def test_only_so_many_are_kept(calls: Iterator[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insight_kept, "WORTH_S", 0.0)
    monkeypatch.setattr(insight_kept, "FRESH", 1e9)
    answers = Answers()
    for question in range(insight_kept.MOST + 1):
        answers.ask(question, lambda: next(calls))
    assert answers.ask(insight_kept.MOST, lambda: next(calls)) == insight_kept.MOST
    assert answers.ask(0, lambda: next(calls)) == insight_kept.MOST + 1
