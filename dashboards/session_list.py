"""What the list of sessions shows, and how its filters are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import get_args

from flask import url_for

from dashboards import context, formats
from dashboards.language import gettext
from dashboards.parameters import BadParameter, Parameters
from dashboards.sources import Service
from monitor.sessions.model import BillingState, Flag, Session
from monitor.state.session_filters import Chosen
from monitor.state.sessions import SessionTotals

PAGE = 100
BATCH = 500
STATES: tuple[BillingState, ...] = ("open", "review", "priced", "sealed", "credited", "written_off")


FLAGS: tuple[Flag, ...] = get_args(Flag)
FILTERS = ("site", "station", "connector", "group", "flag", "state", "tariff", "q")
"""Parameters of the address beside the range and the page; `q` is text to look for."""


@dataclass(frozen=True)
class SessionFilters:
    """What the address selects, and the session after which its page begins."""

    chosen: Chosen
    before: str | None
    sort: str = "-plug_in"

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return bool(self.before or any(self.chosen.values()))


def read_filters(parameters: Parameters, *, days: bool) -> SessionFilters:
    """From the query string. `days`: `from` and `to` may be days of the home zone, `to` the last one shown."""
    start, end = (days_of(parameters) if days else None) or parameters.range()
    chosen = Chosen(
        start=start,
        end=end,
        site=parameters.text("site"),
        station=parameters.text("station"),
        connector=parameters.text("connector"),
        group=parameters.text("group"),
        flag=parameters.choice("flag", FLAGS),
        state=parameters.choice("state", STATES),
        tariff=parameters.text("tariff"),
        text=parameters.text("q"),
    )
    return SessionFilters(chosen, parameters.text("before"))


def days_of(parameters: Parameters) -> tuple[datetime | None, datetime | None] | None:
    """`from` and the day after `to` as midnights of the home zone; None when either is no day."""
    found: list[datetime | None] = []
    for field, shift in (("from", 0), ("to", 1)):
        value = parameters.text(field)
        try:
            day = date.fromisoformat(value) if value else None
            midnight = datetime.combine(day + timedelta(days=shift), time(0), context.home_zone()) if day else None
            found.append(midnight)
        except (ValueError, OverflowError):
            return None
    if found[0] and found[1] and found[1] <= found[0]:
        raise BadParameter("to", "is before 'from'")
    return found[0], found[1]


def find(source: Service, filters: SessionFilters, limit: int) -> Sequence[Session]:
    """Sessions by the filters, in their order, without their periods."""
    return source.sessions.list(before=filters.before, limit=limit, sort=filters.sort, **filters.chosen)


def find_all(source: Service, filters: SessionFilters) -> Iterator[Session]:
    """All sessions that the filters select, fetched page by page."""
    while True:
        found = find(source, filters, BATCH)
        yield from found
        if len(found) < BATCH:
            return
        filters = replace(filters, before=found[-1].id)


@dataclass(frozen=True)
class SessionsPage:
    """A list of sessions with its sum."""

    sessions: Sequence[Session]
    totals: SessionTotals
    told: str
    from_day: str
    to_day: str
    chosen: Chosen
    states: tuple[BillingState, ...]
    flags: tuple[Flag, ...]
    tariffs: list[str]
    filtered: bool
    more: bool
    first: bool
    older: str | None
    csv: str
    site_keys: list[str]


def sessions_page(source: Service, filters: SessionFilters) -> SessionsPage:
    """One page of sessions; the sum is of all that the filters select, not of this page."""
    found = find(source, filters, PAGE + 1)
    shown, chosen = found[:PAGE], filters.chosen
    totals = source.sessions.totals(**chosen)
    return SessionsPage(
        sessions=shown,
        totals=totals,
        told=gettext(
            "%(n)s of %(all)s, newest first", n=formats.number(len(shown)), all=formats.number(totals.sessions)
        ),
        from_day=day_of(chosen.get("start")),
        to_day=day_of((end := chosen.get("end")) and end - timedelta(seconds=1)),
        chosen=chosen,
        states=STATES,
        flags=FLAGS,
        tariffs=sorted(source.tariffs.tariffs),
        filtered=filters.any,
        more=any(chosen.get(name) for name in ("station", "connector", "group", "flag", "tariff")),
        first=filters.before is None,
        older=context.page_url(before=shown[-1].id) if len(found) > PAGE else None,
        csv=_csv(chosen),
        site_keys=sorted(source.register.file.sites)[:500],
    )


def day_of(moment: datetime | None) -> str:
    """The day of a form's field, in the home zone."""
    return moment.astimezone(context.home_zone()).date().isoformat() if moment else ""


def _csv(chosen: Chosen) -> str:
    start, end = chosen.get("start"), chosen.get("end")
    asked: dict[str, object] = {"from": start and formats.iso(start), "to": end and formats.iso(end)}
    asked |= {name: chosen.get("text" if name == "q" else name) for name in FILTERS}
    return url_for("api.sessions", format="csv", **{name: value for name, value in asked.items() if value})  # type: ignore[arg-type]
