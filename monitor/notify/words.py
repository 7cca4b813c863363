"""The words of a mail in each language, and how it writes times, spans and counts. Rule texts come translated."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

FALLBACK: Final = "en"
"""For a receiver whose language has no words here."""

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "FIRING": "FIRING",
        "power": "Power",
        "offered": "Offered",
        "limit": "Limit",
        "expected": "Expected",
        "REPEAT": "STILL FIRING",
        "DIGEST": "SUMMARY",
        "digest": "Mail could not be delivered: this stands for {count} messages from {since} on.",
        "RESOLVED": "RESOLVED",
        "firing": "Firing",
        "resolved": "Resolved",
        "critical": "critical",
        "warning": "warning",
        "info": "info",
        "sites": "sites",
        "cause": "Probable cause",
        "since": "Since",
        "price": "Price to the customer so far",
        "untaxed": "{} without tax",
        "ago": "{} ago",
        "after": "after {}",
        "reason": "Reason",
        "runbook": "What to do",
        "open": "Open the alert",
        "acknowledge": "Acknowledge",
        "silence": "Silence",
        "contact": "Contact",
        "access": "Access",
        "links": "Links",
        "others": "Also in this message",
        "more": "and {} more",
        "footer": "To {receiver}, {at}. Times are in {zone}.",
        "automatic": "Sent by Laddvakt, which watches the chargers. Replies are not read by it.",
        "month": "The month",
        "before": "the month before",
        "whole_report": "The whole report",
        "flapping": "it comes and goes; nothing more will be told of it until it has calmed down",
        "no data": "no data",
        "rule changed": "the rule was changed",
        "rule deleted": "the rule was deleted",
        "connector retired": "the connector is out of service",
        "no longer selected": "the rule does not cover it any more",
        "broken": "The mail template failed, so this is the plain built-in text. Tell who runs Laddvakt",
    },
    "sv": {
        "FIRING": "LARM",
        "power": "Effekt",
        "offered": "Erbjuden effekt",
        "limit": "Märkeffekt",
        "expected": "Förväntat",
        "REPEAT": "LARM KVARSTÅR",
        "DIGEST": "SAMMANFATTNING",
        "digest": "Mejl kunde inte levereras: detta ersätter {count} meddelanden från {since} och framåt.",
        "RESOLVED": "LÖST",
        "firing": "Larm",
        "resolved": "Löst",
        "critical": "kritiskt",
        "warning": "varning",
        "info": "info",
        "sites": "anläggningar",
        "cause": "Trolig orsak",
        "since": "Började",
        "price": "Pris för kunden hittills",
        "untaxed": "{} utan skatt",
        "ago": "för {} sedan",
        "after": "efter {}",
        "reason": "Skäl",
        "runbook": "Gör så här",
        "open": "Öppna larmet",
        "acknowledge": "Kvittera",
        "silence": "Tysta",
        "contact": "Kontakt",
        "access": "Tillträde",
        "links": "Länkar",
        "others": "Också i detta meddelande",
        "more": "och {} till",
        "footer": "Till {receiver}, {at}. Tider i {zone}.",
        "automatic": "Skickat av Laddvakt, som vakar över laddarna. Svar läses inte av tjänsten.",
        "month": "Månaden",
        "before": "månaden innan",
        "whole_report": "Hela rapporten",
        "flapping": "det kommer och går; mer sägs inte om det förrän det har lugnat sig",
        "no data": "inga mätvärden",
        "rule changed": "regeln har ändrats",
        "rule deleted": "regeln har tagits bort",
        "connector retired": "uttaget är taget ur bruk",
        "no longer selected": "regeln gäller inte längre här",
        "broken": "Mejlets mall gick sönder, så detta är den enkla inbyggda texten. Säg till den som sköter Laddvakt",
    },
}


def words_for(language: str) -> tuple[str, Mapping[str, str]]:
    """The language that will be used (`sv_SE` is `sv`) and its words."""
    short = language.replace("-", "_").partition("_")[0].lower()
    chosen = short if short in WORDS else FALLBACK
    return chosen, WORDS[chosen]


def moment_text(moment: datetime, zone: ZoneInfo) -> str:
    """`2026-03-29 14:05 CEST`: ISO order in both languages, the zone beside it (an offset where it has no name)."""
    local = moment.astimezone(zone)
    name = local.tzname() or ""
    return f"{local:%Y-%m-%d %H:%M} {name if name.isalpha() else 'UTC' + local.isoformat()[-6:]}"


def span_text(span: timedelta) -> str:
    """`45 s`, `14 min`, `2 h 5 min`, `3 d 4 h`: the two largest units, the same signs in both languages."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min"


def count_text(count: int) -> str:
    """`5 000`, with a space that does not break."""
    return f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")
