"""The operator's files in force: loaded together, reloaded on change; a broken one leaves the last good in force."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from monitor import register
from monitor.alerts import notify_file
from monitor.alerts.routes import Routes
from monitor.authoring.afir import warnings_by_tariff
from monitor.authoring.last_good import LastGood
from monitor.config import Settings
from monitor.errors import FileProblems, Problem
from monitor.register import Register
from monitor.rules import files as rule_files
from monitor.rules.program import Program, compile_rules
from monitor.tariffs import files as tariff_files
from monitor.tariffs.rounding import policy_of

T = TypeVar("T")


@dataclass(frozen=True)
class InForce:
    """One consistent set. `problems` are the mistakes of files that were not taken; `stamp` tells their versions."""

    rules: rule_files.RuleSet
    program: Program
    register: Register
    tariffs: tariff_files.TariffBook
    routes: Routes
    problems: tuple[Problem, ...]
    stamp: tuple[tuple[str, int, int], ...]
    folder: Path | None = None

    @cached_property
    def tariff_warnings(self) -> Mapping[str, list[Problem]]:
        """What AFIR does not allow, by tariff; made when somebody first looks: it asks every connector."""
        return warnings_by_tariff(tariff_files.paths_of(self.folder), self.register) if self.folder else {}


EMPTY = InForce(
    rules=rule_files.built_in(),
    program=compile_rules(rule_files.built_in().rules),
    register=Register(),
    tariffs=tariff_files.TariffBook(),
    routes=Routes(),
    problems=(),
    stamp=(),
)
"""What is in force when there are no files: only the service itself is watched, nobody is told, nothing is priced."""


def load(settings: Settings, previous: InForce | None = None, kept: LastGood | None = None) -> InForce:
    """Read everything under `paths.rules`; a broken part stays as in `previous` and is a problem.

    At the start a broken part is as `kept` has it, else empty; of rules those without a mistake are taken.

    Returns `previous` itself when no file has changed since.
    """
    folder = settings.paths.rules
    stamp = _stamp(folder)
    if previous is not None and previous.stamp == stamp:
        return previous
    problems: list[Problem] = []

    def take(part: str, read: Callable[[Path], T], last_good: T) -> T:
        try:
            taken = read(folder)
        except FileProblems as error:
            problems.extend(error.problems)
            return last_good if previous or not kept else _of_copy(read, kept.folder, last_good)
        if kept:
            kept.keep(folder, part)
        return taken

    zone = settings.sessions.zone
    before = previous or replace(EMPTY, register=Register(default_zone=zone))
    good, mistakes = rule_files.load_good(folder, settings.evaluate.window)
    problems += mistakes
    # At the start there are no last good rules: one mistake must not cost those without any.
    ruleset = rule_files.with_built_in(good) if previous is None or not mistakes else previous.rules
    return InForce(
        rules=ruleset,
        program=before.program if ruleset is before.rules else compile_rules(ruleset.rules),
        register=take("sites.yaml", lambda root: register.load(root / "sites.yaml", zone), before.register),
        tariffs=replace(take("tariffs", tariff_files.load, before.tariffs), policy=policy_of(settings)),
        routes=take("notify.yaml", lambda root: notify_file.load(root / "notify.yaml", secrets=folder), before.routes),
        problems=tuple(sorted(problems)),
        stamp=stamp,
        folder=folder,
    )


def _of_copy(read: Callable[[Path], T], copies: Path, without: T) -> T:
    """A part as it last was good; one that a newer release does not take any more is `without`."""
    try:
        return read(copies)
    except FileProblems:
        return without


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of change of every file: cheap enough for each tick."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".yaml", ".yml", ".json"}:
            try:
                status = path.stat()
            except FileNotFoundError:  # an editor replaced it between listing and looking
                continue
            found.append((str(path), status.st_size, status.st_mtime_ns))
    return tuple(found)
