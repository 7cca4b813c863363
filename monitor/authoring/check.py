"""`laddvakt check`: every mistake of operators' files, whether they lie in a `rules/` folder or anywhere else."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from monitor import documents, register
from monitor.alerts import notify_file
from monitor.alerts.routes import Routes
from monitor.authoring.afir import afir_warnings
from monitor.authoring.pitfalls import pitfalls
from monitor.authoring.reach import idle_maintenance, missing_languages, unknown_services, unreachable
from monitor.authoring.replay import Files
from monitor.authoring.rule_sense import negative_thresholds, rule_sense
from monitor.authoring.rule_tests import cases
from monitor.authoring.selection import selected, selection_problems
from monitor.authoring.site_sense import site_sense
from monitor.authoring.text_sense import text_sense
from monitor.config import Settings
from monitor.documents import Document, nearest
from monitor.errors import FileProblems, Problem
from monitor.register import Register
from monitor.rules import files as rule_files
from monitor.rules.files import Written
from monitor.rules.model import Rule
from monitor.tariffs import files as tariff_files

T = TypeVar("T")
Kind = Literal["rules", "tariffs", "sites", "notify", "tests"]
KINDS: Mapping[str, Kind] = {
    "tests": "tests",  # before the keys that such a file may have, too
    "rules": "rules",
    "tariffs": "tariffs",
    "assign": "tariffs",
    "elements": "tariffs",
    "sites": "sites",
    "operator": "sites",
    "receivers": "notify",
    "routes": "notify",
    "default": "notify",
    "rotas": "notify",
    "maintenance": "notify",
}
"""Top-level key -> kind of file."""

_FOLDER: Mapping[str, Kind] = {
    "alerts/*.yaml": "rules",
    "tests/*.yaml": "tests",
    "tariffs/*.yaml": "tariffs",
    "tariffs/*.json": "tariffs",
    "sites.yaml": "sites",
    "notify.yaml": "notify",
}
"""What stands where in a folder laid out as `paths.rules`."""


def check_paths(paths: Iterable[Path], settings: Settings) -> tuple[Problem, ...]:
    """All mistakes in `paths`: folders are laid out as `paths.rules`, the top-level key tells the kind of a file.

    What a file names in another (a rule, a tariff, a site) may stand in any of the files, or in the configuration in
    force; for a folder only what stands in it counts.
    """
    problems: list[Problem] = []
    files: dict[Kind, list[Document]] = defaultdict(list)
    for path in paths:
        if path.is_dir():
            problems += _Check(_of_folder(path, problems), path, settings).problems()
        elif (document := _read(path, problems)) is not None:
            try:
                files[kind_of(document)].append(document)
            except FileProblems as error:
                problems += error.problems
    if files:
        problems += _Check(files, settings.paths.rules, settings).problems()
    return tuple(sorted(set(problems)))


def check_documents(found: Sequence[Document], settings: Settings) -> tuple[Problem, ...]:
    """The same of files at hand, of which none has to stand on a disk."""
    files: dict[Kind, list[Document]] = defaultdict(list)
    for document in found:
        files[kind_of(document)].append(document)
    return tuple(sorted(set(_Check(files, settings.paths.rules, settings).problems())))


def _of_folder(folder: Path, problems: list[Problem]) -> dict[Kind, list[Document]]:
    files: dict[Kind, list[Document]] = defaultdict(list)
    for glob, kind in _FOLDER.items():
        for path in sorted(folder.glob(glob)):
            if (document := _read(path, problems)) is not None:
                files[kind].append(document)
    return files


def _read(path: Path, problems: list[Problem]) -> Document | None:
    try:
        return documents.read(path)
    except FileProblems as error:
        problems += error.problems
        return None


def kind_of(document: Document) -> Kind:
    """What kind of file it is; raises FileProblems when no top-level key tells it."""
    if isinstance(document.content, list):
        if not any(isinstance(entry, dict) and {"when", "on", "title"} & entry.keys() for entry in document.content):
            return "tariffs"  # an array of OCPI Tariff objects
        message = "rules stand under a key: write `rules:` above them and indent them"
        raise FileProblems([document.problem((), "unknown-kind", message)])
    keys = list(document.content) if isinstance(document.content, dict) else []
    for key, kind in KINDS.items():
        if key in keys:
            return kind
    hint = nearest(keys[0], KINDS) if keys else f"; known: {', '.join(sorted(KINDS))}"
    raise FileProblems([document.problem((), "unknown-kind", f"no key tells what kind of file this is{hint}")])


class _Check:
    """Files that are checked together, against each other and what stands in `folder`."""

    def __init__(self, files: Mapping[Kind, Sequence[Document]], folder: Path, settings: Settings) -> None:
        self._files = files
        self._folder = folder
        self._settings = settings
        self._found: list[Problem] = []

    def problems(self) -> list[Problem]:
        """Everything that is wrong with the files, and what makes no sense in them."""
        sites = self._sites()
        nothing: tuple[Rule, ...] = ()
        known = _in_force(lambda: rule_files.load(self._folder, self._settings.evaluate.window).rules, nothing)
        elsewhere = (*known, *rule_files.built_in().rules)
        written = rule_files.written(self._of("rules"), self._settings.evaluate.window, self._found, elsewhere)
        own = (*(each.rule for each in written), *known)
        # Without rules at hand nobody can say which alerts there are.
        book = self._routes((*own, *rule_files.built_in().rules) if own else (), sites)
        self._sense(written, sites, book)
        if len(written) == self._entries():  # a rule that cannot be read is no rule that does not exist
            self._tests(Files((*own, *rule_files.built_in().rules), book, sites))
        self._tariffs(sites)
        self._pitfalls()
        return self._found

    def _of(self, kind: Kind) -> Sequence[Document]:
        return self._files.get(kind, ())

    def _sites(self) -> Register:
        """The register of the files, else the one in force; when it is broken, nothing is held against it."""
        for document in self._of("sites"):
            self._found += site_sense(document)
        zone = self._settings.sessions.zone
        try:
            for document in self._of("sites"):
                return register.parse(document, zone)
        except FileProblems as error:
            self._found += error.problems
            return Register()
        return _in_force(lambda: register.load(self._folder / "sites.yaml", zone), Register())

    def _routes(self, rules: Sequence[Rule], sites: Register) -> Routes:
        for document in self._of("notify"):
            try:
                found = notify_file.parse(document)
            except FileProblems as error:
                self._found += error.problems
                return Routes()
            self._found += unreachable(document, found, rules, sites)
            self._found += idle_maintenance(document, found, rules, sites)
            self._found += unknown_services(document, found)
            return found
        return _in_force(lambda: notify_file.load(self._folder / "notify.yaml"), Routes())

    def _sense(self, written: Sequence[Written], sites: Register, book: Routes) -> None:
        for each in written:
            self._found += rule_sense(each, self._settings.evaluate.interval)
            self._found += text_sense(each)
            self._found += selection_problems(each, sites)
            self._found += missing_languages(each, book)
            if not any(connector.bidirectional for _, connector in selected(each, sites)):
                self._found += negative_thresholds(each)

    def _entries(self) -> int:
        """How many rules stand in the files, wrong ones, too."""
        contents = (document.content for document in self._of("rules"))
        return sum(len(each.get("rules") or ()) for each in contents if isinstance(each, dict))

    def _tests(self, files: Files) -> None:
        for document in self._of("tests"):
            self._found += _problems(partial(cases.read, document, files))

    def _tariffs(self, sites: Register) -> None:
        paths = {document.file: Path(document.file) for document in self._of("tariffs")}
        if paths:
            known: Collection[str] = _in_force(lambda: tariff_files.load(self._folder).tariffs, ())
            self._found += _problems(lambda: tariff_files.load_files(paths, known))
            self._found += afir_warnings(paths, sites)

    def _pitfalls(self) -> None:
        """Where nothing else is wrong already: a value of the wrong type says enough."""
        told = {(problem.file, problem.line, problem.column) for problem in self._found}
        for document in (document for found in self._files.values() for document in found):
            if not document.file.endswith(".json"):
                self._found += [p for p in pitfalls(document) if (p.file, p.line, p.column) not in told]


def _problems(read: Callable[[], object]) -> list[Problem]:
    try:
        read()
    except FileProblems as error:
        return list(error.problems)
    return []


def _in_force(read: Callable[[], T], otherwise: T) -> T:
    """What stands in the folder; when that is broken itself, its own check says so."""
    try:
        return read()
    except FileProblems:
        return otherwise
