"""What the pages of a site, a station and a connector show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for

from dashboards import curves, formats
from dashboards.availability import Availability, availability
from dashboards.context import place_name, site_name, zone_of
from dashboards.curves import Curve
from dashboards.sources import Service
from dashboards.status import worst_symbol
from monitor.alerts.model import Alert
from monitor.ids import Place
from monitor.insight import rollup
from monitor.insight.picture import Connector, Picture
from monitor.insight.rollup import Rollup
from monitor.readings.store import ReadingStore
from monitor.rules.answer import LEVELS
from monitor.sessions.history import ConnectorHistory
from monitor.sessions.model import Session

CURVE_HOURS = 6
LAST_ROWS = 12
SESSIONS_SHOWN = 20
ALERTS_SHOWN = 50


@dataclass(frozen=True)
class StationBlock:
    """One station with its connectors."""

    place: Place
    described: str
    connectors: tuple[Connector, ...]


@dataclass(frozen=True)
class PlacePage:
    """A site, or one station of it."""

    place: Place
    site_place: Place
    name: str
    site_name: str
    symbol: str
    total: Rollup
    stations: tuple[StationBlock, ...]
    alerts: Sequence[Alert]
    links: Mapping[str, str]


@dataclass(frozen=True)
class ConnectorPage:
    """One connector."""

    place: Place
    site_place: Place
    site_name: str
    zone: ZoneInfo
    connector: Connector
    curve: Curve
    csv: str
    alerts: Sequence[Alert]
    sessions: Sequence[Session]
    history: ConnectorHistory | None
    readings: list[dict[str, Any]]
    statuses: list[dict[str, Any]]
    availability: Availability | None
    neighbours: tuple[Connector, ...]


def place_page(source: Service, place: Place) -> PlacePage | None:
    """The page of a site or station; None when neither the register nor a reading knows it."""
    picture, site = source.picture, source.register.site(place.site)
    connectors = picture.within(place) if picture else ()
    registered = source.register.station(place) if place.station else site
    if not connectors and registered is None:
        return None
    total = rollup.of_connectors(connectors)
    alerts = source.alerts.worst(place=place, limit=ALERTS_SHOWN)
    firing = {level: sum(a.level == level and a.state == "firing" for a in alerts) for level in LEVELS}
    return PlacePage(
        place=place,
        site_place=Place(place.site),
        name=place_name(place),
        site_name=site_name(place.site),
        symbol=worst_symbol(total, firing) if connectors else "unknown",
        total=total,
        stations=_stations(source, connectors),
        alerts=alerts,
        links=links_of(source, place),
    )


def _stations(source: Service, connectors: tuple[Connector, ...]) -> tuple[StationBlock, ...]:
    blocks = []
    for station, members in groupby(connectors, key=lambda c: c.place.station_place):
        known = source.register.station(station)
        words = [known.vendor, known.model] if known else []
        if known and known.max_power:
            words.append(formats.power(known.max_power))
        blocks.append(StationBlock(station, " · ".join(filter(None, words)), tuple(members)))
    return tuple(blocks)


def links_of(source: Service, place: Place) -> Mapping[str, str]:
    """The register's links of a site; `{station}` and `{connector}` stand for names; only web addresses are links."""
    site = source.register.site(place.site)
    names = {"site": place.site, "station": place.station or "", "connector": place.connector or ""}
    found = {}
    for name, link in (site.links if site else {}).items():
        href = link
        for key, value in names.items():
            href = href.replace("{" + key + "}", value)
        if is_web(href):
            found[name] = href
    return found


def is_web(href: str) -> bool:
    """Whether an operator's text may stand in an `href`: never `javascript:` or the like."""
    return href.startswith(("https://", "http://"))


def connector_page(source: Service, place: Place) -> ConnectorPage | None:
    """The page of one connector; None when it is not in the picture."""
    connector = connector_at(source.picture, place)
    if connector is None:
        return None
    zone, now = zone_of(place.subject), source.now()
    stretch = curves.stretch_asked((now - timedelta(hours=CURVE_HOURS), now))
    return ConnectorPage(
        place=place,
        site_place=Place(place.site),
        site_name=site_name(place.site),
        zone=zone,
        connector=connector,
        curve=curves.of_connector(source.store, place, stretch, zone),
        csv=readings_csv(place, start=formats.iso(stretch[0]), end=formats.iso(stretch[1])),
        alerts=source.alerts.list(place=place, limit=ALERTS_SHOWN),
        sessions=_sessions(source, place),
        history=source.sessions.histories([place]).get(place),
        readings=newest_rows(source.store, "meter", place),
        statuses=newest_rows(source.store, "status", place),
        availability=availability(source, place, source.register.zone(place.site), now),
        neighbours=_neighbours(source.picture, place),
    )


def _sessions(source: Service, place: Place) -> list[Session]:
    """Newest first; the one under way with its price so far."""
    here = source.session_at(place)
    listed = source.sessions.list(
        site=place.site, station=place.station, connector=place.connector, limit=SESSIONS_SHOWN
    )
    return [here if here and here.id == each.id else each for each in listed]


def _neighbours(picture: Picture | None, place: Place) -> tuple[Connector, ...]:
    """The other connectors of its station, which share its power and its troubles."""
    here = picture.within(place.station_place) if picture else ()
    return tuple(each for each in here if each.place != place)


def connector_at(picture: Picture | None, place: Place) -> Connector | None:
    """A connector's row of the picture."""
    return next(iter(picture.within(place)), None) if picture and place.connector is not None else None


def newest_rows(store: ReadingStore, measurement: str, place: Place) -> list[dict[str, Any]]:
    """The last rows of a connector, newest first."""
    batches = store.scan(measurement, place=place, newest_first=True, limit=LAST_ROWS)
    return [row for batch in batches for row in batch.to_pylist()][:LAST_ROWS]


def readings_csv(place: Place, *, start: str, end: str | None = None) -> str:
    """The address of a connector's meter readings as CSV."""
    names = {name: value for name, value in place._asdict().items() if value is not None}
    stretch = {"from": start, **({"to": end} if end else {})}
    return url_for("api.readings", measurement="meter", format="csv", **names, **stretch)  # type: ignore[arg-type]
