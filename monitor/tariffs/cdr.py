"""OCPI CDRs as they come from anywhere: what a price needs of them, read with the place of every mistake."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from monitor import documents
from monitor.errors import FileProblems, Problem
from monitor.tariffs import exact_json
from monitor.tariffs.leaving_out import volumes_left_out
from monitor.tariffs.values import Currency, Moment, Number, not_empty, one_of

LARGEST = 256 * 2**20
"""Bytes of a file of CDRs, which is read as a whole."""
VOLUMES = (
    "CURRENT", "ENERGY", "ENERGY_EXPORT", "ENERGY_IMPORT", "MAX_CURRENT", "MIN_CURRENT", "MAX_POWER", "MIN_POWER",
    "PARKING_TIME", "POWER", "RESERVATION_TIME", "STATE_OF_CHARGE", "TIME",
)  # fmt: skip
"""CdrDimensionType of OCPI 2.2.1 and 2.3.0."""


class Loose(BaseModel):
    """An object of somebody else's: fields beside those that count are theirs."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Volume(Loose):
    """What was used in a period, in kWh, hours, kW or A. Energy, power and current may flow back, time does not."""

    type: Annotated[str, one_of(*VOLUMES)]
    volume: Number

    @model_validator(mode="after")
    def _time_goes_forward(self) -> "Volume":
        if self.type.endswith("TIME") and self.volume < 0:
            raise ValueError(f"{self.type} {self.volume} is below 0; a time cannot be")
        return self


class ChargingPeriod(Loose):
    """It ends where the next begins, the last one with the CDR."""

    start_date_time: Moment
    dimensions: Annotated[tuple[Volume, ...], Field(strict=False), BeforeValidator(lambda given: given or ())] = ()
    tariff_id: str | None = None

    def volume(self, name: str) -> Decimal | None:
        """The volume of a type, summed where it is given more than once; None: not given."""
        found = [each.volume for each in self.dimensions if each.type == name]
        return sum(found, Decimal(0)) if found else None


class Cdr(Loose):
    """A charge detail record; `tariffs` as they stand in the file, checked by who prices."""

    start_date_time: Moment
    end_date_time: Moment
    currency: Currency
    charging_periods: Annotated[tuple[ChargingPeriod, ...], Field(strict=False), AfterValidator(not_empty)]
    id: str | None = None
    tariffs: list[Any] | None = None
    total_cost: Any = None
    total_fixed_cost: Any = None
    total_energy_cost: Any = None
    total_time_cost: Any = None
    total_parking_cost: Any = None
    total_reservation_cost: Any = None
    total_energy: Number | None = None
    total_time: Number | None = None
    total_parking_time: Number | None = None


@dataclass(frozen=True)
class Text:
    """A JSON text in a file: where it begins (lines before it), to find places again."""

    file: str
    text: str
    lines_before: int = 0


@dataclass(frozen=True)
class FoundCdr:
    """A CDR, its plain content, and where it stands. `said`: what was left out of it."""

    cdr: Cdr
    content: dict[str, Any]
    source: Text
    path: tuple[str | int, ...]
    said: tuple[str, ...] = ()


def read(path: Path, *, leave_out: bool = False) -> tuple[list[FoundCdr], bool]:
    """The CDRs of a file: one object, an array, or one a line; and whether it can hold several.

    `leave_out`: volumes that OCPI does not know are no mistake. Raises FileProblems with the mistakes of all of them.
    """
    text = documents.text_of(path, str(path), LARGEST, "utf-8-sig")
    problems: list[Problem] = []
    found: list[FoundCdr] = []
    pieces, several = _pieces(Text(str(path), text))
    for source, where, content in pieces:
        kept, said = volumes_left_out(content, VOLUMES) if leave_out else (content, [])
        try:
            found.append(FoundCdr(Cdr.model_validate(kept), content, source, where, tuple(said)))
        except ValidationError:
            problems += mistakes(source, Cdr, content, where, kept)
    if problems:
        raise FileProblems(problems)
    return found, several


def mistakes(
    source: Text, model: type[BaseModel], content: Any, path: tuple[str | int, ...], kept: Any
) -> list[Problem]:
    """The mistakes of `content`, which stands at `path` of the text, with their places; read again to find them.

    Only those that `kept` has too, which is `content` without what may be left out: its own places are others.
    """
    document = documents.parse(source.text, source.file)
    left = {(problem.code, problem.message) for problem in _problems(document, model, kept, path)}
    found = [each for each in _problems(document, model, content, path) if (each.code, each.message) in left]
    return [_moved(problem, source) for problem in found]


def _problems(
    document: documents.Document, model: type[BaseModel], content: Any, path: tuple[str | int, ...]
) -> list[Problem]:
    try:
        documents.validate(document, model, content, path)
    except FileProblems as error:
        return list(error.problems)
    return []


def _pieces(source: Text) -> tuple[list[tuple[Text, tuple[str | int, ...], Any]], bool]:
    try:
        content = exact_json.loads(source.text)
    except ValueError as error:
        lines = [(number, line) for number, line in enumerate(source.text.splitlines()) if line.strip()]
        if len(lines) > 1 and lines[0][1].strip().endswith("}"):
            return list(_one_a_line(source, lines)), True
        raise FileProblems([_syntax(source, error)]) from error
    if isinstance(content, list):
        return [(source, (index,), item) for index, item in enumerate(content)], True
    return [(source, (), content)], False


def _one_a_line(source: Text, lines: list[tuple[int, str]]) -> Iterator[tuple[Text, tuple[str | int, ...], Any]]:
    problems = []
    for number, line in lines:
        piece = Text(source.file, line, number)
        try:
            yield piece, (), exact_json.loads(line)
        except ValueError as error:
            problems.append(_syntax(piece, error))
    if problems:
        raise FileProblems(problems)


def _syntax(source: Text, error: ValueError) -> Problem:
    line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
    what = getattr(error, "msg", str(error))
    return _moved(Problem(source.file, line, column, "syntax", f"no JSON: {what}"), source)


def _moved(problem: Problem, source: Text) -> Problem:
    return Problem(
        problem.file,
        problem.line + source.lines_before,
        problem.column,
        problem.code,
        problem.message,
        problem.severity,
    )


def ends(cdr: Cdr) -> list[datetime]:
    """When each period ends, in their order."""
    return [*(period.start_date_time for period in cdr.charging_periods[1:]), cdr.end_date_time]
