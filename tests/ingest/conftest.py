"""A moment at which bodies arrive, and a short way to read one."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.ingest.line_protocol import Parsed, parse

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def noon() -> datetime:
    return NOON


@pytest.fixture(scope="session")
def read() -> Callable[..., Parsed]:
    """Parse text or bytes received at noon, times in seconds."""
    return lambda body, precision="s": parse(body.encode() if isinstance(body, str) else body, precision, NOON)


@pytest.fixture(scope="session")
def rows() -> Callable[[Parsed, str], list[dict[str, Any]]]:
    """The rows of one measurement without what is missing."""

    def of(parsed: Parsed, measurement: str) -> list[dict[str, Any]]:
        table = parsed.batch.tables.get(measurement)
        listed = table.to_pylist() if table is not None else []
        return [{name: value for name, value in row.items() if value is not None} for row in listed]

    return of
