"""The sessions that come with the package: real, small, with their licences."""

from importlib.resources import files

import pytest

from monitor.demo.recordings import Recordings

SESSIONS = files("monitor.demo").joinpath("sessions")
LARGEST_BYTES = 1_500_000


def test_the_files_are_small() -> None:
    assert sum(len(file.read_bytes()) for file in SESSIONS.iterdir()) < LARGEST_BYTES


def test_every_data_file_is_described_with_source_and_licence() -> None:
    described = SESSIONS.joinpath("SOURCES.md").read_text(encoding="utf-8")
    names = [file.name for file in SESSIONS.iterdir()]
    assert sum(name.startswith("LICENSE.") for name in names) == 4
    for name in names:
        assert name == "SOURCES.md" or f"`{name}`" in described
    assert "reconstructed" in described
    assert "https://github.com/KilowattApp/open-ev-data" in described


def test_the_reconstructed_energy_is_that_of_its_power(recordings: Recordings) -> None:
    for recording in recordings.dc:
        curve = recording.curve
        from_power = sum((a + b) / 2 / 60 for a, b in zip(curve.power_w, curve.power_w[1:], strict=False))
        assert curve.total_wh == pytest.approx(from_power, rel=0.04)


def test_nothing_recorded_is_impossible(recordings: Recordings) -> None:
    assert all(0 <= recording.arrival_s < 86_400 for recording in recordings.sessions)
    assert all(recording.curve.peak_w < 180_000 for recording in recordings.dc)
    assert all(0 <= soc <= 100 for recording in recordings.dc for soc in recording.curve.soc)
    assert all(1000 <= recording.energy_wh < 120_000 for recording in recordings.ac)
    assert all(1 <= car.phases <= 3 and 6 <= car.amps <= 32 for car in recordings.vehicles)
