from datetime import UTC, datetime, timedelta

from monitor.clock import Replay

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


class Hand:
    """A real clock that a test moves by hand."""

    speed = 1.0

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment

    def real_time_of(self, moment: datetime) -> datetime:
        return moment


def test_a_replay_starts_behind_hurries_and_is_the_real_clock_once_it_has_caught_up():
    real = Hand()
    replay = Replay(real, behind=timedelta(hours=24), speed=60)
    assert replay.now() == NOON - timedelta(hours=24)
    real.moment += timedelta(seconds=10)
    assert replay.now() == NOON - timedelta(hours=24) + timedelta(minutes=10)
    assert replay.speed == 60
    real.moment = NOON + timedelta(minutes=25)
    assert (replay.now(), replay.speed) == (real.moment, 1.0)


def test_a_moment_of_the_replay_comes_at_the_real_time_it_names():
    real = Hand()
    replay = Replay(real, behind=timedelta(hours=24), speed=60)
    for moment in (NOON - timedelta(hours=20), NOON + timedelta(hours=1)):
        real.moment = NOON
        real.moment = replay.real_time_of(moment)
        assert abs(replay.now() - moment) < timedelta(milliseconds=1)


def test_a_replay_at_speed_one_stays_behind():
    real = Hand()
    replay = Replay(real, behind=timedelta(hours=1), speed=1)
    real.moment += timedelta(days=3)
    assert replay.now() == real.moment - timedelta(hours=1)
