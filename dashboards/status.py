"""What the status page shows, gathered from the picture, the alerts and the sessions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from dashboards import formats
from dashboards.active import ActiveAlerts, active_alerts
from dashboards.context import page_url, site_name
from dashboards.freshness import freshness
from dashboards.language import gettext, ngettext
from dashboards.parameters import Parameters
from dashboards.sentence import Sentence, sentence
from dashboards.sources import Service
from dashboards.sparkline import Sparkline, sparkline
from monitor.alerts.model import Alert
from monitor.ids import Place
from monitor.insight import rollup
from monitor.insight.picture import STANDINGS, Picture, Standing
from monitor.insight.rollup import Rollup, SiteRollup, stations_of
from monitor.rules.answer import LEVELS, Level

SITES_PER_PAGE = 100
ALERTS_SHOWN = 25
STRIP_LONGEST = 40
"""Connectors a row shows one by one; a larger site is told by its counts alone."""


@dataclass(frozen=True)
class Filters:
    """What the address selects."""

    site: str | None
    state: Standing | None
    level: Level | None
    q: str | None
    after: int

    @classmethod
    def read(cls, parameters: Parameters) -> "Filters":
        """From the query string; a state or level that does not exist is an error."""
        after = parameters.text("after") or "0"
        return cls(
            site=parameters.text("site"),
            state=parameters.choice("state", STANDINGS),
            level=parameters.choice("level", LEVELS),
            q=parameters.text("q"),
            after=int(after) if after.isdecimal() and len(after) < 9 else 0,
        )

    @property
    def any(self) -> bool:
        """Whether anything is left out."""
        return any((self.site, self.state, self.level, self.q))

    def with_state(self, state: str) -> str:
        """The address that selects this state too; once more: no state."""
        return page_url(state=None if state == self.state else state, after=None)

    def admit(self, site: SiteRollup, firing: Mapping[Level, int], stations: str) -> bool:
        """Whether a site belongs on the page. `stations` is the text that `q` looks in beside the names."""
        at_least = LEVELS[LEVELS.index(self.level) :] if self.level else ()
        return (
            (self.site is None or self.site == site.site)
            and (self.state is None or site.counts[self.state] > 0)
            and (self.level is None or any(firing.get(level) for level in at_least))
            and (self.q is None or self.q.casefold() in f"{site.site} {site_name(site.site)} {stations}".casefold())
        )


@dataclass(frozen=True)
class Figure:
    """One key figure. `meaning` is its definition."""

    label: str
    value: str
    meaning: str
    of: str = ""
    line: Sparkline | None = None
    """How it was over the last 24 hours."""
    span: str = ""
    """The least and the most of that, in words."""


@dataclass(frozen=True)
class SiteRow:
    """One site's line."""

    place: Place
    name: str
    symbol: str
    counts: tuple[tuple[Standing, int], ...]
    strip: tuple[tuple[Standing, ...], ...]
    power_w: float | None
    worst: Alert | None
    more: int


@dataclass(frozen=True)
class StatusPage:
    """Everything on the page, ready to print."""

    sentence: Sentence
    mail: str
    figures: tuple[Figure, ...]
    counts: Mapping[Standing, int]
    filters: Filters
    sites: tuple[SiteRow, ...]
    sites_told: str
    next_sites: str | None
    alerts: tuple[Alert, ...]
    alerts_told: str
    no_alerts: str


def status_page(source: Service, filters: Filters) -> StatusPage:
    """The page for one set of filters. Key figures and the sentence are always the whole network's."""
    picture, alerts = source.picture, active_alerts(source)
    sites = rollup.sites(picture) if picture else {}
    whole = rollup.network(picture) if picture else None
    chosen = _chosen(sites, alerts, filters, picture)
    shown = chosen[filters.after : filters.after + SITES_PER_PAGE]
    keys = {site.site for site in chosen}
    listed = [alert for alert in alerts.worst if _listed(alert, keys, filters)]
    firing = alerts.firing
    return StatusPage(
        sentence=sentence(firing, whole, current=freshness(source).current),
        mail=_mail(source),
        figures=_figures(source, whole),
        counts=rollup.combined(chosen).counts,
        filters=filters,
        sites=_rows(shown, picture, alerts) if picture else (),
        sites_told=_told(len(shown), len(chosen), len(sites)),
        next_sites=page_url(after=filters.after + SITES_PER_PAGE) if len(chosen) > filters.after + len(shown) else None,
        alerts=tuple(listed[:ALERTS_SHOWN]),
        alerts_told=_told(min(len(listed), ALERTS_SHOWN), len(listed), alerts.count),
        no_alerts=_nothing(filters, picture),
    )


def _chosen(
    sites: Mapping[str, SiteRollup], alerts: ActiveAlerts, filters: Filters, picture: Picture | None
) -> list[SiteRollup]:
    stations = stations_of(picture) if picture and filters.q else {}
    return rollup.worst_first(
        (s for s in sites.values() if filters.admit(s, alerts.by_site.get(s.site, {}), stations.get(s.site, ""))),
        alerts.by_site,
    )


