"""The monthly report of a site: one page that prints well."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
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
from monitor.state.site_month import KEY, PER_CONNECTOR, SiteMonth, begin_of, shifted, site_month


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
    month = _month(parameters.text("month")) or shifted(today.replace(day=1), -1)
    start, end = begin_of(month, zone), begin_of(shifted(month, 1), zone)
    found = SiteMonth(site or "", month, start, end, None)
    if site:
        found = site_month(source.insight, source.register, site, month, now)
    behaviour = found.behaviour
    return ReportPage(
        site=site,
        month=f"{month:%Y-%m}",
        title=format_date(month, "LLLL y", locale=locale()),
        place=Place(site) if site else None,
        zone=zone,
        under_way=end > now,
        key=[_key(name, found.now, found.before) for name in KEY] if found.now else [],
        rows=[
            {**row, "place": Place(row["site"], row["station"], row["connector"])}
            for row in ordered(list(found.connectors), "place")
        ],
        columns=[BY_NAME[name] for name in PER_CONNECTOR],
        days=columns(found.days, days_of_month(month_of(day_of(start, zone)))),
        most=max((day.arrivals for day in found.days), default=0),
        pools=[pool_row(each, drawn=True) for each in found.pools],
        pool_columns=[BY_NAME[name] for name in POOL_SHOWN],
        arrivals=heat(behaviour.arrivals_by_hour, _decimal) if behaviour and any(behaviour.arrivals_by_hour) else None,
        problems=[(BY_NAME[name], count) for name, count in behaviour.problems.items()] if behaviour else [],
        changed=[_changed(each) for each in found.changed],
        figures=[figure for kind in ("performance", "congestion") for figure in of_kind(kind)],
        site_keys=sorted(source.register.file.sites)[:500],
        previous=f"{shifted(month, -1):%Y-%m}",
        following=f"{shifted(month, 1):%Y-%m}" if end <= now else None,
    )


def _month(text: str | None) -> date | None:
    if text is None:
        return None
    if not re.fullmatch(r"(19[7-9]\d|20\d\d)-(0[1-9]|1[0-2])", text):
        raise BadParameter("month", f"{text!r} is not a month; write for example 2026-03")
    return date(int(text[:4]), int(text[5:]), 1)


def _key(name: str, now: Row, before: Row | None) -> KeyFigure:
    figure = BY_NAME[name]
    was = shown(before.figures[name], figure, before.currency) if before else shown(None, figure)
    return KeyFigure(figure, shown(now.figures[name], figure, now.currency), was)


def _changed(each: Anomaly) -> tuple[Anomaly, Figure, str, str]:
    figure = BY_NAME[each.figure]
    return each, figure, shown(each.before, figure), shown(each.after, figure)


def _decimal(value: float | None) -> str:
    return shown(value, BY_NAME["arrivals_by_hour"])
