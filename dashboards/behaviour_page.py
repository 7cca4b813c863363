"""The page on how people use a site: maps of the week, distributions, problems, returning users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

from flask import url_for

from dashboards import formats
from dashboards.heat import Heat, heat
from dashboards.insight_page import Filters, read_filters
from dashboards.language import gettext
from dashboards.parameters import Parameters
from dashboards.sources import Service
from dashboards.words import word
from monitor.insight.behaviour import Behaviour
from monitor.insight.figures import BY_NAME, Figure, of_kind
from monitor.insight.seasons import Season

SEASONS: tuple[Season, ...] = get_args(Season)


@dataclass(frozen=True)
class Bar:
    """One bin of a distribution; `width` in percent of the largest, None where its count is not told."""

    name: str
    count: str
    width: float | None


@dataclass(frozen=True)
class BehaviourPage:
    """Everything that it shows."""

    filters: Filters
    season: Season | None
    seasons: Sequence[tuple[str, str]]
    found: Behaviour
    maps: Sequence[tuple[Figure, Heat]]
    distributions: Sequence[tuple[str, Sequence[Bar]]]
    problems: Sequence[tuple[Figure, int | None]]
    users: Sequence[Bar]
    figures: Sequence[Figure]
    csv: str
    json: str


def behaviour_page(source: Service, parameters: Parameters) -> BehaviourPage:
    """By the filters of the address."""
    filters = read_filters(source, parameters)
    season = parameters.choice("season", SEASONS)
    found = source.insight.behaviour(source.register, filters.chosen, source.now(), season)
    shown = {
        "arrivals_by_hour": (found.arrivals_by_hour, lambda value: formats.number(value, 2)),
        "stay_by_hour": (found.stay_by_hour, lambda value: formats.span(value and timedelta(seconds=value))),
        "energy_by_hour": (found.energy_by_hour, formats.energy),
        "idle_by_hour": (found.idle_by_hour, lambda value: formats.percent(value and 100 * value)),
    }
    distributions = (
        (gettext("Plugged in, minutes"), found.stays), (gettext("Energy, kWh"), found.energies),
        (gettext("State of charge in, percent"), found.soc_in),
        (gettext("State of charge out, percent"), found.soc_out),
    )  # fmt: skip
    asked = {**filters.asked, **({"season": season} if season else {})}
    return BehaviourPage(
        filters=filters,
        season=season,
        seasons=[(name, word("season", name)) for name in SEASONS],
        found=found,
        maps=[(BY_NAME[name], heat(*its)) for name, its in shown.items() if any(its[0])],
        distributions=[(title, bars(bins)) for title, bins in distributions if any(bins.values())],
        problems=[(BY_NAME[name], count) for name, count in found.problems.items()],
        users=bars(found.returning.cells),
        figures=of_kind("behaviour"),
        csv=url_for("api.behaviour", format="csv", **asked),  # type: ignore[arg-type]
        json=url_for("api.behaviour", **asked),  # type: ignore[arg-type]
    )


def bars(bins: Mapping[str, int | None]) -> list[Bar]:
    """A distribution as bars."""
    most = max((count for count in bins.values() if count is not None), default=0)
    return [
        Bar(
            name,
            gettext("under 5") if count is None else formats.number(count),
            None if count is None else round(100 * count / most, 1) if most else 0.0,
        )
        for name, count in bins.items()
    ]
