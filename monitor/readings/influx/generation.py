"""Which InfluxDB answers: what it says of itself at /ping, and what follows for writing and asking."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from monitor.errors import InputError

Major = Literal[1, 2, 3]
Format = Literal["csv", "parquet", "json"]
CLUSTERED = "clustered"
"""What configuration calls Clustered and Cloud Dedicated: 3.x that answers InfluxQL at `/query` alone. Not tried."""


@dataclass(frozen=True)
class Generation:
    """A server's version, and which of the ways of design.md section 3 it understands."""

    major: Major
    minor: int
    version: str
    format: Format
    """Of answers. The CSV that 3.x gives at `/query` is not quoted and is never used."""

    @property
    def by_client(self) -> bool:
        """Whether influxdb-client can write to it: `/api/v2/write` came with 1.8."""
        return (self.major, self.minor) >= (1, 8)

    @property
    def can_delete(self) -> bool:
        """Whether old rows can be deleted by request: 3 Core forgets by its retention period alone."""
        return self.major < 3


def of_ping(headers: Mapping[str, str], body: bytes) -> Generation:
    """What a server said at `/ping`; raise InputError when it is no InfluxDB."""
    version = next((value for name, value in headers.items() if name.lower() == "x-influxdb-version"), "")
    if not version:
        try:
            version = str(json.loads(body)["version"])
        except (ValueError, TypeError, KeyError):
            raise InputError(
                "what answers at influxdb.url does not say that it is InfluxDB; check the address, or set "
                'influxdb.version ("1.6", "1.8", "2" or "3") if a proxy hides it'
            ) from None
    return of_version(version)


def of_version(version: str) -> Generation:
    """The generation of a version's text, as a server or the configuration gives it; raise InputError."""
    if version == "dev":  # what a 2.x built from its public source calls itself
        return Generation(2, 0, version, "csv")
    if version == CLUSTERED:
        return Generation(3, 0, version, "json")
    found = re.match(r"v?([123])(?:\.(\d+))?", version)
    if found is None:
        raise InputError(f"InfluxDB {version!r} is not known; 1.6 to 3 are: set influxdb.version to the one it is like")
    major: Major = int(found[1])  # type: ignore[assignment]  # the pattern says so
    minor = int(found[2] or (8 if major == 1 else 0))
    if (major, minor) < (1, 6):
        raise InputError(f"InfluxDB {version} is too old: 1.6 is the first that can be used")
    return Generation(major, minor, version, "parquet" if major == 3 else "csv")
