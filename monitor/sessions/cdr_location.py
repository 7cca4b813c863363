"""Where a session took place, as OCPI's CdrLocation wants it, from sites.yaml. None: the register does not say."""

from typing import Any

from monitor.ids import Place
from monitor.register import Connector, Register

STANDARDS = {
    "ccs": "IEC_62196_T2_COMBO",
    "ccs2": "IEC_62196_T2_COMBO",
    "combo2": "IEC_62196_T2_COMBO",
    "ccs1": "IEC_62196_T1_COMBO",
    "combo1": "IEC_62196_T1_COMBO",
    "chademo": "CHADEMO",
    "type2": "IEC_62196_T2",
    "type1": "IEC_62196_T1",
    "nacs": "SAE_J3400",
    "mcs": "MCS",
    "schuko": "DOMESTIC_F",
}
"""What people write -> OCPI's ConnectorType."""


def location_of(place: Place, register: Register) -> dict[str, Any]:
    """A CdrLocation with None for what is not registered."""
    site, outlet = register.site(place.site), register.connectors.get(place) or Connector()
    address = site.address if site else None
    coordinates = address.coordinates if address else None
    return {
        "id": place.site,
        **({"name": site.name} if site and site.name else {}),
        "address": address.street if address else None,
        "city": address.city if address else None,
        **({"postal_code": address.postal_code} if address and address.postal_code else {}),
        "country": address.country if address else None,
        "coordinates": {"latitude": f"{coordinates[0]:.6f}", "longitude": f"{coordinates[1]:.6f}"}
        if coordinates
        else None,
        "evse_uid": f"{place.station}-{outlet.evse or place.connector}",
        "evse_id": outlet.evse_id or None,
        "connector_id": place.connector,
        "connector_standard": _standard(outlet.standard),
        # A socket needs a pin that opens for a cable that the driver brought: no DC connector is one.
        "connector_format": "CABLE" if outlet.current == "DC" else None,
        "connector_power_type": _power_type(outlet),
    }


def _standard(written: str) -> str | None:
    plain = written.lower().replace(" ", "").replace("-", "").replace("_", "")
    return STANDARDS.get(plain, written or None)


def _power_type(outlet: Connector) -> str | None:
    if outlet.current == "DC":
        return "DC"
    if outlet.current == "AC" and outlet.phases:
        return f"AC_{outlet.phases}_PHASE"
    return None
