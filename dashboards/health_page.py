"""What the health page shows: each part of the service with its figures, the worst first in its sentence."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from dashboards import context, formats, reader
from dashboards.freshness import Freshness, freshness
from dashboards.language import gettext, ngettext
from dashboards.sources import Service, Tick
from dashboards.sparkline import Sparkline, sparkline
from monitor import __version__
from monitor.authoring.doctor import LITTLE_ROOM, free_bytes
from monitor.errors import Unavailable
from monitor.readings.store import StoreHealth

SHOWN = 5
"""Of what may be many; all of it has a page of its own."""


@dataclass(frozen=True)
class Section:
    """One part of the service: fine (`resolved`), to be looked at (`warning`) or broken (`critical`).

    `link`: its words and address; `line`: of its figure over the last ticks, and what it says.
    """

    name: str
    symbol: str
    facts: list[tuple[str, str]]
    link: tuple[str, str] | None = None
    line: tuple[Sparkline, str] | None = None


@dataclass(frozen=True)
class HealthPage:
    """Everything on the page."""

    title: str
    symbol: str
    parts: list[Section]


def health_page(source: Service) -> HealthPage:
    """The page as of now; a part that cannot be asked is shown as broken."""
    fresh = freshness(source)
    parts = [
        _store(source),
        _ticks(source, fresh),
        _mail(source),
        _rules(source),
        _intake(source),
        _unregistered(source),
        _machine(source),
    ]
    bad = [part for part in parts if part.symbol != "resolved"]
    symbol = "critical" if any(part.symbol == "critical" for part in bad) else "warning" if bad else "resolved"
    title = (
        ngettext("%(num)s part needs a look", "%(num)s parts need a look", len(bad))
        if bad
        else gettext("All parts work")
    )
    return HealthPage(title, symbol, parts)


def store_health(source: Service) -> StoreHealth:
    """The store's own account; one that is away is unreachable, not an error of the page."""
    try:
        return source.store.health()
    except Unavailable as error:
        return StoreHealth(False, {}, None, 0, 0, {"error": str(error)})


def _store(source: Service) -> Section:
    health = store_health(source)
    facts = [
        (gettext("Reachable"), gettext("yes") if health.reachable else gettext("no")),
        (gettext("Newest reading"), _moment(health.newest)),
        *((gettext("Rows of %(name)s", name=name), formats.number(count)) for name, count in health.rows.items()),
        (gettext("Late rows waiting to be merged"), formats.number(health.late_rows)),
        (gettext("Size"), f"{formats.number(health.size_bytes / 1_000_000, 1)}\u00a0MB"),
        *health.details.items(),
    ]
    return Section(gettext("Readings store"), "resolved" if health.reachable else "critical", facts)


def _ticks(source: Service, fresh: Freshness) -> Section:
    ticks = source.ticks
    symbol = "critical" if ticks.last_error or fresh.stale else "resolved" if ticks.count else "warning"
    lasted = formats.DASH if ticks.last_duration_s is None else f"{formats.number(ticks.last_duration_s, 3)}\u00a0s"
    return Section(
        gettext("Evaluation"),
        symbol,
        [
            (gettext("Last tick"), _moment(ticks.last_at)),
            (gettext("Age of the picture"), formats.span(fresh.age)),
            (gettext("Duration"), lasted),
            (gettext("Ticks since the start"), formats.number(ticks.count)),
            (gettext("Slots passed over"), formats.number(ticks.missed)),
            *([(gettext("Error"), ticks.last_error)] if ticks.last_error else []),
        ],
        line=_durations(ticks.recent),
    )


def _durations(recent: Sequence[Tick]) -> tuple[Sparkline, str] | None:
    if not recent:
        return None
    line = sparkline([(tick.at, tick.duration_s) for tick in recent], recent[0].at, recent[-1].at)
    if line is None:
        return None
    failed = sum(tick.failed for tick in recent)
    told = gettext(
        "Duration of the last %(count)s ticks: %(least)s to %(most)s s, %(failed)s failed",
        count=formats.number(len(recent)), least=formats.number(line.least, 3), most=formats.number(line.most, 3),
        failed=formats.number(failed),
    )  # fmt: skip
    return line, told


def _mail(source: Service) -> Section:
    counts, host = source.outbox.counts(source.now()), source.settings.mail.host
    symbol = "critical" if counts.dead else "warning" if counts.waiting and not host else "resolved"
    return Section(
        gettext("Mail"),
        symbol,
        [
            (gettext("Server"), f"{host}:{source.settings.mail.port}" if host else gettext("none configured")),
            (gettext("Sent"), formats.number(counts.sent)),
            (gettext("Waiting"), formats.number(counts.waiting)),
            (gettext("Oldest waiting"), formats.span(counts.oldest_age)),
            (gettext("Given up"), formats.number(counts.dead)),
        ],
        (gettext("Messages given up"), url_for("undelivered.all_")) if counts.dead else None,
    )


def _rules(source: Service) -> Section:
    rules = source.rules
    failing = sorted(rule for rule, run in rules.runs.items() if run.error)
    errors = sum(problem.severity == "error" for problem in rules.in_force.problems)
    return Section(
        gettext("Rules"),
        "critical" if errors else "warning" if failing else "resolved",
        [
            (gettext("In force"), formats.number(len(rules.in_force.rules.rules))),
            (gettext("Mistakes in files"), formats.number(errors)),
            (gettext("Failing"), ", ".join(failing) or formats.number(0)),
        ],
    )


def _intake(source: Service) -> Section:
    intake = source.intake
    unknown = sorted(intake.unknown.items(), key=lambda item: (-item[1], item[0]))
    return Section(
        gettext("Write endpoint"),
        "warning" if intake.rejected else "resolved",
        [
            (gettext("Rows stored since the start"), formats.number(intake.accepted)),
            (gettext("Lines rejected"), formats.number(intake.rejected)),
            *((gettext("Unknown name %(name)s", name=name), formats.number(count)) for name, count in unknown[:SHOWN]),
        ],
        (gettext("All unknown names"), url_for("health.names")) if unknown else None,
    )


def _unregistered(source: Service) -> Section:
    picture = source.picture
    strange = [] if picture is None else picture.unregistered
    shown = [(place.subject, gettext("sends readings; its rating is unknown")) for place in strange[:SHOWN]]
    return Section(
        gettext("Register of sites"),
        "warning" if strange else "resolved",
        [
            (gettext("Connectors registered"), formats.number(len(source.register.connectors))),
            (gettext("Not registered but heard of"), formats.number(len(strange))),
            *shown,
        ],
        (gettext("All that are not registered"), url_for("health.unregistered")) if strange else None,
    )


def _machine(source: Service) -> Section:
    free = free_bytes(source.settings.paths.var)
    schema = source.database.schema()
    return Section(
        gettext("Machine and versions"),
        "warning" if free < LITTLE_ROOM else "resolved",
        [
            (gettext("Free on the disk of %(folder)s", folder=source.settings.paths.var), _gigabytes(free)),
            ("Laddvakt", __version__),
            ("Python", platform.python_version()),
            (gettext("State database"), f"{source.database.shown}, {gettext('schema')} {schema.found}"),
        ],
        (gettext("Settings in force"), url_for("health.settings")),
    )


def _gigabytes(count: int) -> str:
    return f"{formats.number(count / 1e9, 1)}\u00a0GB"


def _moment(at: datetime | None) -> str:
    return formats.moment(at, reader.shown_zone(context.home_zone()), True)