def _listed(alert: Alert, sites: set[str], filters: Filters) -> bool:
    severe = filters.level is None or LEVELS.index(alert.level) >= LEVELS.index(filters.level)
    return severe and (not filters.any or alert.place.site in sites)


def _rows(sites: Sequence[SiteRollup], picture: Picture, alerts: ActiveAlerts) -> tuple[SiteRow, ...]:
    strips = rollup.strips(picture, (site.site for site in sites if site.connectors <= STRIP_LONGEST))
    return tuple(_row(site, strips.get(site.site, ()), alerts) for site in sites)


def _row(site: SiteRollup, strip: tuple[tuple[Standing, ...], ...], alerts: ActiveAlerts) -> SiteRow:
    firing = alerts.by_site.get(site.site, {})
    here = alerts.worst_at.get(site.site, ())
    return SiteRow(
        place=Place(site.site),
        name=site_name(site.site),
        symbol=worst_symbol(site, firing),
        counts=tuple((standing, count) for standing, count in site.counts.items() if count),
        strip=strip,
        power_w=site.power_w,
        worst=here[0] if here else None,
        more=max(sum(firing.values()) - 1, len(here) - 1),
    )


def worst_symbol(site: Rollup, firing: Mapping[Level, int]) -> str:
    """One symbol for a place: its worst alert, else its worst connectors; a tick only if all of it is known."""
    for level in ("critical", "warning"):
        if firing.get(level):
            return level
    for standing in ("faulted", "unknown", "offline", "unavailable"):
        if site.counts[standing]:
            return standing
    return "resolved"


def _told(shown: int, matching: int, all_: int) -> str:
    if shown == all_:
        return formats.number(all_)
    if shown == matching:
        return gettext("%(n)s of %(all)s", n=formats.number(shown), all=formats.number(all_))
    numbers = {"n": formats.number(shown), "matching": formats.number(matching)}
    return gettext("the worst %(n)s of %(matching)s", **numbers)


def _nothing(filters: Filters, picture: Picture | None) -> str:
    if picture is None:
        return gettext("Nothing has been evaluated yet.")
    return gettext("No alert matches these filters.") if filters.any else gettext("No alerts are active.")


def _figures(source: Service, whole: Rollup | None) -> tuple[Figure, ...]:
    """The network's key figures; a dash for what nobody can say yet."""
    now, dash = source.now(), formats.DASH
    start = now - timedelta(hours=24)
    totals = source.sessions.totals(start=start)
    past = source.trend.since(start)

    def line(name: str, told: Callable[[float], str], *, from_zero: bool = True) -> dict[str, Any]:
        found = sparkline([(at, getattr(each, name)) for at, each in past], start, now, from_zero=from_zero)
        if found is None:
            return {}
        span = gettext("24 h: %(least)s to %(most)s", least=told(found.least), most=told(found.most))
        return {"line": found, "span": span}

    single = next(iter(totals.incl_vat)) if len(totals.incl_vat) == 1 else None
    revenue = [formats.money_whole(amount, currency) for currency, amount in totals.incl_vat.items()]
    return (
        Figure(
            gettext("In use"),
            formats.number(whole.taken) if whole else dash,
            gettext("Places for a car that are taken, of all of them"),
            of=formats.number(whole.evses) if whole else "",
            **line("taken", formats.number),
        ),
        Figure(
            gettext("Power"),
            formats.power(whole.power_w) if whole else dash,
            gettext("Sum of what the connectors measured last"),
            **line("power_w", formats.power),
        ),
        Figure(
            gettext("Usable now"),
            formats.percent(whole.usable_percent, 1) if whole else dash,
            gettext("Share of the connectors whose state is known that a car could use; unknown ones are left out"),
            **line("usable", lambda value: formats.percent(value, 1), from_zero=False),
        ),
        Figure(
            gettext("Sessions, 24 h"),
            formats.number(totals.sessions),
            gettext("Sessions plugged in during the last 24 hours"),
            **line("sessions", formats.number),
        ),
        Figure(
            gettext("Energy, 24 h"),
            formats.energy(totals.energy_wh),
            gettext("Of the sessions plugged in during the last 24 hours, as far as measured"),
            **line("energy_wh", formats.energy),
        ),
        Figure(
            gettext("Revenue, 24 h"),
            ", ".join(revenue) or dash,
            gettext("Of the sessions plugged in during the last 24 hours that are priced, with VAT"),
            **(line("revenue", lambda value: formats.money_whole(Decimal(value), single)) if single else {}),
        ),
    )


def _mail(source: Service) -> str:
    counts = source.outbox.counts(source.now())
    if counts.dead:
        return ngettext("%(num)s mail given up", "%(num)s mails given up", counts.dead)
    if counts.waiting:
        return ngettext("%(num)s mail waiting", "%(num)s mails waiting", counts.waiting)
    return gettext("mail ok")
