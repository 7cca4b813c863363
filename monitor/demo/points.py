"""One reading and its line of line protocol."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.ids import Place

Fields = Mapping[str, float | str]
"""Values by wire name, in wire units."""

_WITHIN_A_SECOND = ("start", "status", "meter", "stop", "link")
"""The order in which a charger sends what has one time stamp."""


@dataclass(frozen=True)
class Point:
    """A reading of `place` at `at_s` (epoch seconds). Fields that are missing are not in `fields`."""

    at_s: int
    measurement: str
    place: Place
    fields: Fields
    event: str = ""

    @property
    def order(self) -> tuple[int, str, int]:
        """What rows are sorted by: time first, so that spans follow each other like the rows in them."""
        return self.at_s, self.place.subject, _WITHIN_A_SECOND.index(self.event or self.measurement)

    def line(self) -> str:
        """Line protocol with a time stamp in seconds."""
        tags = {"site": self.place.site, "station": self.place.station, "connector": self.place.connector}
        if self.measurement == "transaction":
            tags["event"] = self.event
        key = ",".join([self.measurement, *(f"{name}={_tag(value)}" for name, value in tags.items() if value)])
        fields = ",".join(f"{name}={_value(value)}" for name, value in self.fields.items())
        return f"{key} {fields} {self.at_s}"


def _tag(text: str) -> str:
    # A backslash in a tag stands for itself, other than in a text field.
    return text.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


def _value(value: float | str) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    # Always a float: InfluxDB fixes a field's type by its first value, and a whole number must not make it an integer.
    return repr(round(float(value), 3))
