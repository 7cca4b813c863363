"""Where the lines of an import go: into a store that this process has open, or to the service that has it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from monitor.ingest.clock import Precision
from monitor.ingest.files import Format
from monitor.ingest.intake import Intake
from monitor.ingest.line_protocol import Parsed, Rejected
from monitor.ingest.ocpp.reader import Default
from monitor.readings.running import Running

ANYWHERE = Default()
"""Messages that name their station themselves."""
NAMED = 1000
"""How many rejected lines of one piece are named."""
_TIMEOUT_S = 120


@dataclass(frozen=True)
class Reading:
    """How a file's lines are to be read. `precision` is line protocol's; `default` holds for messages."""

    format: Format
    precision: Precision = "ns"
    default: Default = ANYWHERE


@dataclass(frozen=True)
class Taken:
    """What became of a piece: rows stored, lines rejected (the first of them named), unknown names counted."""

    stored: int
    rejected: tuple[Rejected, ...]
    rejected_count: int
    unknown: Mapping[str, int]

    def as_json(self) -> dict[str, object]:
        """As the service answers it."""
        named = [{"line": wrong.line, "message": wrong.message} for wrong in self.rejected]
        unknown = dict(self.unknown)
        return {
            "stored": self.stored, "rejected": named, "rejected_count": self.rejected_count, "unknown": unknown
        }  # fmt: skip


class Target(Protocol):
    """Takes pieces of files, in order. Raises StoreUnavailable; the same piece may then be given again."""

    def take(self, body: bytes, reading: Reading) -> Taken:
        """Store what is good of the lines, durably."""
        ...


class StoreTarget:
    """The store of this process."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def take(self, body: bytes, reading: Reading) -> Taken:
        if reading.format == "ocpp":
            return taken(self._intake.hear(body, reading.default))
        return taken(self._intake.write(body, reading.precision))


def taken(parsed: Parsed) -> Taken:
    """What became of what was parsed and stored."""
    return Taken(parsed.batch.rows, parsed.rejected[:NAMED], len(parsed.rejected), parsed.unknown)


class ServiceTarget:
    """The service that has the store open, over `POST /api/v1/import`."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def take(self, body: bytes, reading: Reading) -> Taken:
        asked = {
            "format": reading.format,
            "precision": reading.precision,
            "station": reading.default.station or "",
            "site": reading.default.site or "",
        }
        headers = {"Content-Type": "application/octet-stream"}
        with self._running.ask(f"/api/v1/import?{urlencode(asked)}", body, headers, timeout_s=_TIMEOUT_S) as response:
            answer = json.load(response)
        rejected = tuple(Rejected(int(wrong["line"]), str(wrong["message"])) for wrong in answer["rejected"])
        return Taken(int(answer["stored"]), rejected, int(answer["rejected_count"]), answer["unknown"])
