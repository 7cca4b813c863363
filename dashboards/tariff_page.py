"""What the tariffs page shows: each tariff in force in words, its versions, who has it, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dashboards import context
from dashboards.language import ngettext
from dashboards.parameters import BadParameter, Parameters
from dashboards.sources import Service
from monitor.errors import Problem
from monitor.tariffs.describe import describe
from monitor.tariffs.examples import examples
from monitor.tariffs.files import PlacedAssignment
from monitor.tariffs.history import Versioned
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.words import LANGUAGES

PAGE = 15


@dataclass(frozen=True)
class Told:
    """A tariff in one language."""

    language: str
    words: tuple[str, ...]
    examples: tuple[str, ...]
    alt_text: tuple[str, ...]


@dataclass(frozen=True)
class TariffRow:
    """One tariff in force; `told` begins with the reader's language. `since` None: as long as anybody knows."""

    tariff: Tariff
    told: tuple[Told, ...]
    since: datetime | None
    versions: Sequence[Versioned]
    assignments: Sequence[PlacedAssignment]
    warnings: Sequence[Problem]


@dataclass(frozen=True)
class TariffsPage:
    """Everything on the page."""

    title: str
    problems: tuple[Problem, ...]
    rows: list[TariffRow]
    zone: ZoneInfo
    first: bool
    older: str | None


def tariffs_page(source: Service, parameters: Parameters) -> TariffsPage:
    """The tariffs in force, in the order of their files."""
    after = parameters.text("before")
    following = ids_after(list(source.tariffs.tariffs), after)
    shown = following[:PAGE]
    problems = source.rules.in_force.problems
    return TariffsPage(
        title=ngettext("%(num)s tariff in force", "%(num)s tariffs in force", len(source.tariffs.tariffs)),
        problems=tuple(problem for problem in problems if problem.file.startswith("tariffs/")),
        rows=[tariff_row(source, tariff_id) for tariff_id in shown],
        zone=context.home_zone(),
        first=after is None,
        older=context.page_url(before=shown[-1]) if len(following) > PAGE else None,
    )


def ids_after(known: list[str], after: str | None) -> list[str]:
    """The ids behind that one, None: all; raises BadParameter when there is none of this id."""
    if after is None:
        return known
    if after not in known:
        raise BadParameter("before", f"no tariff has the id {after!r}")
    return known[known.index(after) + 1 :]


def tariff_row(source: Service, tariff_id: str) -> TariffRow:
    """One tariff; raises KeyError when there is none of this id."""
    book, zone = source.tariffs, context.home_zone()
    tariff = book.tariffs[tariff_id]
    versions = book.history.get(tariff_id, ())
    today = source.now().astimezone(zone).date()
    languages = sorted(LANGUAGES, key=lambda language: language != context.language())
    return TariffRow(
        tariff=tariff,
        told=tuple(_told(tariff, language, zone, today) for language in languages),
        since=versions[-1].since if versions and versions[-1].tariff.version == tariff.version else None,
        versions=versions,
        assignments=[placed for placed in book.assignments if placed.assignment.tariff == tariff_id],
        warnings=source.rules.in_force.tariff_warnings.get(tariff_id, ()),
    )


@lru_cache(maxsize=1024)
def _told(tariff: Tariff, language: str, zone: ZoneInfo, day: date) -> Told:
    texts = [text.text for text in tariff.tariff_alt_text or () if text.language == language]
    return Told(
        language, tuple(describe(tariff, language, zone)), tuple(examples(tariff, language, zone, day)), tuple(texts)
    )
