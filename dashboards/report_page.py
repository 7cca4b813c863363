"""The monthly report of a site: one page that prints well."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from dashboards.congestion_page import PoolRow, pool_row
from dashboards.heat import Heat, heat
from dashboards.insight_page import Column, columns, shown
from dashboards.language import locale
from dashboards.parameters import BadParameter, Parameters
from dashboards.performance_rows import ordered
from dashboards.sources import Service
from monitor.ids import Place
from monitor.insight.figures import BY_NAME, Figure, of_kind
from monitor.insight.local_time import day_of, days_of_month, month_of
from monitor.insight.performance import Row
from monitor.state.anomalies import Anomaly
from monitor.state.insight import Chosen

TARGET = timedelta(minutes=5)
KEY = (
    "sessions", "energy_wh", "revenue_excl_vat", "success_rate", "uptime", "known_share", "full_share", "utilisation",
    "idle_share", "average_power_w", "first_kwh_s", "faults",
)  # fmt: skip
PER_CONNECTOR = ("sessions", "energy_wh", "success_rate", "uptime", "utilisation", "idle_share", "faults")


@dataclass(frozen=True)
class KeyFigure:
    """One figure of the month, and what it was the month before."""

    figure: Figure
    now: str
    before: str


@dataclass(frozen=True)
class ReportPage:
    """A month of a site. `key` is empty where nothing is known of it."""

    site: str | None
    month: str
    title: str
    place: Place | None
    zone: ZoneInfo
    under_way: bool
    key: Sequence[KeyFigure]
    rows: Sequence[dict[str, Any]]
    columns: Sequence[Figure]
    days: Sequence[Column]
    most: int
    pools: Sequence[PoolRow]
    pool_columns: Sequence[Figure]
    arrivals: Heat | None
    problems: Sequence[tuple[Figure, int | None]]
    changed: Sequence[tuple[Anomaly, Figure, str, str]]
    figures: Sequence[Figure]
    site_keys: Sequence[str]
    previous: str
    following: str | None


POOL_SHOWN = ("evses", "pool_full_share", "lost_sessions", "bottleneck", "peak_load", "wait_s", "evses_needed")


def report_page(source: Service, parameters: Parameters) -> ReportPage:
    """The report of `site` for `month` (2026-03); without a month the last one that is over."""
    site = parameters.text("site")
    zone = source.register.zone(site or "")
    now = source.now()
    today = now.astimezone(zone).date()
    month = _month(parameters.text("month")) or _shifted(today.replace(day=1), -1)
    start, end = _begin(month, zone), _begin(_shifted(month, 1), zone)
    chosen = Chosen(start, end, site)
    found = source.insight.performance(source.register, "site", chosen, now).rows if site and start < now else ()
    before_month = Chosen(_begin(_shifted(month, -1), zone), start, site)
    before = source.insight.performance(source.register, "site", before_month, now).rows if found else ()
    rows = source.insight.performance(source.register, "connector", chosen, now).rows if found else ()
    pools = source.insight.congestion(source.register, chosen, now, TARGET) if found else ()
    behaviour = source.insight.behaviour(source.register, chosen, now) if found else None
    days = source.insight.days(source.register, chosen, now) if found else ()
    return ReportPage(
        site=site,
        month=f"{month:%Y-%m}",
        title=format_date(month, "LLLL y", locale=locale()),
        place=Place(site) if site else None,
        zone=zone,
        under_way=end > now,
        key=[_key(name, found[0], before[0] if before else None) for name in KEY] if found else [],
        rows=[
            {**row, "place": Place(row["site"], row["station"], row["connector"])}
            for row in ordered(list(rows), "place")
        ],
        columns=[BY_NAME[name] for name in PER_CONNECTOR],
        days=columns(days, days_of_month(month_of(day_of(start, zone)))),
        most=max((day.arrivals for day in days), default=0),
        pools=[pool_row(each, drawn=True) for each in pools],
        pool_columns=[BY_NAME[name] for name in POOL_SHOWN],
        arrivals=heat(behaviour.arrivals_by_hour, _decimal) if behaviour and any(behaviour.arrivals_by_hour) else None,
        problems=[(BY_NAME[name], count) for name, count in behaviour.problems.items()] if behaviour else [],
        changed=[_changed(each) for each in source.insight.anomalies(site) if start <= each.since < end]
        if site
        else [],
        figures=[figure for kind in ("performance", "congestion") for figure in of_kind(kind)],
        site_keys=sorted(source.register.file.sites)[:500],
        previous=f"{_shifted(month, -1):%Y-%m}",
        following=f"{_shifted(month, 1):%Y-%m}" if end <= now else None,
    )


def _month(text: str | None) -> date | None:
    if text is None:
        return None
    if not re.fullmatch(r"(19[7-9]\d|20\d\d)-(0[1-9]|1[0-2])", text):
        raise BadParameter("month", f"{text!r} is not a month; write for example 2026-03")
    return date(int(text[:4]), int(text[5:]), 1)


def _shifted(month: date, by: int) -> date:
    months = month.year * 12 + month.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)


def _begin(month: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(month, time(0), zone)


def _key(name: str, now: Row, before: Row | None) -> KeyFigure:
    figure = BY_NAME[name]
    was = shown(before.figures[name], figure, before.currency) if before else shown(None, figure)
    return KeyFigure(figure, shown(now.figures[name], figure, now.currency), was)


def _changed(each: Anomaly) -> tuple[Anomaly, Figure, str, str]:
    figure = BY_NAME[each.figure]
    return each, figure, shown(each.before, figure), shown(each.after, figure)


def _decimal(value: float | None) -> str:
    return shown(value, BY_NAME["arrivals_by_hour"])
