"""Readings under other names and units: what a measurement, tag or field of ours is called in InfluxDB."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from monitor import config
from monitor.documents import nearest
from monitor.errors import InputError
from monitor.readings.schema import CLOCK_STANDS_IN, MEASUREMENTS, Measurement

RECEIVED = "received_at"
"""A field that we add to each row we write: when it came in, epoch seconds."""
CLAIMED = "claimed_at"
"""A field of rows whose time is when they came in: what the charger claimed instead, epoch seconds."""


@dataclass(frozen=True)
class Naming:
    """One measurement as the server has it.

    `names`: ours -> theirs, of tags and fields; what is not in it has our name. `constants`: tags that every row of
    theirs shares and that do not stand in it. `factors`: their number x factor = ours.
    """

    measurement: Measurement
    called: str
    names: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)

    @property
    def tags(self) -> tuple[str, ...]:
        """Our tags that stand in their rows, site first."""
        return tuple(name for name in all_tags(self.measurement) if name not in self.constants)

    @property
    def columns(self) -> tuple[str, ...]:
        """Our names of all columns that a row of theirs can have."""
        return (*self.tags, *(each.name for each in self.measurement.fields), *self.times)

    @property
    def times(self) -> tuple[str, ...]:
        """Our own fields with other times than the row's."""
        return (RECEIVED, CLAIMED) if self.measurement.name in CLOCK_STANDS_IN else (RECEIVED,)

    def theirs(self, name: str) -> str:
        """What one of our tags or fields is called there."""
        return self.names.get(name, name)

    def unmapped(self, there: Sequence[str]) -> list[str]:
        """Which of the tags and fields that stand there are none of ours: they are not read."""
        read = {self.theirs(name) for name in self.columns}
        return sorted(set(there) - read)


def all_tags(measurement: Measurement) -> tuple[str, ...]:
    """All tags of ours, site first."""
    return ("site", "station", *measurement.tags)


def namings(mapping: config.Mapping) -> Mapping[str, Naming]:
    """By our name of each measurement; raise InputError naming the key that is wrong and the nearest right one."""
    for path, message in mistakes(mapping):
        raise InputError(f"{'.'.join(path[:-1])}: {message}")
    return {name: _naming(measurement, getattr(mapping, name)) for name, measurement in MEASUREMENTS.items()}


def mistakes(mapping: config.Mapping) -> Iterator[tuple[tuple[str, ...], str]]:
    """The place of each key that names nothing of ours, and what would be right."""
    for measurement in MEASUREMENTS.values():
        mapped: config.MappedMeasurement = getattr(mapping, measurement.name)
        tags, fields = all_tags(measurement), [each.name for each in measurement.fields]
        numbers = [each.name for each in measurement.fields if each.kind == "number"]
        for key, given, known in (
            ("tags", mapped.tags, tags),
            ("constants", mapped.constants, tags),
            ("fields", mapped.fields, fields),
            ("factors", mapped.factors, numbers),
        ):
            for name in given:
                if name not in known:
                    message = f"{measurement.name} has no {name!r}{nearest(name, known)}"
                    yield ("mapping", measurement.name, key, name), message


def _naming(measurement: Measurement, mapped: config.MappedMeasurement) -> Naming:
    return Naming(
        measurement,
        mapped.measurement or measurement.name,
        {**mapped.tags, **mapped.fields},
        mapped.constants,
        mapped.factors,
    )
