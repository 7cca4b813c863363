"""Names: which site a station belongs to, and which connector of ours an EVSE and connector of OCPP 2.0.1 are."""

from monitor.ids import STATION_CONNECTOR, Place
from monitor.ingest.ocpp.messages import BadMessage
from monitor.register import Register


def station_place(register: Register, station: str, site: str | None) -> Place:
    """The station with its site: the one that is named, else the one where the register has it. Raises BadMessage."""
    if site:
        return Place(site, station)
    sites = [key for key, entry in register.file.sites.items() if station in entry.stations]
    if len(sites) == 1:
        return Place(sites[0], station)
    if sites:
        raise BadMessage(f"station {station!r} is at {' and '.join(sites)}: name the site")
    raise BadMessage(f"station {station!r} is not in the register (sites.yaml): add it, or name its site")


def connectors_of(register: Register, station: Place) -> list[str]:
    """The station's connectors in the register, in its order; none where it is not registered."""
    entry = register.station(station)
    return list(entry.connectors) if entry else []


def connector_of(register: Register, station: Place, evse: int, connector: int | None) -> str:
    """The connector that 2.0.1 calls `connector` (from 1; None: not said) of EVSE `evse`; EVSE 0 is the station itself.

    A registered station's EVSEs are counted in the order of the register, unless their names are the numbers. Of one
    that is not registered, connector 1 of EVSE 2 is `2`, and connector 2 of it `2.2`.
    """
    if evse == 0:
        return STATION_CONNECTOR
    number = connector or 1
    members = _members(register, station, evse)
    if 0 < number <= len(members):
        return members[number - 1]
    return str(evse) if number == 1 else f"{evse}.{number}"


def evse_members(register: Register, station: Place, evse: int) -> list[str]:
    """The connectors of an EVSE, the first one at least."""
    return _members(register, station, evse) or [str(evse)]


def _members(register: Register, station: Place, evse: int) -> list[str]:
    entry = register.station(station)
    groups: dict[str, list[str]] = {}
    for key, connector in entry.connectors.items() if entry else ():
        groups.setdefault(connector.evse or key, []).append(key)
    if str(evse) in groups:
        return groups[str(evse)]
    names = list(groups)
    return groups[names[evse - 1]] if 0 < evse <= len(names) else []
