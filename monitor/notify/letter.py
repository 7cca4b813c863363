"""What a mail says, in words of its language, before it is laid out: every text clean, short and translated."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.access.links import Action, Links
from monitor.alerts.model import Message, MessageRow
from monitor.ids import Place
from monitor.notify.clean import clean, runbook_address, web_address
from monitor.notify.words import count_text, moment_text, span_text, words_for
from monitor.rules.answer import LEVELS, Level

GLYPHS: Mapping[Level, str] = {"critical": "▲", "warning": "◆", "info": "●"}
RESOLVED_GLYPH = "✓"
MAX_LINKS = 5


@dataclass(frozen=True)
class Size:
    """How much goes in: rows, and characters of a sentence; names get a third of that."""

    rows: int
    sentence: int

    @property
    def name(self) -> int:
        """Characters of a name."""
        return max(30, self.sentence // 3)


SIZES = (Size(20, 360), Size(20, 180), Size(20, 90), Size(8, 90))
"""Tried in this order until the mail is small enough; with the last one it is, even if every character is an emoji."""


@dataclass(frozen=True)
class LetterRow:
    """One alert. `tone` is the level, or "resolved": it chooses the colour, `glyph` the shape, `level` the word."""

    tone: str
    glyph: str
    level: str
    title: str
    place: str
    summary: str
    cause: str
    runbook: str
    runbook_link: str
    when: str
    price: str
    reason: str
    link: str
    picture: str
    """Content id of its curve; "" without one. `picture_text` says what it shows."""
    picture_text: str
    actions: tuple[tuple[str, str], ...]
    """What can be done without a login: the word of the button and its address; of the first row alone."""


@dataclass(frozen=True)
class Letter:
    """The whole mail. `rows` is never longer than 20, `more` counts the alerts without one. Unknown links are ""."""

    language: str
    words: Mapping[str, str]
    subject: str
    preheader: str
    note: str
    """Why it comes late, of a digest."""
    where: str
    counts: str
    rows: tuple[LetterRow, ...]
    more: str
    more_link: str
    contact: str
    access: str
    links: tuple[tuple[str, str], ...]
    footer: str


def write_letter(message: Message, public_url: str, size: Size, links: Links | None = None) -> Letter:
    """Say `message` in its language; `public_url` is where the pages are ("": no links), `links` signs."""
    language, words = words_for(message.language)
    zone, base = zone_of(message.zone), public_url.rstrip("/")
    rows = message.rows[: size.rows]
    site = _shared(message, "site")
    frame = _Frame(message.at, words, zone, base, size, several_sites=not site)
    more = message.firing + message.resolved - len(rows)
    return Letter(
        language=language,
        words=words,
        subject=subject_line(message),
        preheader=clean(rows[0].texts.summary, size.sentence) if rows else "",
        note=_note(message, words, zone),
        where=_where(message.rows[0], clean(message.site_name, size.name) if site else "", size) if rows else "",
        counts=_counts(message, words, site),
        rows=tuple(_acting(_row(row, frame), row, message, frame, links) for row in rows[:1])
        + tuple(_row(row, frame) for row in rows[1:]),
        more=words["more"].format(count_text(more)) if more > 0 else "",
        more_link=_list_link(base, site, size),
        contact=clean(message.contact, size.sentence),
        access=clean(message.access, size.sentence),
        links=_links(message, size),
        footer=words["footer"].format(
            receiver=clean(message.receiver, size.name), at=moment_text(message.at, zone), zone=zone.key
        ),
    )


def subject_line(message: Message) -> str:
    """State, count, worst level, site (and station when it is one), rule when it is one; of a report its title."""
    if message.report is not None:
        return clean(message.report.title, 120)
    _, words = words_for(message.language)
    site, station, rule = (_shared(message, key) for key in ("site", "station", "rule"))
    where = clean(site or _many_sites(message, words), 60)
    if site and station:
        where += f"/{clean(station, 60)}"
    what = f": {clean(rule, 60)}" if rule else ""
    level = f" {words[_worst(message)]}" if message.rows else ""
    return f"[{_state(message, words)}]{level} {where}{what}"


def _state(message: Message, words: Mapping[str, str]) -> str:
    firing = words["REPEAT" if message.kind == "repeat" else "FIRING"]
    parts = ((firing, message.firing), (words["RESOLVED"], message.resolved))
    counts = ", ".join(f"{word} {count_text(count)}" for word, count in parts if count)
    return f"{words['DIGEST']}: {counts}" if message.kind == "digest" else counts


def _note(message: Message, words: Mapping[str, str], zone: ZoneInfo) -> str:
    if message.kind != "digest" or message.since is None:
        return ""
    return words["digest"].format(count=count_text(message.stands_for), since=moment_text(message.since, zone))


def _worst(message: Message) -> Level:
    """Of the alerts that fire; of all, when none does any more."""
    firing = [row.level for row in message.rows if row.state != "resolved"]
    return max(firing or [row.level for row in message.rows], key=LEVELS.index)


def _shared(message: Message, key: Literal["site", "station", "rule"]) -> str:
    """What all alerts of the message have in common, "" if nothing. Of alerts without a row only the group tells."""
    if key in message.group:
        return message.group[key]
    if message.firing + message.resolved > len(message.rows):
        return ""
    if key == "rule":
        values = {row.rule for row in message.rows}
    else:
        values = {getattr(Place.parse(row.subject), key) for row in message.rows}
    return (values.pop() or "") if len(values) == 1 else ""


def _many_sites(message: Message, words: Mapping[str, str]) -> str:
    """`12 sites`; `12+ sites` when alerts without a row may be at others."""
    sites = {Place.parse(row.subject).site for row in message.rows}
    unseen = message.firing + message.resolved > len(message.rows)
    return f"{len(sites)}{'+' if unseen else ''} {words['sites']}"


def _counts(message: Message, words: Mapping[str, str], site: str) -> str:
    parts = ((words["firing"], message.firing), (words["resolved"], message.resolved))
    counts = ", ".join(f"{word}: {count_text(count)}" for word, count in parts if count)
    return counts if site else f"{counts} · {_many_sites(message, words)}"


def _where(row: MessageRow, site_name: str, size: Size) -> str:
    """`Malmö Central / mc-1 / 1`; the site's key where it has no name or the message is of several."""
    site, *rest = (clean(name, size.name) for name in Place.parse(row.subject) if name is not None)
    return " / ".join([site_name or site, *rest])


