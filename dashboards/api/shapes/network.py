"""Answers about the network, its sites and connectors, and their readings."""

from pydantic import ConfigDict

from dashboards.api.shapes.common import PlaceShape, Shape, Time


class Counted(Shape):
    """Counts over a set of connectors; `evses` are places for one car, `taken` those that have one."""

    connectors: int
    counts: dict[str, int]
    evses: int
    taken: int
    power_w: float | None


class NetworkShape(Shape):
    """The network as of the newest evaluation; `evaluated_at` and `network` are null before the first."""

    now: Time
    evaluated_at: Time | None
    stale: bool
    newest_reading: Time | None
    network: Counted | None
    firing: dict[str, int]
    pending: int


class SiteShape(Counted):
    """A site."""

    site: str
    name: str
    firing: dict[str, int]


class SiteDetail(SiteShape):
    """A site with what the register says of it."""

    zone: str
    contact: str
    access: str
    links: dict[str, str]
    stations: list[str]


class StationShape(Counted):
    """A station."""

    site: str
    station: str
    vendor: str


class ConnectorShape(PlaceShape):
    """A connector as of the newest evaluation; `standing` is what its state counts as."""

    subject: str
    evse: str
    current: str | None
    rated_w: float | None
    registered: bool
    online: bool | None
    state: str
    standing: str
    status: str | None
    status_since: Time | None
    error_code: str | None
    power_w: float | None
    expected_w: float | None
    offered_w: float | None
    soc: float | None
    energy_wh: float | None
    reading_at: Time | None
    seen_at: Time | None
    session: str | None
    session_started: Time | None
    session_energy_wh: float | None


class ReadingShape(PlaceShape):
    """A row of a measurement: its time, its place, and the fields of docs/readings.md."""

    model_config = ConfigDict(extra="allow")
    time: Time
    received_at: Time
