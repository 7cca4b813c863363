"""`laddvakt check`: every mistake of operators' files, whether they lie in a `rules/` folder or anywhere else."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path

from monitor import documents, register
from monitor.alerts import notify_file
from monitor.authoring.afir import afir_warnings
from monitor.config import Settings
from monitor.documents import Document, nearest
from monitor.errors import FileProblems, Problem
from monitor.register import Register
from monitor.rules import files as rule_files
from monitor.tariffs import files as tariff_files

KINDS = {
    "rules": "rules",
    "tariffs": "tariffs",
    "assign": "tariffs",
    "elements": "tariffs",
    "sites": "sites",
    "operator": "sites",
    "receivers": "notify",
    "routes": "notify",
    "rotas": "notify",
    "default": "notify",
}
"""Top-level key -> kind of file."""


def check_paths(paths: Iterable[Path], settings: Settings) -> tuple[Problem, ...]:
    """All mistakes in `paths`: folders are laid out as `paths.rules`, the top-level key tells the kind of a file.

    What a file names in another (a rule, a tariff) may stand in any of the files, or in the configuration in force.
    """
    problems: list[Problem] = []
    files: dict[str, list[Document]] = defaultdict(list)
    for path in paths:
        if path.is_dir():
            problems += _check_folder(path, settings)
            continue
        try:
            document = documents.read(path)
            files[_kind(document)].append(document)
        except FileProblems as error:
            problems += error.problems
    return tuple(sorted([*problems, *_check_files(files, settings)]))


def _check_folder(folder: Path, settings: Settings) -> list[Problem]:
    found = [
        *_problems(lambda: rule_files.load(folder, settings.evaluate.window)),
        *_problems(lambda: tariff_files.load(folder)),
        *_problems(lambda: register.load(folder / "sites.yaml", settings.sessions.zone)),
        *_problems(lambda: notify_file.load(folder / "notify.yaml")),
    ]
    found += afir_warnings(tariff_files.paths_of(folder), _register(folder, settings))
    return [_seen_from_here(problem, folder) for problem in found]


def _check_files(files: Mapping[str, list[Document]], settings: Settings) -> list[Problem]:
    in_force = settings.paths.rules
    found: list[Problem] = []
    if rules := files.get("rules"):
        elsewhere = _in_force(lambda: [rule.id for rule in rule_files.load(in_force, settings.evaluate.window).rules])
        found += _problems(lambda: rule_files.parse_rules(*rules, window=settings.evaluate.window, known=elsewhere))
    if tariffs := files.get("tariffs"):
        known = _in_force(lambda: tariff_files.load(in_force).tariffs)
        paths = {each.file: Path(each.file) for each in tariffs}
        found += _problems(lambda: tariff_files.load_files(paths, known))
        found += afir_warnings(paths, _register(in_force, settings))
    for document in files.get("sites", []):
        found += _problems(partial(documents.validate, document, register.RegisterFile))
    for document in files.get("notify", []):
        found += _problems(partial(notify_file.parse, document))
    return found


def _register(folder: Path, settings: Settings) -> Register:
    """What it says; when sites.yaml is broken, its own check says so."""
    try:
        return register.load(folder / "sites.yaml", settings.sessions.zone)
    except FileProblems:
        return Register()


def _in_force(ids: Callable[[], Collection[str]]) -> Collection[str]:
    """What the configuration in force knows; when that is broken itself, its own check says so."""
    try:
        return ids()
    except FileProblems:
        return ()


def _kind(document: Document) -> str:
    """Raises FileProblems when no top-level key tells it."""
    if isinstance(document.content, list):  # an array of OCPI Tariff objects
        return "tariffs"
    keys = list(document.content) if isinstance(document.content, dict) else []
    for key in keys:
        if key in KINDS:
            return KINDS[key]
    hint = nearest(keys[0], KINDS) if keys else f"; known: {', '.join(sorted(KINDS))}"
    raise FileProblems([document.problem((), "unknown-kind", f"no key tells what kind of file this is{hint}")])


def _problems(read: Callable[[], object]) -> list[Problem]:
    try:
        read()
    except FileProblems as error:
        return list(error.problems)
    return []


def _seen_from_here(problem: Problem, folder: Path) -> Problem:
    """Loaders name files relative to the folder; who typed the command wants a path that an editor can open."""
    path = Path(problem.file)
    named = path if path.is_relative_to(folder) else folder / path
    return Problem(str(named), problem.line, problem.column, problem.code, problem.message, problem.severity)