@dataclass(frozen=True)
class _Frame:
    """What all rows of a letter share."""

    at: datetime
    words: Mapping[str, str]
    zone: ZoneInfo
    base: str
    size: Size
    several_sites: bool


def _row(row: MessageRow, frame: _Frame) -> LetterRow:
    words, size = frame.words, frame.size
    whole = _where(row, "", size)
    resolved = row.state == "resolved"
    runbook = runbook_address(row.texts.runbook, frame.base)
    return LetterRow(
        tone="resolved" if resolved else row.level,
        glyph=RESOLVED_GLYPH if resolved else GLYPHS[row.level],
        level=words["resolved"] if resolved else words[row.level],
        title=clean(row.texts.title or row.rule, size.name),
        place=whole if frame.several_sites else whole.partition(" / ")[2] or whole,
        summary=clean(row.texts.summary, size.sentence),
        cause=clean(row.texts.cause, size.sentence),
        runbook=clean(runbook, size.sentence),
        runbook_link=_short_link(runbook, size),
        when=_when(row, frame),
        price=_price(row, words),
        reason=_reason(row, words, size),
        link=f"{frame.base}/alerts/{row.alert}" if frame.base else "",
        picture="",
        picture_text="",
        actions=(),
    )


def _acting(said: LetterRow, row: MessageRow, message: Message, frame: _Frame, links: Links | None) -> LetterRow:
    """The row with signed links for the message's address alone: its alert, and while that fires what can be done."""
    if links is None or not frame.base:
        return said

    def signed(action: Action) -> str:
        return f"{frame.base}/m/{links.sign(action, row.alert, message.address, message.at)}"

    possible: tuple[Action, ...] = () if row.state == "resolved" else ("acknowledge", "silence")
    actions = tuple((frame.words[action], signed(action)) for action in possible)
    return replace(said, link=signed("alert"), actions=actions)


def _reason(row: MessageRow, words: Mapping[str, str], size: Size) -> str:
    """Why it is told in this way, where that is not plain: it flaps, or what ended it."""
    if row.flapping:
        return clean(words["flapping"], size.sentence)
    ended = row.resolved_reason if row.state == "resolved" else ""
    return clean(words.get(ended, ended), size.sentence)


def _price(row: MessageRow, words: Mapping[str, str]) -> str:
    """What the session under way costs so far; "" where there is none."""
    if row.price is None:
        return ""
    return str(row.price) if row.price.taxed else words["untaxed"].format(row.price)


def _when(row: MessageRow, frame: _Frame) -> str:
    """`2026-03-29 14:05 CEST, 14 min ago`; of a resolved one when it ended and how long it had fired."""
    if row.state == "resolved" and row.resolved_at is not None:
        moment, span = row.resolved_at, frame.words["after"].format(span_text(row.resolved_at - row.firing_at))
    else:
        moment, span = row.firing_at, frame.words["ago"].format(span_text(frame.at - row.firing_at))
    return f"{moment_text(moment, frame.zone)}, {span}"


def _links(message: Message, size: Size) -> tuple[tuple[str, str], ...]:
    """The site's links, whose placeholders the planner has filled in."""
    checked = ((clean(label, size.name), _short_link(address, size)) for label, address in message.links.items())
    return tuple((label, link) for label, link in checked if link)[:MAX_LINKS]


def _list_link(base: str, site: str, size: Size) -> str:
    """The list of alerts: the site's, or all where the site is unknown or its name too long for a link."""
    whole = f"{base}/alerts?{urlencode({'site': site}, errors='replace')}" if site else ""
    return (_short_link(whole, size) or f"{base}/alerts") if base else ""


def _short_link(address: str, size: Size) -> str:
    """A cut address leads nowhere, so one that is too long is no link."""
    return web_address(address) if len(address) <= 3 * size.sentence else ""


def zone_of(name: str) -> ZoneInfo:
    """The zone, or UTC: a mail with times in UTC (and saying so) is better than none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
