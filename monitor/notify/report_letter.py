"""What the mail of a monthly report says, cleaned and shortened before it is laid out."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from monitor.alerts.model import Message
from monitor.notify.clean import clean
from monitor.notify.letter import subject_line, zone_of
from monitor.notify.words import moment_text, words_for

NAME, SENTENCE = 80, 300
"""Characters."""


@dataclass(frozen=True)
class ReportLetter:
    """`figures`: label, value, the month before. `link`: its page, "" where the pages have no address."""

    language: str
    words: Mapping[str, str]
    subject: str
    figures: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...]
    connectors: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    link: str
    footer: str


def write_report(message: Message, public_url: str) -> ReportLetter:
    """`message.report` is there."""
    report = message.report
    assert report is not None
    language, words = words_for(message.language)
    zone, base = zone_of(message.zone), public_url.rstrip("/")
    query = urlencode({"site": report.site, "month": report.month}, errors="replace")
    return ReportLetter(
        language=language,
        words=words,
        subject=subject_line(message),
        figures=tuple(_cleaned(row) for row in report.figures),
        columns=_cleaned(report.columns),
        connectors=tuple(_cleaned(row) for row in report.connectors),
        notes=tuple(clean(note, SENTENCE) for note in report.notes),
        link=f"{base}/insight/report?{query}" if base else "",
        footer=words["footer"].format(
            receiver=clean(message.receiver, NAME), at=moment_text(message.at, zone), zone=zone.key
        ),
    )


def _cleaned(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clean(text, NAME) for text in texts)
