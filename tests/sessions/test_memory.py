"""What is known of sessions under way, kept from a clean stop to the next start."""

import pickle
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.sessions import memory

KNOWN = {"tracks": [1, 2]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sessions.kept"


def test_it_is_taken_once(file: Path) -> None:
    memory.keep(file, 7, KNOWN)
    assert file.stat().st_mode & 0o077 == 0
    assert memory.take(file, 7) == KNOWN
    assert memory.take(file, 7) is None


def test_a_first_start_has_nothing_to_complain_of(file: Path) -> None:
    with capture_logs() as logged:
        assert memory.take(file, 0) is None
    assert logged == []


def test_sessions_saved_since_make_it_worthless(file: Path) -> None:
    memory.keep(file, 7, KNOWN)
    assert memory.take(file, 8) is None
    assert not file.exists()


def test_another_version_does_not_read_it(file: Path) -> None:
    file.write_bytes(pickle.dumps(("0.0.1", 7)) + pickle.dumps(KNOWN))
    assert memory.take(file, 7) is None


@pytest.mark.parametrize("size", [0, 20, 45])
def test_a_file_that_is_cut_off_is_left_out(file: Path, size: int) -> None:
    memory.keep(file, 7, KNOWN)
    file.write_bytes(file.read_bytes()[:size])
    assert memory.take(file, 7) is None
    assert not file.exists()


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    memory.keep(tmp_path / "gone" / "sessions.kept", 7, KNOWN)
