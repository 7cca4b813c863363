"""The mosaic of the status page: its bytes, and what one of its tiles is."""

from typing import TypedDict

from dashboards.active import active_alerts
from dashboards.context import place_name, place_url
from dashboards.sources import Service
from dashboards.status import Filters, chosen_sites
from dashboards.words import word
from monitor.insight.mosaic import Mosaic, mosaic


class Tile(TypedDict):
    """One connector."""

    name: str
    state: str
    href: str


def mosaic_of(source: Service, filters: Filters) -> Mosaic | None:
    """The connectors that the filters select; None before the first evaluation."""
    picture = source.picture
    if picture is None:
        return None
    whole = mosaic(picture)
    if not filters.any:
        return whole
    sites = {site.site for site in chosen_sites(picture, active_alerts(source), filters)}
    return whole.of(sites, filters.state, filters.current)


def tile(found: Mosaic, number: int) -> Tile | None:
    """What the tile of that number stands for."""
    connector = found.at(number)
    if connector is None:
        return None
    return {
        "name": place_name(connector.place),
        "state": word("state", connector.state),
        "href": place_url(connector.place),
    }
