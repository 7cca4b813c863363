"""The network as the status page has it: sites, stations, connectors."""

from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from flask import abort
from flask.typing import ResponseReturnValue

from dashboards.active import active_alerts
from dashboards.api.asked import ConnectorsQuery, SitesQuery
from dashboards.api.operation import operation
from dashboards.api.ordering import in_order
from dashboards.api.shapes.common import Page
from dashboards.api.shapes.network import ConnectorShape, NetworkShape, SiteDetail, SiteShape, StationShape
from dashboards.context import page_url, site_name
from dashboards.freshness import freshness
from dashboards.places import connector_at, links_of
from dashboards.sources import service
from dashboards.status import Filters, chosen_sites
from monitor.ids import Place
from monitor.insight import rollup
from monitor.insight.picture import STANDING_OF, Connector, Picture, Standing, connector_of
from monitor.insight.rollup import Rollup, SiteRollup
from monitor.register import Site, Station


@operation("/status", answer=NetworkShape)
def status() -> ResponseReturnValue:
    """The whole network"""
    source, active = service(), active_alerts(service())
    fresh, picture = freshness(source), source.picture
    return {
        "now": fresh.now,
        "evaluated_at": picture.at if picture else None,
        "stale": not fresh.current,
        "newest_reading": fresh.newest_reading,
        "network": _counted(rollup.network(picture)) if picture else None,
        "firing": dict(active.firing),
        "pending": active.pending,
    }


@operation("/sites", answer=Page[SiteShape], query=SitesQuery)
def sites(query: SitesQuery) -> ResponseReturnValue:
    """Sites"""
    picture, active = service().picture, active_alerts(service())
    if picture is None:
        return {"items": [], "next": None}
    firing = active.by_site
    filters = Filters(None, query.state, query.level, query.current, query.q, query.after)
    ordered = in_order(chosen_sites(picture, active, filters), query.sort, {"site": lambda each: each.site})
    shown = ordered[query.after : query.after + query.limit]
    following = page_url(after=query.after + query.limit) if len(ordered) > query.after + query.limit else None
    return {"items": [_site(site, firing.get(site.site, {})) for site in shown], "next": following}


@operation("/sites/<site>", answer=SiteDetail)
def site(site: str) -> ResponseReturnValue:
    """One site"""
    source, place = service(), _place(site)
    known, picture = source.register.site(place.site), source.picture
    found = rollup.sites(picture).get(place.site) if picture else None
    if known is None and found is None:
        abort(404)
    firing = active_alerts(source).by_site.get(place.site, {})
    counted = found or SiteRollup(**vars(rollup.of_connectors(())), site=place.site)
    return {
        **_site(counted, firing),
        "zone": source.register.zone(place.site).key,
        "contact": (known or Site()).contact,
        "access": (known or Site()).access,
        "links": dict(links_of(source, place)),
        "stations": sorted({*(known or Site()).stations, *_heard(picture, place)}),
    }


@operation("/stations/<site>/<station>", answer=StationShape)
def station(site: str, station: str) -> ResponseReturnValue:
    """One station"""
    source, place = service(), _place(site, station)
    known = source.register.station(place)
    found = source.picture.within(place) if source.picture else ()
    if known is None and not found:
        abort(404)
    counted = _counted(rollup.of_connectors(found))
    return {**counted, "site": place.site, "station": place.station, "vendor": (known or Station()).vendor}


@operation("/connectors", answer=Page[ConnectorShape], query=ConnectorsQuery)
def connectors(query: ConnectorsQuery) -> ResponseReturnValue:
    """Connectors"""
    picture = service().picture
    if picture is None:
        return {"items": [], "next": None}
    rows = _ordered(picture, query.sort)
    for name, wanted in (("site", query.site), ("station", query.station)):
        if wanted is not None:
            rows = rows.filter(pc.equal(rows[name], wanted))
    if query.state is not None:
        rows = rows.filter(_stands(rows["state"], query.state))
    shown = rows.slice(query.after, query.limit).to_pylist()
    following = page_url(after=query.after + query.limit) if rows.num_rows > query.after + query.limit else None
    return {"items": [_connector(connector_of(row)) for row in shown], "next": following}


@operation("/connectors/<site>/<station>/<connector>", answer=ConnectorShape)
def connector(site: str, station: str, connector: str) -> ResponseReturnValue:
    """One connector"""
    return _connector(connector_at(service().picture, _place(site, station, connector)) or abort(404))


_PLACE = ("site", "station", "connector")


@lru_cache(maxsize=4)
def _ordered(picture: Picture, sort: str) -> pa.Table:
    """Sorted once a picture, because it may hold 100,000 rows; what is not known is last either way."""
    name, way = sort.removeprefix("-"), "descending" if sort.startswith("-") else "ascending"
    if name == "place":
        return picture.connectors.sort_by([(part, way) for part in _PLACE])
    by = {"status_since": "status_since_us", "reading_at": "reading_us"}.get(name, name)
    return picture.connectors.sort_by([(by, way), *((part, "ascending") for part in _PLACE)])


def _stands(states: pa.ChunkedArray, standing: Standing) -> pa.ChunkedArray:
    """Which states count as this standing; a state nobody has heard of is unknown."""
    named = [
        state for state, its in STANDING_OF.items() if (its != "unknown" if standing == "unknown" else its == standing)
    ]
    found = pc.is_in(states, value_set=pa.array(named, pa.string()))
    return pc.invert(found) if standing == "unknown" else found


def _place(*parts: str) -> Place:
    """The place of quoted names, as `subject` has them."""
    try:
        place = Place.parse("/".join(parts))
    except ValueError:
        abort(404)
    if sum(name is not None for name in place) != len(parts) or place.source is not None:
        abort(404)
    return place


def _counted(counted: Rollup) -> dict[str, Any]:
    return {name: getattr(counted, name) for name in ("connectors", "counts", "evses", "taken", "power_w")}


def _site(found: SiteRollup, firing: Any) -> dict[str, Any]:
    return {**_counted(found), "site": found.site, "name": site_name(found.site), "firing": dict(firing)}


def _heard(picture: Picture | None, place: Place) -> set[str]:
    found = picture.within(place) if picture else ()
    return {each.place.station for each in found if each.place.station}


def _connector(found: Connector) -> dict[str, Any]:
    own = {name: value for name, value in vars(found).items() if name != "place"}
    where = {name: getattr(found.place, name) for name in ("site", "station", "connector")}
    return {**where, **own, "subject": found.place.subject, "standing": found.standing}
