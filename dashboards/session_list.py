"""What the list of sessions shows, and how its filters are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from flask import url_for

from dashboards import context, formats
from dashboards.language import gettext
from dashboards.parameters import BadParameter, Parameters
from dashboards.sources import Service
from monitor.sessions.model import BillingState, Session
from monitor.state.sessions import SessionTotals

PAGE = 100
BATCH = 500
STATES: tuple[BillingState, ...] = ("open", "review", "priced", "sealed", "credited", "written_off")


@dataclass(frozen=True)
class SessionFilters:
    """What the address selects. `start` inclusive, `end` exclusive, of plug-in."""

    start: datetime | None
    end: datetime | None
    site: str | None
    station: str | None
    connector: str | None
    state: BillingState | None
    before: str | None

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return any((self.start, self.end, self.site, self.station, self.connector, self.state, self.before))


def read_filters(parameters: Parameters, *, days: bool) -> SessionFilters:
    """From the query string. `days`: `from` and `to` may be days of the home zone, `to` the last one shown."""
    start, end = (_days(parameters) if days else None) or parameters.range()
    return SessionFilters(
        start=start,
        end=end,
        site=parameters.text("site"),
        station=parameters.text("station"),
        connector=parameters.text("connector"),
        state=parameters.choice("state", STATES),
        before=parameters.text("before"),
    )


def _days(parameters: Parameters) -> tuple[datetime | None, datetime | None] | None:
    """Both as days, or None when either is something else."""
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
    """Sessions by the filters, newest first, without their periods."""
    return source.sessions.list(
        start=filters.start, end=filters.end, site=filters.site, station=filters.station, connector=filters.connector,
        state=filters.state, before=filters.before, limit=limit,
    )  # fmt: skip


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
    site: str | None
    station: str | None
    state: BillingState | None
    states: tuple[BillingState, ...]
    filtered: bool
    first: bool
    older: str | None
    csv: str
    site_keys: list[str]


def sessions_page(source: Service, filters: SessionFilters) -> SessionsPage:
    """One page of sessions; the sum is of all that the filters select, not of this page."""
    found = find(source, filters, PAGE + 1)
    shown = found[:PAGE]
    totals = source.sessions.totals(
        start=filters.start, end=filters.end, site=filters.site, station=filters.station, connector=filters.connector,
        state=filters.state,
    )  # fmt: skip
    return SessionsPage(
        sessions=shown,
        totals=totals,
        told=gettext(
            "%(n)s of %(all)s, newest first", n=formats.number(len(shown)), all=formats.number(totals.sessions)
        ),
        from_day=_day(filters.start),
        to_day=_day(filters.end and filters.end - timedelta(seconds=1)),
        site=filters.site,
        station=filters.station,
        state=filters.state,
        states=STATES,
        filtered=filters.any,
        first=filters.before is None,
        older=context.page_url(before=shown[-1].id) if len(found) > PAGE else None,
        csv=_csv(filters),
        site_keys=sorted(source.register.file.sites)[:500],
    )


def _day(moment: datetime | None) -> str:
    return moment.astimezone(context.home_zone()).date().isoformat() if moment else ""


def _csv(filters: SessionFilters) -> str:
    chosen = {
        "from": filters.start and formats.iso(filters.start), "to": filters.end and formats.iso(filters.end),
        "site": filters.site, "station": filters.station, "connector": filters.connector, "state": filters.state,
    }  # fmt: skip
    return url_for("api.sessions", format="csv", **{name: value for name, value in chosen.items() if value})  # type: ignore[arg-type]
