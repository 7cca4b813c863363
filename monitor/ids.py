"""Names of places: a site, a station on it, a connector of that."""

from typing import NamedTuple, Self
from urllib.parse import unquote

STATION_CONNECTOR = "0"
"""OCPP's connector 0: the station itself."""

SOURCES = ("store", "mail", "evaluation", "billing")
"""The parts of the service itself that source rules watch."""
_SOURCE = "source:"


class Place(NamedTuple):
    """A site, a station (`station` set) or a connector (both set). Names are the charger's own, any text.

    The text form joins the names by `/`; a `/` or `%` inside a name is percent-encoded, so it is reversible.
    """

    site: str
    station: str | None = None
    connector: str | None = None

    @classmethod
    def parse(cls, subject: str) -> Self:
        """Read `site`, `site/station` or `site/station/connector`; raise ValueError on anything longer."""
        names = [unquote(part) for part in subject.split("/")]
        if len(names) > 3 or not all(names):
            raise ValueError(f"{subject!r} is not site, site/station or site/station/connector")
        return cls(*names)

    @classmethod
    def of_source(cls, name: str) -> Self:
        """A part of the service itself as the subject of an alert: `source:store`. No site's key has a colon."""
        return cls(_SOURCE + name)

    @property
    def source(self) -> str | None:
        """Which part of the service this is; None when it is a place where cars charge."""
        name = self.site.removeprefix(_SOURCE)
        return name if self.station is None and name != self.site and name in SOURCES else None

    @property
    def subject(self) -> str:
        """The text form, used as the identity of alerts, in URLs and in JSON."""
        return "/".join(name.replace("%", "%25").replace("/", "%2F") for name in self if name is not None)

    @property
    def station_place(self) -> "Place":
        """The station this belongs to (itself on a station)."""
        return Place(self.site, self.station)

    def within(self, other: "Place") -> bool:
        """Whether this is `other` or lies inside it."""
        return all(theirs is None or theirs == ours for ours, theirs in zip(self, other, strict=True))
