"""What the page of one alert shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboards import answering, context, curves, formats
from dashboards.curves import Band, Curve
from dashboards.language import gettext
from dashboards.places import links_of, readings_csv
from dashboards.runbooks import runbook_page
from dashboards.seen import Seen, seen
from dashboards.silencing import Preview, muting, preview
from dashboards.sources import Service
from monitor.alerts.model import Alert
from monitor.alerts.remarks import VERDICTS, Judgement, Verdict
from monitor.alerts.responses import Acknowledgement, Silence
from monitor.rules.answer import Texts
from monitor.sessions.model import Session
from monitor.state.timeline import Entry, timeline

BEFORE, AFTER = timedelta(hours=1), timedelta(minutes=30)
ENTRIES = 150
"""The newest ones of a timeline; an alert that is told of for months has thousands."""
SIMILAR = 10


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
    preview: Preview | None
    similar: Sequence[Alert]
    session: Session | None


def alert_page(source: Service, alert_id: int) -> AlertPage | None:
    """The page of an alert; None when there is none of this number."""
    alert = source.alerts.get(alert_id)
    if alert is None:
        return None
    zone, texts = context.zone_of(alert.subject), context.texts(alert)
    stretch = curves.stretch_asked(_stretch(alert, source.now()))
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
        runbook=runbook_page(texts.runbook),
        acknowledged=source.responses.acknowledged([alert.id], source.now()).get(alert.id),
        silences=[each for each in muting(source) if each.mutes(alert)],
        hours=answering.CHOICES,
        preview=preview(source, alert, "place") if alert.active else None,
        similar=_similar(source, alert),
        session=source.session_at(alert.place) if alert.active and alert.place.connector else None,
    )


def _similar(source: Service, alert: Alert) -> list[Alert]:
    """The newest other alerts of its rule on its site: whether it comes again, and whether it is alone."""
    found = source.alerts.list(site=alert.place.site, rule=alert.rule, limit=SIMILAR + 1)
    return [other for other in found if other.id != alert.id][:SIMILAR]


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
