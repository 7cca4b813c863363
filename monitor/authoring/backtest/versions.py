"""Which files are tried: those in force, files at hand, a folder, or the rules folder at a git revision."""

import io
import subprocess  # nosec B404
import tarfile
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from monitor import documents, register
from monitor.alerts import notify_file
from monitor.authoring import in_force
from monitor.authoring.check import kind_of
from monitor.authoring.replay import Files
from monitor.config import Settings
from monitor.documents import Document, nearest
from monitor.errors import FileProblems, InputError, Problem
from monitor.rules import files as rule_files
from monitor.rules.model import Rule


@dataclass(frozen=True)
class Version:
    """Files that are tried, and the rules that it is about: the others are there because they inhibit them."""

    files: Files
    reported: frozenset[str]

    def only(self, rules: Collection[str]) -> "Version":
        """About these alone, as far as it has them."""
        return _version(self.files, self.reported & set(rules))


def version_of(paths: Sequence[Path], settings: Settings) -> Version:
    """The files in force; or those of `paths` (files of any kind, or folders laid out as `rules/`), for which the ones
    in force stand in where they have none. Raises FileProblems with every mistake in them.
    """
    present = _folder(settings.paths.rules, settings)
    if not paths:
        return _version(present, {rule.id for rule in present.rules})
    found, rules, problems = present, list[Rule](), list[Problem]()
    written: list[Document] = []
    for path in paths:
        try:
            if path.is_dir():
                found, own = _with_folder(found, path, settings)
                rules += own
            else:
                document = documents.read(path)
                if kind_of(document) == "rules":
                    written.append(document)
                found = _with_file(found, document)
        except FileProblems as error:
            problems += error.problems
    known = [*rules, *present.rules, *rule_files.built_in().rules]
    rules += [one.rule for one in rule_files.written(written, settings.evaluate.window, problems, known)]
    if problems:
        raise FileProblems(problems)
    ids = {rule.id for rule in rules}
    elsewhere = [rule for rule in present.rules if rule.id not in ids]
    return _version(replace(found, rules=(*rules, *elsewhere)), ids or {rule.id for rule in present.rules})


def chosen(version: Version, rules: Collection[str]) -> Version:
    """The version about these rules alone; raises InputError for one that it does not have."""
    for rule in rules:
        if rule not in version.reported:
            raise InputError(f"there is no rule {rule!r} about places{nearest(rule, version.reported)}")
    return version.only(rules) if rules else version


@contextmanager
def folder_at(against: str, settings: Settings) -> Iterator[Path]:
    """A path as it is; else the rules folder as it was at a git revision, as long as the `with` lasts."""
    if Path(against).exists():
        yield Path(against)
        return
    folder = settings.paths.rules
    if against.startswith("-"):
        raise InputError(f"--against {against!r} is no path and no git revision")
    asked = ["git", "-C", str(folder), "archive", "--format=tar", against]
    try:
        # An argument list, without a shell; a revision cannot be an option (above).
        made = subprocess.run(asked, capture_output=True, check=False)  # noqa: S603  # nosec B603
    except FileNotFoundError as error:
        raise InputError(
            f"--against {against!r} is no path here, and there is no git to look for a revision"
        ) from error
    if made.returncode:
        said = made.stderr.decode(errors="replace").strip().splitlines()
        reason = said[-1] if said else "git failed"
        raise InputError(f"--against {against!r} is no path here, and no git revision of {folder}: {reason}")
    with (
        tempfile.TemporaryDirectory(prefix="laddvakt-against-") as name,
        tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive,
    ):
        archive.extractall(name, filter="data")
        _link_secrets(folder, Path(name))
        yield Path(name)


def _link_secrets(present: Path, past: Path) -> None:
    """Files that notify.yaml names are not under version control: those of now stand in."""
    for path in present.rglob("*"):
        there = past / path.relative_to(present)
        if path.is_file() and path.suffix not in {".yaml", ".yml", ".json"} and not there.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            there.symlink_to(path.resolve())


def _folder(path: Path, settings: Settings) -> Files:
    found = in_force.load(settings.model_copy(update={"paths": settings.paths.model_copy(update={"rules": path})}))
    if found.problems:
        raise FileProblems(found.problems)
    return Files(tuple(rule for rule in found.rules.rules if rule.on != "source"), found.routes, found.register)


def _with_folder(present: Files, path: Path, settings: Settings) -> tuple[Files, Sequence[Rule]]:
    own = _folder(path, settings)
    routes = own.routes if (path / "notify.yaml").exists() else present.routes
    sites = own.register if (path / "sites.yaml").exists() else present.register
    return Files(present.rules, routes, sites), own.rules


def _with_file(present: Files, document: Document) -> Files:
    kind = kind_of(document)
    if kind == "notify":
        return replace(present, routes=notify_file.parse(document))
    if kind == "sites":
        return replace(present, register=register.parse(document, present.register.default_zone))
    return present


def _version(files: Files, reported: Collection[str]) -> Version:
    """Only the rules that are reported, and what inhibits them (and what inhibits these)."""
    by_id = {rule.id: rule for rule in files.rules if rule.on != "source"}
    wanted = [rule for rule in by_id.values() if rule.id in reported]
    played = {rule.id: rule for rule in wanted}
    while wanted:
        for name in wanted.pop().inhibited_by:
            if name in by_id and name not in played:
                played[name] = by_id[name]
                wanted.append(by_id[name])
    return Version(replace(files, rules=tuple(played.values())), frozenset(set(reported) & by_id.keys()))
