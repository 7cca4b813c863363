"""`rules/sites.yaml`: the register of sites, stations and connectors. Shapes as in design.md, section 10."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from monitor import documents
from monitor.documents import Document, Strict, WrittenDuration
from monitor.errors import FileProblems, Problem
from monitor.ids import Place
from monitor.units import parse_duration, parse_quantity


def _watts(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} has no unit; write for example 150 kW")  # noqa: TRY004 - pydantic wants ValueError
    quantity = parse_quantity(value)
    if quantity.dimension != "power" or quantity.value <= 0:
        raise ValueError(f"{value!r} is not a power above 0; write for example 150 kW")
    return float(quantity.value)


def _span(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{value!r} is no IANA time zone; write for example Europe/Stockholm") from error
    return value


_WrittenPower = Annotated[str, Field(pattern=r"^\s*\d+(\.\d+)?\s*(W|kW|MW)\s*$", examples=["150 kW"])]
Watts = Annotated[float, BeforeValidator(_watts, json_schema_input_type=_WrittenPower)]
Span = Annotated[timedelta, BeforeValidator(_span, json_schema_input_type=WrittenDuration)]
Key = Annotated[str, BeforeValidator(str, json_schema_input_type=str)]
Zone = Annotated[str, AfterValidator(_zone)]


class _Many(Strict):
    """A shape of which there are as many as connectors: which keys were written is not kept, a third of the memory."""

    def model_post_init(self, _: object) -> None:
        object.__setattr__(self, "__pydantic_fields_set__", _NOT_KEPT)


_NOT_KEPT: set[str] = set()


class Connector(_Many):
    """One outlet. `evse`: connectors that serve one car at a time share a name; default: its own."""

    current: Literal["AC", "DC"] | None = None
    rated: Watts | None = None
    phases: Literal[1, 2, 3] | None = None
    standard: str = ""
    evse: str = ""
    evse_id: str = ""
    bidirectional: bool = False
    retired: bool = False


class Station(_Many):
    """One charging station; `max_power` is shared by its connectors."""

    max_power: Watts | None = None
    vendor: str = ""
    model: str = ""
    load_managed: bool = False
    offline_after: Span | None = None
    connectors: dict[Key, Connector] = Field(default_factory=dict)


class PowerGroup(Strict):
    """Stations behind one power limit."""

    max_power: Watts
    members: list[str]


class Address(Strict):
    """Where a site is, as OCPI's Location wants it."""

    street: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""
    coordinates: tuple[float, float] | None = Field(default=None, strict=False)


class Site(Strict):
    """One site with its people and places."""

    name: str = ""
    zone: Zone | None = None
    offline_after: Span | None = None
    stations: dict[Key, Station] = Field(default_factory=dict)
    power_groups: dict[str, PowerGroup] = Field(default_factory=dict)
    contact: str = ""
    access: str = ""
    links: dict[str, str] = Field(default_factory=dict)
    address: Address | None = None


class Operator(Strict):
    """Who runs the network, as OCPI's CDR wants it."""

    country_code: str = ""
    party_id: str = ""
    name: str = ""


class RegisterFile(Strict):
    """The whole of sites.yaml."""

    sites: dict[Key, Site] = Field(default_factory=dict)
    operator: Operator = Operator()


@dataclass(frozen=True)
class Register:
    """The register with its look-ups. An empty one is valid: everything is then unregistered."""

    file: RegisterFile = field(default_factory=RegisterFile)
    default_zone: str = "Europe/Stockholm"

    def __iter__(self) -> Iterator[tuple[Place, Connector]]:
        """Every connector that is not retired."""
        for site_key, site in self.file.sites.items():
            for station_key, station in site.stations.items():
                for key, connector in station.connectors.items():
                    if not connector.retired:
                        yield Place(site_key, station_key, key), connector

    @cached_property
    def connectors(self) -> Mapping[Place, Connector]:
        """Connectors in service by place."""
        return dict(self)

    def site(self, key: str) -> Site | None:
        """The site's entry, None when it is not registered."""
        return self.file.sites.get(key)

    def station(self, place: Place) -> Station | None:
        """The station's entry, None when it is not registered."""
        site = self.site(place.site)
        return site.stations.get(place.station) if site and place.station else None

    def zone(self, site_key: str) -> ZoneInfo:
        """The site's time zone, else the configured one."""
        site = self.site(site_key)
        return ZoneInfo((site.zone if site else None) or self.default_zone)

    def offline_after(self, place: Place) -> timedelta | None:
        """What the register says for the station, else for its site; None: by heartbeat interval."""
        site, station = self.site(place.site), self.station(place)
        return (station.offline_after if station else None) or (site.offline_after if site else None)

    def power_group(self, place: Place) -> str:
        """The key of the power group of a place's station; a station in none is a group of its own."""
        site = self.site(place.site)
        for key, group in (site.power_groups if site else {}).items():
            if place.station in group.members:
                return f"{place.site}/{key}"
        return f"{place.site}//{place.station}"

    def power_limit(self, place: Place) -> float | None:
        """What the power group of a place's station gives at most, in W; None where the register does not say."""
        site, station = self.site(place.site), self.station(place)
        for group in site.power_groups.values() if site else ():
            if place.station in group.members:
                return group.max_power
        return station.max_power if station else None

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each connector in service: what rules know of it from here."""
        for place, connector in self:
            station = self.file.sites[place.site].stations[place.station or ""]
            offline_after = self.offline_after(place)
            yield {
                "site": place.site,
                "station": place.station,
                "connector": place.connector,
                "current": connector.current,
                "rated_w": connector.rated,
                "rated_phases": connector.phases,
                "evse": connector.evse or place.connector,
                "power_group": self.power_group(place),
                "group_max_w": self.power_limit(place),
                "station_max_w": station.max_power,
                "load_managed": station.load_managed,
                "bidirectional": connector.bidirectional,
                "offline_after_s": offline_after.total_seconds() if offline_after else None,
            }


def load(path: Path, default_zone: str) -> Register:
    """Read sites.yaml; a missing file is an empty register; raise FileProblems with every mistake."""
    return parse(documents.read(path), default_zone) if path.exists() else Register(default_zone=default_zone)


def parse(document: Document, default_zone: str) -> Register:
    """The same for a file at hand."""
    file = documents.validate(document, RegisterFile)
    if problems := list(_unknown_members(document, file)):
        raise FileProblems(problems)
    return Register(file, default_zone)


def _unknown_members(document: Document, file: RegisterFile) -> Iterator[Problem]:
    for site_key, site in file.sites.items():
        for name, group in site.power_groups.items():
            for index, member in enumerate(group.members):
                if member not in site.stations:
                    path = ("sites", site_key, "power_groups", name, "members", index)
                    message = f"there is no station {member!r} at {site_key}{documents.nearest(member, site.stations)}"
                    yield document.problem(path, "unknown-station", message)
