"""Where readings stand in a server: 1.x has databases with retention policies, and names them as buckets since 1.8."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.readings.influx.generation import Generation


@dataclass(frozen=True)
class Bucket:
    """A database and, where one is named, its retention policy; else its default one holds."""

    database: str
    policy: str = ""

    @property
    def fields(self) -> Mapping[str, str]:
        """What `/write` and `/query` call them."""
        return {"db": self.database, **({"rp": self.policy} if self.policy else {})}


def bucket_of(name: str, generation: Generation) -> Bucket:
    """`database/policy`, as 1.8 and 2.x name it in both ways of asking; 3.x has no policies."""
    database, _, policy = name.partition("/") if generation.major < 3 else (name, "", "")
    return Bucket(database, policy)
