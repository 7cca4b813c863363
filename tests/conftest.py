"""What tests of several parts share."""

import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def laddvakt() -> Path:
    """The installed command."""
    return Path(sys.executable).parent / "laddvakt"


@pytest.fixture
def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the project; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        missing("the folder ../shared with reference data is not here")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; tests that need it skip where it is absent."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return missing("no Chromium on PATH (Debian: apt-get install chromium)")


def missing(what: str) -> str:
    """Skip, or fail where everything has to be there (`LADDVAKT_TEST_REQUIRE_ALL`, set in CI)."""
    if os.environ.get("LADDVAKT_TEST_REQUIRE_ALL"):
        pytest.fail(what)
    pytest.skip(what)
