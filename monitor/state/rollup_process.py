"""Pieces of rollups made by processes of their own, so that neither ticks nor pages wait while years are rolled up."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain

from sqlalchemy import URL

from monitor.register import Register
from monitor.state.database import Database
from monitor.state.rollup_days import Days, Made, make

CHILDREN = 2
"""Making takes about twice as long as writing. Each needs some 300 MB while there is much to do."""

Piece = Mapping[str, Days]


def made_ahead(database: Database, register: Register, pieces: Iterator[Piece]) -> Generator[Made]:
    """What is made of each piece, in order; while the caller has to do with one, the next are made by children.

    A single piece, as after a few sessions that ended, is made here. Raises StateUnavailable, BrokenProcessPool when
    a child was killed.
    """
    first = list(zip(range(2), pieces, strict=False))
    if len(first) < 2:
        yield from (make(database, register, piece) for _, piece in first)
        return
    # Not forked: a fork would take over locks and open files of all our threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(CHILDREN, context, initializer=_begin, initargs=(database.url, register)) as children:
        try:
            under_way: deque[Future[Made]] = deque()
            for piece in chain((piece for _, piece in first), pieces):
                under_way.append(children.submit(_make, piece))
                if len(under_way) > CHILDREN:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            children.shutdown(cancel_futures=True)


_given: tuple[Database, Register]


def _begin(url: URL, register: Register) -> None:
    global _given  # noqa: PLW0603 - a process of its own, which has nothing else to keep it in
    _given = Database(url), register
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process in its time
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _make(piece: Piece) -> Made:
    return make(*_given, piece)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
