"""What the review queue shows, and the part of a session's page about its bill."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboards import context, deciding, formats, words
from dashboards.language import gettext
from dashboards.sources import Service
from monitor.state.review_queue import KINDS, Kind, Waiting
from monitor.state.reviewing import Case

PAGE = 100


@dataclass(frozen=True)
class Row:
    """One session that waits, ready to print."""

    waiting: Waiting
    case: Case
    zone: ZoneInfo
    why: list[str]
    changes: list[str]


@dataclass(frozen=True)
class ReviewPage:
    """The queue, the oldest first."""

    rows: Sequence[Row]
    counts: dict[Kind, int]
    kind: Kind | None
    kinds: tuple[Kind, ...]
    following: str | None
    first: bool


@dataclass(frozen=True)
class Billing:
    """A session's bill: where it stands, what can be decided, and the fields of a correction as they are now."""

    case: Case
    zone: ZoneInfo
    changes: list[str]
    why: list[str]
    fields: list[tuple[str, str, str]]
    energy_kwh: str


def review_page(source: Service, kind: Kind | None, after: str | None) -> ReviewPage:
    """One page of the queue."""
    found = source.reviews.queue(kind, after=after, limit=PAGE + 1)
    shown = [_row(source, waiting) for waiting in found[:PAGE]]
    following = context.page_url(after=shown[-1].case.session.id) if len(found) > PAGE else None
    return ReviewPage(shown, source.reviews.counts(), kind, KINDS, following, after is None)


def billing(source: Service, session_id: str) -> Billing | None:
    """The part of a session's page about its bill; None where nothing is stored of it yet."""
    case = source.reviews.case(session_id)
    if case is None:
        return None
    session, zone = case.session, source.register.zone(case.session.place.site)
    base = deciding.shown_session(case)
    names = {"started": gettext("Started"), "stopped": gettext("Stopped"), "plug_out": gettext("Unplugged")}
    return Billing(
        case=case,
        zone=zone,
        changes=changes(case, zone),
        why=why(tuple(filter(None, session.details.get("review", "").split(", ")))),
        fields=[(name, label, deciding.shown_time(getattr(base, name), zone)) for name, label in names.items()],
        energy_kwh=deciding.shown_kwh(base.energy_wh),
    )


def _row(source: Service, waiting: Waiting) -> Row:
    zone = source.register.zone(waiting.case.session.place.site)
    return Row(waiting, waiting.case, zone, why(waiting.reasons), changes(waiting.case, zone))


def why(reasons: Sequence[str]) -> list[str]:
    """Reasons in words."""
    return [_why(reason) for reason in reasons]


def _why(reason: str) -> str:
    name, _, session = reason.partition(" ")
    if name == "billed_as" and session:
        return gettext("the same visit was billed already, as session %(id)s", id=session)
    return words.word("flag", reason) if reason in words.FLAG else words.word("review", reason)


def changes(case: Case, zone: ZoneInfo) -> list[str]:
    """What readings that came later say otherwise than the sealed bill, in words."""
    proposed = case.proposal.session if case.proposal else None
    if case.proposal is None:
        return []
    if proposed is None:
        return [gettext("the readings know no such session any more")]
    told = []
    if proposed.energy_wh != case.session.energy_wh:
        told.append(
            _change(gettext("energy"), formats.energy(case.session.energy_wh), formats.energy(proposed.energy_wh))
        )
    for name, label in (
        ("started", gettext("start")),
        ("stopped", gettext("stop")),
        ("plug_out", gettext("unplugged")),
    ):
        before, now = getattr(case.session, name), getattr(proposed, name)
        if before != now:
            told.append(_change(label, _clock(before, zone), _clock(now, zone)))
    return told or [gettext("the periods of the session are others")]


def _change(what: str, before: str, now: str) -> str:
    return gettext("%(what)s %(before)s, now %(now)s", what=what, before=before, now=now)


def _clock(at: datetime | None, zone: ZoneInfo) -> str:
    return formats.moment(at, zone, seconds=True) if at else formats.DASH
