"""What the page of one alert, and the list of alerts, show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import request

from dashboards import answering, context, curves, formats
from dashboards.curves import Band, Curve
from dashboards.language import gettext, ngettext
from dashboards.parameters import Parameters
from dashboards.places import is_web, links_of, readings_csv
from dashboards.seen import Seen, seen
from dashboards.sources import Service
from monitor.alerts.model import Alert
from monitor.alerts.remarks import VERDICTS, Judgement, Verdict
from monitor.alerts.responses import Acknowledgement, Silence
from monitor.notify.clean import runbook_address
from monitor.rules.answer import LEVELS, Level, Texts
from monitor.sessions.model import Session
from monitor.state.alert_order import SORTS, Sort
from monitor.state.timeline import Entry, timeline

BEFORE, AFTER = timedelta(hours=1), timedelta(minutes=30)
PAGE = 100
BATCH = 500
ENTRIES = 150
"""The newest ones of a timeline; an alert that is told of for months has thousands."""
STATES = ("active", "pending", "firing", "resolved", "all")


@dataclass(frozen=True)
class AlertPage:
    """One alert with its reasons and its history."""

    alert: Alert
    texts: Texts
    symbol: str
    zone: ZoneInfo
    values: list[Seen]
    timeline: Sequence[Entry]
    earlier: int
    judgement: Judgement | None
    verdicts: Sequence[Verdict]
    curve: Curve | None
    csv: str
    links: Mapping[str, str]
    runbook: str
    acknowledged: Acknowledgement | None
    silences: Sequence[Silence]
    hours: Sequence[int]
    session: Session | None


def alert_page(source: Service, alert_id: int) -> AlertPage | None:
    """The page of an alert; None when there is none of this number."""
    alert = source.alerts.get(alert_id)
    if alert is None:
        return None
    zone, texts = context.zone_of(alert.subject), context.texts(alert)
    stretch = _stretch(alert, source.now())
    entries = timeline(source.database, alert, source.now())
    return AlertPage(
        alert=alert,
        texts=texts,
        symbol=alert.level if alert.active else "resolved",
        zone=zone,
        values=seen(alert.place, alert.values),
        timeline=entries[-ENTRIES:],
        earlier=max(len(entries) - ENTRIES, 0),
        judgement=source.remarks.judgement(alert_id),
        verdicts=VERDICTS if alert.firing_at and not alert.active else (),
        curve=_curve(source, alert, stretch, zone),
        csv=readings_csv(alert.place, start=formats.iso(stretch[0]), end=formats.iso(stretch[1])),
        links=links_of(source, alert.place),
        runbook=_runbook(texts.runbook),
        acknowledged=source.responses.acknowledged([alert.id], source.now()).get(alert.id),
        silences=[each for each in muting(source) if each.mutes(alert)],
        hours=answering.CHOICES,
        session=source.session_at(alert.place) if alert.active and alert.place.connector else None,
    )


def _runbook(text: str) -> str:
    """Where the runbook is; "" where the text is no address."""
    address = runbook_address(text, request.root_url.rstrip("/"))
    return address if is_web(address) else ""


def muting(source: Service) -> list[Silence]:
    """The silences in force."""
    now = source.now()
    return [silence for silence in source.responses.silences(now=now, limit=500) if silence.holds(now)]


def _stretch(alert: Alert, now: datetime) -> tuple[datetime, datetime]:
    began = alert.true_since or alert.pending_at
    ended = min((alert.resolved_at or now) + AFTER, now)
    return min(began, alert.pending_at) - BEFORE, max(ended, alert.pending_at)


def _curve(source: Service, alert: Alert, stretch: tuple[datetime, datetime], zone: ZoneInfo) -> Curve | None:
    """Only a connector has a curve; a station's or site's alert is told by its values."""
    if alert.place.connector is None:
        return None
    bands = []
    if alert.firing_at:
        bands = [Band(alert.firing_at, alert.resolved_at or stretch[1], "firing", gettext("firing"))]
    expected = alert.values.get("expected_w")
    expected_w = float(expected) if isinstance(expected, int | float) else None
    return curves.of_connector(source.store, alert.place, stretch, zone, bands=bands, expected_w=expected_w)


@dataclass(frozen=True)
class AlertFilters:
    """What the address selects, and in which order; `after`: the number of the last alert of the page before."""

    state: str
    level: Level | None
    site: str | None
    rule: str | None
    sort: Sort
    after: int | None

    @classmethod
    def read(cls, parameters: Parameters) -> "AlertFilters":
        """From the query string."""
        state = parameters.choice("state", STATES) or "active"
        return cls(
            state=state,
            level=parameters.choice("level", LEVELS),
            site=parameters.text("site"),
            rule=parameters.text("rule"),
            sort=parameters.choice("sort", SORTS) or usual_sort(state),
            after=parameters.number("after"),
        )


def usual_sort(state: str | None) -> Sort:
    """Worst first, but of a history the newest first."""
    return "-id" if state in {"resolved", "all"} else "worst"


def find(source: Service, filters: AlertFilters, *, limit: int, since: datetime | None = None) -> Sequence[Alert]:
    """Alerts by state and the rest; `since` bounds resolved ones where the state is `all`."""
    stored = filters.state if filters.state in {"pending", "firing", "resolved"} else None
    # Nothing resolves after now: what is left are the active ones.
    bound = source.now() + timedelta(seconds=1) if filters.state == "active" else since
    return source.alerts.list(
        state=stored,  # type: ignore[arg-type]  # narrowed by the line above
        since=bound, site=filters.site, level=filters.level, rule=filters.rule, sort=filters.sort, after=filters.after,
        limit=limit,
    )  # fmt: skip


def find_all(source: Service, filters: AlertFilters, since: datetime | None) -> Iterator[Alert]:
    """All alerts that the filters select, fetched page by page."""
    while True:
        found = find(source, filters, limit=BATCH, since=since)
        yield from found
        if len(found) < BATCH:
            return
        filters = replace(filters, after=found[-1].id)


@dataclass(frozen=True)
class AlertsPage:
    """A list of alerts."""

    title: str
    alerts: Sequence[Alert]
    states: list[tuple[str, str]]
    state: str
    level: Level | None
    site: str | None
    rule: str | None
    sort: Sort
    sorts: list[tuple[str, str]]
    filtered: bool
    first: bool
    older: str | None
    csv: str
    none: str
    site_keys: list[str]


def alerts_page(source: Service, filters: AlertFilters, csv: str) -> AlertsPage:
    """One page of alerts."""
    found = find(source, filters, limit=PAGE + 1)
    shown = found[:PAGE]
    words = {
        "active": gettext("active"), "pending": gettext("pending"), "firing": gettext("firing"),
        "resolved": gettext("resolved"), "all": gettext("all"),
    }  # fmt: skip
    filtered = filters.state != "active" or any((filters.level, filters.site, filters.rule, filters.after))
    counts = source.alerts.counts()
    active = sum(counts.firing.values()) + counts.pending
    return AlertsPage(
        title=ngettext("%(num)s active alert", "%(num)s active alerts", active),
        alerts=shown,
        states=list(words.items()),
        state=filters.state,
        level=filters.level,
        site=filters.site,
        rule=filters.rule,
        sort=filters.sort,
        sorts=list(zip(SORTS, (gettext("worst first"), gettext("newest first"), gettext("oldest first")), strict=True)),
        filtered=filtered,
        first=filters.after is None,
        older=context.page_url(after=shown[-1].id) if len(found) > PAGE else None,
        csv=csv,
        none=gettext("No alert matches these filters.") if filtered else gettext("No alerts are active."),
        site_keys=sorted(source.register.file.sites)[:500],
    )
