"""`rules/tariffs/*.yaml|json`: tariffs, and which of them a connector has for whom and when."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from monitor import documents
from monitor.documents import Document, Path_, Strict, nearest
from monitor.errors import FileProblems, Problem
from monitor.ids import Place
from monitor.tariffs.history import History, in_force, version_of
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.rounding import PER_TOTAL, Policy
from monitor.tariffs.values import LocalDate

Current = Literal["AC", "DC"]
SUFFIXES = (".yaml", ".yml", ".json")


def _name(value: object) -> object:
    # As in sites.yaml, where stations and connectors may be written as numbers.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Glob = Annotated[str, BeforeValidator(_name)]


class Assignment(Strict):
    """Who gets a tariff: what is given must fit. Names are globs; `from` is inclusive, `to` exclusive; both local."""

    tariff: str
    site: Glob | None = None
    station: Glob | None = None
    connector: Glob | None = None
    current: Current | None = None
    group: Glob | None = None
    first: LocalDate | None = Field(default=None, alias="from")
    end: LocalDate | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _dates_in_order(self) -> "Assignment":
        if self.first and self.end and self.first >= self.end:
            raise ValueError(f"from {self.first} is not before to {self.end} (which is exclusive): this never holds")
        return self

    def fits(self, place: Place, current: Current | None, group: str | None, day: date) -> bool:
        """Whether this is for a session there and then. What is not known fits no condition on it."""
        dates_fit = (self.first is None or self.first <= day) and (self.end is None or day < self.end)
        return self.fits_place(place, current) and _matches(self.group, group) and dates_fit

    def fits_place(self, place: Place, current: Current | None) -> bool:
        """Whether this is for a connector, for somebody at some time."""
        globs = ((self.site, place.site), (self.station, place.station), (self.connector, place.connector))
        return all(_matches(glob, name) for glob, name in globs) and self.current in {None, current}

    def __str__(self) -> str:
        said = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"tariff"})
        return ", ".join(f"{key} {value}" for key, value in said.items()) or "everything else"


class TariffFile(Strict):
    """A file with assignments; a file may also be one OCPI Tariff object or an array of them."""

    tariffs: list[Tariff] = Field(default_factory=list)
    assign: list[Assignment] = Field(default_factory=list)


@dataclass(frozen=True)
class Assigned:
    """The tariff of a session, and which line of which file gave it."""

    tariff: Tariff
    reason: str


@dataclass(frozen=True)
class PlacedAssignment:
    """An assignment and where it stands: `tariffs/public.yaml:42`."""

    assignment: Assignment
    where: str


@dataclass(frozen=True)
class TariffBook:
    """All tariffs by id, and the assignments in the order in which they are asked: files by name, then as written."""

    tariffs: Mapping[str, Tariff] = field(default_factory=dict)
    assignments: tuple[PlacedAssignment, ...] = ()
    policy: Policy = PER_TOTAL
    history: History = field(default_factory=dict)

    def tariff_for(
        self, place: Place, current: Current | None, group: str | None, at: datetime, zone: tzinfo | None = None
    ) -> Assigned | None:
        """The first assignment that fits and whose tariff is valid `at` (aware; the start of the session), or None.

        The tariff is in the version that was in force then. Dates of
        assignments are local to `zone`; without one, to the zone that `at` carries.
        """
        day = (at.astimezone(zone) if zone else at).date()
        for placed in self.assignments:
            tariff = in_force(self.history, self.tariffs[placed.assignment.tariff], at)
            if placed.assignment.fits(place, current, group, day) and is_valid(tariff, at):
                return Assigned(tariff, f"{placed.where}: {placed.assignment}")
        return None

    def version(self, tariff_id: str, version: str) -> Tariff | None:
        """The content that a bill names; None: it was never kept."""
        current = self.tariffs.get(tariff_id)
        return current if current and current.version == version else version_of(self.history, tariff_id, version)

    def possible(self, place: Place, current: Current | None) -> set[str]:
        """The ids of the tariffs that somebody may have at a connector at some time."""
        found = set()
        for placed in self.assignments:
            assignment = placed.assignment
            if assignment.fits_place(place, current):
                found.add(assignment.tariff)
                if assignment.group is None and assignment.first is None and assignment.end is None:
                    break  # what stands behind it is for nobody
        return found


def load(folder: Path) -> TariffBook:
    """Read `folder/tariffs`; without it an empty book; raise FileProblems with every mistake of all files."""
    return load_files(paths_of(folder))


def paths_of(folder: Path) -> dict[str, Path]:
    """The files of `folder/tariffs`, in the order of their names, under the names that errors carry."""
    paths = sorted(path for path in (folder / "tariffs").glob("*") if path.suffix in SUFFIXES)
    return {f"tariffs/{path.name}": path for path in paths}


def load_files(paths: Mapping[str, Path], known: Collection[str] = ()) -> TariffBook:
    """The book of files wherever they are, under the names that errors and reasons carry.

    `known`: ids of tariffs elsewhere that assignments may name; the book is then good for checking alone.
    """
    problems: list[Problem] = []
    read: list[tuple[Document, TariffFile, list[Path_]]] = []
    for name, path in paths.items():
        try:
            document = documents.read(path, name=name)
            read.append((document, *parse(document)))
        except FileProblems as error:
            problems += error.problems
    tariffs: dict[str, Tariff] = {}
    for document, file, places in read:
        problems += _collect(document, file.tariffs, places, tariffs)
    # While a file is broken its tariffs are not known, and nobody can tell whether a name exists.
    if not problems:
        problems += [each for document, file, _ in read for each in _unknown(document, file, {*tariffs, *known})]
    if problems:
        raise FileProblems(problems)
    placed = tuple(
        _place(document, index, each) for document, file, _ in read for index, each in enumerate(file.assign)
    )
    return TariffBook(tariffs, placed)


def parse(document: Document) -> tuple[TariffFile, list[Path_]]:
    """A file in any of its three shapes, and the path of each of its tariffs."""
    content = document.content
    if isinstance(content, list):
        return TariffFile(tariffs=_array(document, content)), [(index,) for index in range(len(content))]
    if isinstance(content, dict) and "elements" in content:
        return TariffFile(tariffs=[documents.validate(document, Tariff)]), [()]
    file = documents.validate(document, TariffFile)
    return file, [("tariffs", index) for index in range(len(file.tariffs))]


def _array(document: Document, content: list[object]) -> list[Tariff]:
    tariffs: list[Tariff] = []
    problems: list[Problem] = []
    for index, item in enumerate(content):
        try:
            tariffs.append(documents.validate(document, Tariff, item, (index,)))
        except FileProblems as error:
            problems += error.problems
    if problems:
        raise FileProblems(problems)
    return tariffs


def _collect(
    document: Document, found: Iterable[Tariff], places: list[Path_], tariffs: dict[str, Tariff]
) -> list[Problem]:
    """Add a file's tariffs; return one problem for each id that was there already."""
    problems = []
    for tariff, path in zip(found, places, strict=True):
        if tariff.id in tariffs:
            message = f"tariff {tariff.id!r} exists already; give this one another id"
            problems.append(document.problem((*path, "id"), "duplicate-tariff", message))
        tariffs.setdefault(tariff.id, tariff)
    return problems


def _unknown(document: Document, file: TariffFile, tariffs: Collection[str]) -> list[Problem]:
    return [
        document.problem(
            ("assign", index, "tariff"),
            "unknown-tariff",
            f"no tariff has the id {assignment.tariff!r}{nearest(assignment.tariff, tariffs)}",
        )
        for index, assignment in enumerate(file.assign)
        if assignment.tariff not in tariffs
    ]


def _place(document: Document, index: int, assignment: Assignment) -> PlacedAssignment:
    line = document.problem(("assign", index), "place", "").line
    return PlacedAssignment(assignment, f"{document.file}:{line}")


def _matches(glob: str | None, name: str | None) -> bool:
    return glob is None or (name is not None and fnmatchcase(name, glob))


def is_valid(tariff: Tariff, at: datetime) -> bool:
    """OCPI's own validity: from `start_date_time` on, until before `end_date_time`."""
    begun = tariff.start_date_time is None or tariff.start_date_time <= at
    return begun and (tariff.end_date_time is None or at < tariff.end_date_time)
