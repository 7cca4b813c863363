"""Comparisons for the pages: in processes of their own, one at a time, kept, refreshed, refused, given up."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from monitor.authoring.compare import Prices, compare
from monitor.authoring.comparing import KEPT_FOR, WAITING, Comparisons, Run, question_of
from monitor.errors import InputError, Unavailable
from monitor.register import Register
from monitor.state.repricing import Selection
from monitor.tariffs.rounding import Policy
from tests.authoring.test_compare import NEW, book, past

__all__ = ["past"]
AT = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.fixture
def prices(tmp_path):
    return Prices(Register(), "plug_out", Policy(), book(tmp_path, "new.yaml", NEW).tariffs["night"])


def made(run: Run) -> Run:
    run.future.exception(120)
    return run


def test_in_other_processes_it_says_the_same(past, prices):
    url, _ = past
    comparisons = Comparisons(url, lambda: AT, at_once=0)
    run = made(comparisons.ask(question_of(prices, "night", Selection()), prices))
    assert run.found == compare(url, prices, Selection())
    assert run.done == run.total > 0
    comparisons.stop()


def test_an_answer_is_kept_for_a_while_and_then_made_anew(past, prices):
    moments = [AT]
    comparisons = Comparisons(past[0], lambda: moments[-1])
    question = question_of(prices, "night", Selection())
    first = made(comparisons.ask(question, prices))
    moments.append(AT + KEPT_FOR)
    assert comparisons.ask(question, prices) is first
    moments.append(AT + KEPT_FOR + timedelta(seconds=1))
    assert comparisons.ask(question, prices) is not first
    comparisons.stop()


def test_where_there_is_nothing_to_compare_the_reason_is_kept(past, prices):
    comparisons = Comparisons(past[0], lambda: AT)
    run = made(comparisons.ask(question_of(prices, "night", Selection(site="nowhere")), prices))
    with pytest.raises(InputError, match="no session of this time has a price"):
        _ = run.found
    comparisons.stop()


def test_more_than_a_few_that_wait_are_refused_and_a_stop_gives_up(past, prices):
    comparisons, go_on = Comparisons(past[0], lambda: AT), threading.Event()
    comparisons._pool.submit(go_on.wait, 60)
    asked = [question_of(prices, "night", Selection(group=str(number))) for number in range(WAITING + 1)]
    threads = [threading.Thread(target=comparisons.ask, args=(each, prices)) for each in asked[:WAITING]]
    for thread in threads:
        thread.start()
    while len(comparisons._runs) < WAITING:
        time.sleep(0.01)
    with pytest.raises(Unavailable, match=f"{WAITING} comparisons are being made"):
        comparisons.ask(asked[WAITING], prices)
    comparisons.stop()
    go_on.set()
    for thread in threads:
        thread.join()
