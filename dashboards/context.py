"""What every template can name: words, places, texts in the reader's language, and the state of the service."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Flask, request, url_for

from dashboards import access, formats, reader, words
from dashboards.active import ActiveAlerts, active_alerts
from dashboards.freshness import freshness
from dashboards.language import gettext, locale
from dashboards.principals import principal
from dashboards.release import release
from dashboards.sources import mailbox, service
from monitor.alerts.flat import texts_of
from monitor.alerts.model import Alert
from monitor.ids import Place
from monitor.insight.picture import STANDINGS, standing_of
from monitor.rules.answer import Texts
from monitor.sessions.model import Session

POLL_SECONDS = 5
FALLBACK_LANGUAGE = "en"


def language() -> str:
    """The language of the page as operators' files name it: `en`, `sv`."""
    return str(locale().language)


def spoken(texts: Mapping[str, str] | str) -> str:
    """The reader's language of a text, else English, else whichever there is."""
    if isinstance(texts, str):
        return texts
    return texts.get(language()) or texts.get(FALLBACK_LANGUAGE) or next(iter(texts.values()), "")


def texts(alert: Alert) -> Texts:
    """What the alert says, in the reader's language; the rule's id when it says nothing."""
    return texts_of(alert, language())


def place_url(place: Place) -> str:
    """The page of a site, station or connector. Quoted twice, because the server unquotes a path once.

    Of a part of the service itself it is the health page.
    """
    if place.source is not None:
        return url_for("health.page")
    kind = "connectors" if place.connector is not None else "stations" if place.station is not None else "sites"
    address = f"{request.script_root}/{kind}/{quote(place.subject, safe='/')}"
    chosen = reader.zone_asked()
    return f"{address}?zone={chosen}" if chosen else address


def site_name(key: str) -> str:
    """What the register calls the site, else its key."""
    site = service().register.site(key)
    return site.name if site and site.name else key


def place_name(place: Place) -> str:
    """`Malmö Central / mc-1 / 1`; `Readings store` of a part of the service itself."""
    if place.source is not None:
        return words.word("source", place.source)
    return " / ".join([site_name(place.site), *(name for name in place[1:] if name is not None)])


def zone_of(subject: str) -> ZoneInfo:
    """The zone in which the reader sees the times of a subject: that of its site, or what he chose."""
    return reader.shown_zone(service().register.zone(Place.parse(subject).site))


def home_zone() -> ZoneInfo:
    """The zone of lines about no site in particular, and of the days that filters name."""
    return ZoneInfo(service().settings.sessions.zone)


def price(session: Session) -> str:
    """A session's price with tax, or without where the tariff does not say."""
    if session.bill is None:
        return formats.DASH
    total = session.bill.total
    if total.incl_vat is not None:
        return formats.money(total.incl_vat, session.bill.currency)
    return gettext("%(amount)s excl. VAT", amount=formats.money(total.excl_vat, session.bill.currency))


def meter_reading(watt_hours: float | None) -> str:
    """A register to the watt-hour, as it is read off a meter."""
    return formats.DASH if watt_hours is None else f"{formats.number(Decimal(str(watt_hours)) / 1000, 3)}\u00a0kWh"


def standard(place: Place) -> str:
    """The plug of a connector, where the register says it."""
    found = service().register.connectors.get(place)
    return found.standard if found else ""


def install(app: Flask) -> None:
    """Give it all to the templates."""
    static = Path(app.static_folder or "")
    stamps: dict[str, str] = {}

    def asset(name: str) -> str:
        # The content's digest in the address: browsers may keep a file for ever, and never keep an old one.
        if name not in stamps:
            stamps[name] = hashlib.sha256((static / name).read_bytes()).hexdigest()[:12]
        return url_for("static", filename=name, v=stamps[name])

    formats.install(app)
    app.jinja_env.filters["meter_reading"] = meter_reading
    app.jinja_env.globals.update(
        word=words.word, spoken=spoken, texts=texts, price=price, standard=standard, standings=STANDINGS,
        place_of=Place.parse, place_url=place_url, place_name=place_name, zone_of=zone_of, standing_of=standing_of,
        asset=asset, first_page=first_page, may=access.may, languages=reader.LANGUAGES, same_page=same_page,
        active=_active,
    )  # fmt: skip
    app.context_processor(_of_request)


def _active() -> ActiveAlerts:
    return active_alerts(service())


def first_page() -> str:
    """The address without the place in the list."""
    return page_url(before=None, after=None)


def page_url(**changes: object) -> str:
    """The page's address with some parameters changed; None removes one."""
    given: dict[str, object] = {**request.args.to_dict(), **changes}
    arguments = {**(request.view_args or {}), **{name: value for name, value in given.items() if value is not None}}
    return url_for(str(request.endpoint), **arguments)


def same_page(**changes: str) -> str:
    """The page's address with a parameter changed; the status page's where this one was no answer to a GET."""
    if request.method not in {"GET", "HEAD"} or request.endpoint is None:
        return url_for("noc.status", **changes)  # type: ignore[arg-type]
    return page_url(**changes)


def _navigation() -> list[tuple[str, str]]:
    pages = [
        ("noc.status", gettext("Status")), ("alerts.all_", gettext("Alerts")),
        ("oncall.page", gettext("On call")), ("sessions.all_", gettext("Sessions")),
        ("review.all_", gettext("Review")),
        ("rules.all_", gettext("Rules")), ("tariffs.all_", gettext("Tariffs")),
        ("insight.performance", gettext("Insight")), ("health.page", gettext("Health")),
        ("administration.page", gettext("Access")),
    ]  # fmt: skip
    shown = [*pages, ("mailbox.all_", gettext("Mailbox"))] if mailbox() else pages
    return [(endpoint, label) for endpoint, label in shown if access.may(endpoint)]


def _of_request() -> dict[str, object]:
    source = service()
    picture = source.picture
    who = principal()
    whole = "page.html" if who.may("read") or who.may("wall") else "bare.html"
    return {
        "layout": "fragment.html" if request.headers.get("HX-Request") == "true" and whole == "page.html" else whole,
        "principal": who,
        "service": source,
        "fresh": freshness(source),
        "picture_at": picture.at if picture else None,
        "zone": reader.shown_zone(home_zone()),
        "zone_chosen": reader.zone_asked() or "site",
        "demo": source.demo,
        "speed": source.speed,
        "language": language(),
        "navigation": _navigation(),
        "tv": request.args.get("tv") == "1",
        "poll": POLL_SECONDS,
        "release": release(),
    }
