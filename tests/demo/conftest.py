"""The demo's network played once for all tests of the demo: making a day of rows takes two seconds."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor import register
from monitor.demo.playback import Playback
from monitor.demo.points import Point
from monitor.demo.recordings import Recordings, load
from monitor.register import Register

RULES = Path(__file__).parents[2] / "rules"
START = datetime(2026, 6, 3, 15, 20, 7, 250_000, tzinfo=UTC)


@pytest.fixture(scope="session")
def network_register() -> Register:
    """The shipped register."""
    return register.load(RULES / "sites.yaml", "Europe/Stockholm")


@pytest.fixture(scope="session")
def recordings() -> Recordings:
    """The recorded sessions that come with the package."""
    return load()


@pytest.fixture(scope="session")
def start() -> datetime:
    """When the demo's clock starts, between two whole seconds."""
    return START


@pytest.fixture(scope="session")
def playback(network_register: Register) -> Playback:
    """The demo as it starts at START."""
    return Playback(network_register, START)


@pytest.fixture(scope="session")
def lead_in(playback: Playback) -> list[Point]:
    """What led up to the start."""
    return playback.points(playback.begins, START)


@pytest.fixture(scope="session")
def day(playback: Playback) -> list[Point]:
    """The first 24 hours."""
    return playback.points(START, START + timedelta(hours=24))
