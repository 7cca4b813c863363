"""What the page of one session shows: its times, its curve with the prices in force, its price line by line."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dashboards import context, curves, formats, words
from dashboards.curves import Band, Curve
from dashboards.language import gettext
from dashboards.places import readings_csv
from dashboards.review_page import Billing, billing
from dashboards.session_cdr import session_cdr
from dashboards.sources import Service
from monitor.sessions.cdr import Exported
from monitor.sessions.imported import SPLIT_UNKNOWN
from monitor.sessions.model import Session
from monitor.tariffs.describe import describe
from monitor.tariffs.model import Bill

AROUND = timedelta(minutes=5)
"""Shown before plug-in and after plug-out, so that the curve's rise and fall can be seen."""
_WIDTH = 1000
_INKS = 3


@dataclass(frozen=True)
class Part:
    """A stretch of the timeline bar; `x` and `width` in thousandths of it."""

    kind: str
    start: datetime
    end: datetime
    x: float
    width: float
    told: str


@dataclass(frozen=True)
class SessionPage:
    """One session, ready to print."""

    session: Session
    title: str
    zone: ZoneInfo
    times: list[tuple[str, datetime | None]]
    timeline: list[Part]
    timeline_legend: list[tuple[str, str, timedelta]]
    timeline_told: str
    curve: Curve
    csv: str
    flags: list[str]
    tariff_words: list[str]
    cdr: Exported | None
    billing: Billing | None


def session_page(source: Service, session_id: str) -> SessionPage | None:
    """The page of a session; None when there is none of this id."""
    session = source.session(session_id)
    if session is None:
        return None
    zone, now = context.zone_of(session.place.subject), source.now()
    ended = min((session.plug_out or now) + AROUND, max(now, session.plug_in))
    stretch = curves.stretch_asked((session.plug_in - AROUND, ended))
    parts = timeline(session, now, zone)
    legend = _legend(parts)
    return SessionPage(
        session=session,
        title=_title(session, zone),
        zone=zone,
        times=[
            (gettext("Plugged in"), session.plug_in),
            (gettext("Started"), session.started),
            (gettext("Stopped"), session.stopped),
            (gettext("Unplugged"), session.plug_out),
        ],
        timeline=parts,
        timeline_legend=legend,
        timeline_told=", ".join(f"{label} {formats.span(lasting)}" for _, label, lasting in legend),
        curve=curves.of_connector(source.store, session.place, stretch, zone, bands=price_bands(session.bill)),
        csv=readings_csv(session.place, start=formats.iso(stretch[0]), end=formats.iso(stretch[1])),
        flags=sorted(session.flags),
        cdr=session_cdr(source, session, "2.2.1"),
        tariff_words=tariff_words(source, session.bill, source.register.zone(session.place.site)),
        billing=billing(source, session_id),
    )


def _title(session: Session, zone: ZoneInfo) -> str:
    until = formats.clock(session.plug_out, zone) if session.plug_out else gettext("now")
    said = [f"{formats.moment(session.plug_in, zone)}–{until}", formats.energy(session.energy_wh)]
    if session.bill is not None:
        price = context.price(session)
        said.append(gettext("%(price)s so far", price=price) if session.under_way else price)
    if session.diagnosis is not None:
        said.append(words.word("diagnosis", session.diagnosis.code))
    return " · ".join(said)


def timeline(session: Session, now: datetime, zone: ZoneInfo) -> list[Part]:
    """The session from plug-in to plug-out (now, while it is under way); what no period covers is plugged in only."""
    whole = ((session.plug_out or now) - session.plug_in).total_seconds()
    if whole <= 0:
        return []
    stretches = _stretches(session, session.plug_out or now)
    return [
        Part(
            kind,
            start,
            stop,
            x=round((start - session.plug_in).total_seconds() / whole * _WIDTH, 2),
            width=round((stop - start).total_seconds() / whole * _WIDTH, 2),
            told=f"{_kind(kind)}: {formats.clock(start, zone)}–{formats.clock(stop, zone)}",
        )
        for kind, start, stop in stretches
    ]


def _stretches(session: Session, end: datetime) -> list[tuple[str, datetime, datetime]]:
    stretches: list[tuple[str, datetime, datetime]] = []

    def extend(kind: str, start: datetime, stop: datetime) -> None:
        # Periods are cut at every price border too; what lasts on is one part here.
        if stretches and stretches[-1][0] == kind:
            start = stretches.pop()[1]
        stretches.append((kind, start, stop))

    reached = session.plug_in
    for period in session.periods:
        start, stop = max(period.start, reached), min(period.end, end)
        if stop <= start:
            continue
        if start > reached:
            extend("plugged", reached, start)
        extend("plugged" if period.reason == SPLIT_UNKNOWN else period.kind, start, stop)
        reached = stop
    if reached < end:
        extend("plugged", reached, end)
    return stretches


def _kind(kind: str) -> str:
    return str(words.PLUGGED) if kind == "plugged" else words.word("usage", kind)


def _legend(parts: list[Part]) -> list[tuple[str, str, timedelta]]:
    lasting: dict[str, timedelta] = {}
    for part in parts:
        lasting[part.kind] = lasting.get(part.kind, timedelta(0)) + (part.end - part.start)
    return [(kind, _kind(kind), total) for kind, total in lasting.items()]


def price_bands(bill: Bill | None) -> list[Band]:
    """The stretches in which one price held; the same price has the same ink."""
    if bill is None:
        return []
    inks: dict[str, str] = {}
    bands: list[Band] = []
    for period in bill.periods:
        ink = inks.setdefault(period.label, f"price-{len(inks) % _INKS}")
        start = period.start
        if bands and bands[-1].label == period.label and bands[-1].end == start:
            start = bands.pop().start
        bands.append(Band(start, period.end, ink, period.label))
    return bands


def tariff_words(source: Service, bill: Bill | None, zone: ZoneInfo) -> list[str]:
    """The tariff in the reader's words, in the version that priced the session; nothing where that was not kept."""
    tariff = source.tariffs.version(bill.tariff_id, bill.tariff_version) if bill else None
    return [] if tariff is None else describe(tariff, context.language(), zone)
