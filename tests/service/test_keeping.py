"""Retention as the running service does it: by itself, and nothing else than what is configured."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from structlog.testing import capture_logs

from monitor.clock import Clock, Replay
from monitor.config import Paths, Retention, Settings
from monitor.errors import InputError
from monitor.readings.embedded import EmbeddedStore
from monitor.service import RealClock, Service
from monitor.state.keeping import Keeping

DAY = timedelta(days=1)
TAGS = "site=a,station=s,connector=1"


def service_of(folder: Path, retention: Retention, clock: Clock = RealClock()) -> Service:  # noqa: B008 - has no state
    return Service(Settings(paths=Paths(rules=folder / "rules", var=folder / "var"), retention=retention), clock)


def write(service: Service) -> datetime:
    now = datetime.now(UTC)
    for age in (40, 20, 0):
        at = int((now - age * DAY).timestamp())
        service.intake.write(
            f'meter,{TAGS} power_w=1.0 {at}\nstatus,{TAGS} status="Available" {at}\n'
            f'transaction,{TAGS},event=start session="{age}",user="u" {at}'.encode(),
            "s",
        )
    return now


def left(service: Service, measurement: str, column: str) -> list[object]:
    return [row[column] for batch in service.store.scan(measurement) for row in batch.to_pylist()]


def test_only_what_is_configured_is_forgotten(tmp_path: Path) -> None:
    service = service_of(tmp_path, Retention(meter=30 * DAY, user=10 * DAY))
    try:
        now = write(service)
        gone = Keeping(service.store, service.sessions, service.settings.retention).run(now)
        assert gone == {"meter": 1, "user": 2, "session user": 0}
        assert len(left(service, "meter", "time_us")) == 2
        assert len(left(service, "status", "time_us")) == 3
        assert [user is None for user in left(service, "transaction", "user")] == [True, True, False]
    finally:
        service.stop()


def test_the_running_service_does_it_by_itself(tmp_path: Path) -> None:
    hurried = Replay(RealClock(), DAY, speed=3600)  # five minutes within a tenth of a second
    service = service_of(tmp_path, Retention(meter=30 * DAY), hurried)
    try:
        write(service)
        service.start()
        deadline = time.monotonic() + 20
        while len(left(service, "meter", "time_us")) == 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert len(left(service, "meter", "time_us")) == 2
    finally:
        service.stop()


def test_nothing_configured_nothing_scheduled(tmp_path: Path) -> None:
    service = service_of(tmp_path, Retention())
    try:
        assert not Keeping(service.store, service.sessions, service.settings.retention).wanted
        now = write(service)
        assert Keeping(service.store, service.sessions, service.settings.retention).run(now) == {}
    finally:
        service.stop()


class CannotClear(EmbeddedStore):
    """As a server of record that cannot clear one field of a row."""

    def forget_users(self, before: datetime) -> int:
        raise InputError(f"cannot clear one field before {before:%Y}")


def test_what_the_store_cannot_do_is_logged_and_the_rest_is_done(tmp_path: Path) -> None:
    settings = Settings(paths=Paths(rules=tmp_path / "rules", var=tmp_path / "var"))
    service = Service(settings, RealClock(), store=CannotClear(tmp_path / "r.duckdb", timedelta(minutes=30)))
    try:
        now = write(service)
        keeping = Keeping(service.store, service.sessions, Retention(link=DAY, user=DAY, status=DAY))
        with capture_logs() as said:
            assert keeping.run(now) == {"status": 2, "link": 0, "user": 0, "session user": 0}
        assert (said[0]["what"], said[0]["error"][:22]) == ("user", "cannot clear one field")
    finally:
        service.stop()


def test_a_service_that_stops_does_not_wait_for_the_rest(tmp_path: Path) -> None:
    service = service_of(tmp_path, Retention(meter=DAY))
    try:
        now = write(service)
        keeping = Keeping(service.store, service.sessions, service.settings.retention)
        keeping.stop()
        assert keeping.run(now) == {"meter": 0}
        assert len(left(service, "meter", "time_us")) == 3
    finally:
        service.stop()
