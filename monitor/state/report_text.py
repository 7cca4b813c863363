"""The report of a month in words, for a mail."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from babel.dates import format_date

from monitor import amounts
from monitor.alerts.model import Report
from monitor.insight.figure_text import figure_text
from monitor.insight.figures import BY_NAME
from monitor.insight.performance import Row
from monitor.state.site_month import KEY, PER_CONNECTOR, SiteMonth

SHOWN: Final = 40
"""Connectors that a mail lists, those with most sessions; the page has all."""

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "Monthly report: {site}, {month}",
        "connector": "Connector",
        "more": "{count} more connectors are on the page.",
        "full": "{pool}: all EVSEs taken {share} of the time; the bottleneck is {what}.",
        "plugs": "too few plugs",
        "power": "too little power",
        "idle": "cars that stay when they are full",
        "faults": "faults",
        "changed": "{place}: {figure} {before} → {after} since {since:%Y-%m-%d}.",
    },
    "sv": {
        "title": "Månadsrapport: {site}, {month}",
        "connector": "Uttag",
        "more": "{count} uttag till finns på sidan.",
        "full": "{pool}: alla laddplatser upptagna {share} av tiden; flaskhalsen är {what}.",
        "plugs": "för få uttag",
        "power": "för lite effekt",
        "idle": "bilar som står kvar fulladdade",
        "faults": "fel",
        "changed": "{place}: {figure} {before} → {after} sedan {since:%Y-%m-%d}.",
    },
}


def report_text(found: SiteMonth, site_name: str, language: str) -> Report:
    """`found.now` is known. What is known of neither month, and of no connector, is left out."""
    assert found.now is not None
    language = language if language in _WORDS else "en"
    words, locale = _WORDS[language], amounts.LOCALES[language]
    busiest = sorted(found.connectors, key=lambda row: (-_count(row.figures["sessions"]), row.group.subject))

    shown = busiest[:SHOWN]
    columns = [BY_NAME[name] for name in PER_CONNECTOR if any(row.figures[name] is not None for row in shown)]

    def text(row: Row | None, name: str) -> str:
        return figure_text(row.figures[name] if row else None, BY_NAME[name], locale, row.currency if row else None)

    lines = [(BY_NAME[name].label[language], text(found.now, name), text(found.before, name)) for name in KEY]
    return Report(
        site=found.site,
        month=f"{found.month:%Y-%m}",
        title=words["title"].format(
            site=site_name or found.site, month=format_date(found.month, "LLLL y", locale=locale)
        ),
        figures=tuple(line for line in lines if line[1:] != (amounts.DASH, amounts.DASH)),
        columns=(words["connector"], *(figure.label[language] for figure in columns)),
        connectors=tuple(
            (f"{row.group.station} / {row.group.connector}", *(text(row, figure.name) for figure in columns))
            for row in shown
        ),
        notes=tuple(_notes(found, words, language)),
    )


def _notes(found: SiteMonth, words: Mapping[str, str], language: str) -> Iterator[str]:
    locale = amounts.LOCALES[language]
    if len(found.connectors) > SHOWN:
        yield words["more"].format(count=len(found.connectors) - SHOWN)
    for pool in found.pools:
        if pool.bottleneck is not None:
            share = figure_text(pool.pool_full_share, BY_NAME["pool_full_share"], locale)
            yield words["full"].format(pool=pool.pool, share=share, what=words[pool.bottleneck])
    for each in found.changed:
        figure = BY_NAME[each.figure]
        yield words["changed"].format(
            place=f"{each.place.station} / {each.place.connector}",
            figure=figure.label[language],
            before=figure_text(each.before, figure, locale),
            after=figure_text(each.after, figure, locale),
            since=each.since,
        )


def _count(value: Any) -> int:
    return int(value or 0)
