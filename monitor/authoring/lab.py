"""A rule tried over the last day before it goes live: what it matches now, its episodes and mails. Nothing is saved.

It runs in a process of its own, one at a time, with a limit on its time and its address space, at a low priority: what
somebody tries cannot hurt the service that watches.
"""

import multiprocessing
import os
import resource
import signal
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from monitor import documents
from monitor.authoring.backtest.episodes import Episode, Mail
from monitor.authoring.backtest.preparing import remembered
from monitor.authoring.backtest.running import Asked, backtest
from monitor.authoring.backtest.versions import version_of
from monitor.authoring.check import check_documents
from monitor.config import Settings
from monitor.errors import FileProblems, InputError, LaddvaktError, Problem, Unavailable
from monitor.readings import scanning

DAY: Final = timedelta(hours=24)
NAME: Final = "the text above"
"""What stands for a file's name in mistakes."""

LONGEST_TEXT: Final = 20_000
MOST_RULES: Final = 10

_turn: Final = threading.Lock()


@dataclass(frozen=True)
class Limits:
    """What a try may take: seconds, and bytes of address space."""

    seconds: int = 60
    memory: int = 3 * 2**30


@dataclass(frozen=True)
class Tried:
    """What came of it. `matches`: rule and subject of what holds now, with what the rule compares; `nearly`: by rule,
    how often it was true, but not for long enough.
    """

    start: datetime
    end: datetime
    matches: Sequence[tuple[str, str, str]]
    episodes: Sequence[Episode]
    mails: Sequence[Mail]
    nearly: Mapping[str, int]
    failures: Mapping[str, str]


def mistakes(text: str, settings: Settings) -> tuple[Problem, ...]:
    """What `laddvakt check` says of the text as a file of rules."""
    if len(text) > LONGEST_TEXT:
        return (Problem(NAME, 1, 1, "too-long", f"longer than {LONGEST_TEXT} characters; try fewer rules at a time"),)
    try:
        return check_documents([documents.parse(text, NAME)], settings)
    except FileProblems as error:
        return error.problems


def try_rules(text: str, settings: Settings, now: datetime, limits: Limits = Limits()) -> Tried:
    """Play the last day through the rules of a text that has no mistakes.

    Raises Unavailable while somebody else tries one, InputError when it takes more than it may.
    """
    if not _turn.acquire(blocking=False):
        raise Unavailable("somebody else is trying a rule; one at a time, try again in a minute")
    try:
        return _in_its_own_process(text, settings, now, limits)
    finally:
        _turn.release()


def _in_its_own_process(text: str, settings: Settings, now: datetime, limits: Limits) -> Tried:
    spawning = multiprocessing.get_context("spawn")
    receiving, sending = spawning.Pipe(duplex=False)
    process = spawning.Process(target=_child, args=(sending, text, settings, now, limits), name="rule-lab", daemon=True)
    process.start()
    sending.close()
    try:
        told = receiving.recv() if receiving.poll(limits.seconds) else InputError(_too_long(limits))
    except EOFError:  # it was ended by the system, mostly for memory
        told = InputError(_too_much(limits))
    finally:
        process.kill()
        process.join()
        receiving.close()
    if isinstance(told, Exception):
        raise told
    found: Tried = told
    return found


def _too_long(limits: Limits) -> str:
    return f"a day of readings takes longer than {limits.seconds} s here; try it with laddvakt rules backtest"


def _too_much(limits: Limits) -> str:
    return f"it needs more than {limits.memory // 2**20} MB of memory; try it with laddvakt rules backtest"


def _child(sending: Connection, text: str, settings: Settings, now: datetime, limits: Limits) -> None:
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    signal.alarm(limits.seconds + 5)  # also when the service that waits for it is gone
    try:
        sending.send(_tried(text, settings, now))
    except LaddvaktError as error:
        sending.send(type(error)(str(error)) if not isinstance(error, FileProblems) else InputError(str(error)))
    except MemoryError:
        sending.send(InputError(_too_much(limits)))


def _tried(text: str, settings: Settings, now: datetime) -> Tried:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        version = version_of([Path(file.name)], settings)
    if len(version.reported) > MOST_RULES:
        raise InputError(f"at most {MOST_RULES} rules at a time")
    start = now - DAY
    silences, finished = remembered(settings, start, now)
    with scanning.source(settings) as source:
        found = backtest(Asked(version, start, now, silences, finished), source, settings)
    return Tried(start, now, found.matches, found.episodes, found.mails, dict(found.nearly), dict(found.failures))
