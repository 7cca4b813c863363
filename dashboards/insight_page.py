"""What the pages of insight share: which time and which site, and figures as people read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, get_args

from flask import request, url_for

from dashboards import context, formats
from dashboards.language import gettext, locale
from dashboards.language import lazy_gettext as _l
from dashboards.parameters import Parameters
from dashboards.performance_rows import ordered
from dashboards.session_list import day_of, days_of
from dashboards.sources import Service
from monitor.ids import Place
from monitor.insight.figure_text import figure_text
from monitor.insight.figures import BY_NAME, Figure, of_kind
from monitor.insight.local_time import date_of
from monitor.insight.performance import By
from monitor.state.anomalies import Anomaly
from monitor.state.insight import Chosen
from monitor.state.insight_sums import Day

PAGES = (
    ("insight.performance", _l("Performance")),
    ("insight.congestion", _l("Congestion")),
    ("insight.behaviour", _l("Behaviour")),
    ("insight.revenue", _l("Revenue")),
    ("insight.report", _l("Monthly report")),
)
PERIODS: Mapping[str, int] = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
FIRST_PERIOD = "30d"
PAGE, CHANGES = 50, 10
KINDS: tuple[By, ...] = get_args(By)
SORTS = (
    "worst", "place", "-sessions", "-energy_wh", "success_rate", "uptime", "-full_share", "-idle_share", "-faults",
)  # fmt: skip
SHOWN = (
    "health", "success_rate", "uptime", "known_share", "full_share", "sessions", "energy_wh", "utilisation",
    "idle_share", "average_power_w", "faults", "revenue_excl_vat",
)  # fmt: skip
"""Columns of the table; the CSV has all."""
BARS = frozenset({"health", "utilisation"})


@dataclass(frozen=True)
class Filters:
    """Which sessions, as the address says; `period`: a key of PERIODS, or empty where days are given."""

    chosen: Chosen
    period: str
    from_day: str
    to_day: str
    site_keys: list[str]

    @property
    def asked(self) -> dict[str, str]:
        """The same as parameters of the API."""
        chosen = self.chosen
        given = {
            "from": formats.iso(chosen.start) if chosen.start else "",
            "to": formats.iso(chosen.end) if chosen.end else "",
            "site": chosen.site or "",
        }
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class Column:
    """One bar of a chart: where it stands and how high, in percent."""

    title: str
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True)
class PerformancePage:
    """The table, its chart and what its figures mean."""

    filters: Filters
    by: By
    kinds: tuple[By, ...]
    sort: str
    sorts: Sequence[tuple[str, str]]
    rows: Sequence[Mapping[str, Any]]
    total: int
    told: str
    columns: Sequence[Figure]
    figures: Sequence[Figure]
    bars: frozenset[str]
    days: Sequence[Column]
    most: int
    changed: Sequence[tuple[Anomaly, Figure, str, str]]
    older: str | None
    first: bool
    csv: str
    json: str


def read_filters(source: Service, parameters: Parameters) -> Filters:
    """One of PERIODS up to now, else days of the home zone; without either the last 30 days."""
    start, end = days_of(parameters) or parameters.range()
    period = parameters.choice("period", tuple(PERIODS)) or ("" if start or end else FIRST_PERIOD)
    if period:
        zone = context.home_zone()
        first = source.now().astimezone(zone).date() - timedelta(days=PERIODS[period] - 1)
        start, end = datetime.combine(first, time(0), zone).astimezone(UTC), None
    return Filters(
        chosen=Chosen(start, end, parameters.text("site")),
        period=period,
        from_day=day_of(start),
        to_day=day_of(end and end - timedelta(seconds=1)),
        site_keys=sorted(source.register.file.sites)[:500],
    )


def performance_page(source: Service, parameters: Parameters) -> PerformancePage:
    """One page of rows, worst first unless asked otherwise."""
    filters = read_filters(source, parameters)
    by: By = parameters.choice("by", KINDS) or "station"
    sort = parameters.choice("sort", SORTS) or SORTS[0]
    after = parameters.number("after") or 0
    found = source.insight.performance(source.register, by, filters.chosen, source.now())
    rows = ordered(list(found.rows), sort)
    days = source.insight.days(source.register, filters.chosen, source.now())
    asked = {**filters.asked, "by": by, "sort": sort}
    return PerformancePage(
        filters=filters,
        by=by,
        kinds=KINDS,
        sort=sort,
        sorts=[(name, _order(name)) for name in SORTS],
        rows=[{**row, "place": _place(row)} for row in rows[after : after + PAGE]],
        total=len(rows),
        told=told(found.start, found.end),
        columns=[BY_NAME[name] for name in SHOWN],
        figures=[*of_kind("performance"), *of_kind("anomalies")],
        bars=BARS,
        days=columns(days),
        most=max((day.arrivals for day in days), default=0),
        changed=[_changed(each) for each in source.insight.anomalies(filters.chosen.site)[:CHANGES]],
        older=context.page_url(after=after + PAGE) if len(rows) > after + PAGE else None,
        first=after == 0,
        csv=url_for("api.performance", format="csv", **asked),  # type: ignore[arg-type]
        json=url_for("api.performance", **asked),  # type: ignore[arg-type]
    )  # fmt: skip


def told(start: datetime, end: datetime) -> str:
    """The time that figures are of, in the home zone."""
    zone = context.home_zone()
    return gettext("%(start)s to %(end)s", start=formats.moment(start, zone), end=formats.moment(end, zone))


def in_templates() -> dict[str, object]:
    """What the templates of insight name."""
    names = {"7d": gettext("7 days"), "30d": gettext("30 days"), "90d": gettext("90 days"), "365d": gettext("a year")}
    kept = {name: value for name in ("period", "from", "to", "site") if (value := request.args.get(name))}
    return {"insight_pages": [(name, str(label)) for name, label in PAGES], "periods": names.items(), "kept": kept,
            "shown_figure": shown, "place_of_site": Place}  # fmt: skip


def _changed(each: Anomaly) -> tuple[Anomaly, Figure, str, str]:
    figure = BY_NAME[each.figure]
    return each, figure, shown(each.before, figure), shown(each.after, figure)


def _order(name: str) -> str:
    if name == "worst":
        return gettext("worst first")
    if name == "place":
        return gettext("by name")
    return context.spoken(BY_NAME[name.removeprefix("-")].label)


def _place(row: Mapping[str, Any]) -> Place | None:
    """Where a row leads to: the page of its connector, station or site."""
    return Place(row["site"], row["station"], row["connector"]) if row["site"] else None


def columns(days: Sequence[Day], span: tuple[int, int] | None = None) -> list[Column]:
    """A bar for each day; one without sessions has none. `span`: the days of the chart, else from first to last."""
    if not days:
        return []
    first, last = span or (days[0].day, days[-1].day)
    most = max(day.arrivals for day in days) or 1
    width = 100 / (last - first + 1)
    return [
        Column(
            f"{date_of(day.day).isoformat()}: {day.arrivals}",
            round((day.day - first) * width, 3), round(width * 0.86, 3),
            round(100 - 100 * day.arrivals / most, 2), round(100 * day.arrivals / most, 2),
        )
        for day in days
    ]  # fmt: skip


def shown(value: Any, figure: Figure, currency: str | None = None) -> str:
    """A figure as people read it; unknown is a dash, never 0."""
    return figure_text(value, figure, locale(), currency)
