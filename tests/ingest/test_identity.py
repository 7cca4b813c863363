"""Users are stored as keyed hashes: once, wherever they come in, and the key is a file that only its owner can read."""

import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.config import Privacy
from monitor.errors import InputError
from monitor.ingest.identity import PLAIN, Identities, identities
from monitor.ingest.intake import Intake
from monitor.ingest.ocpp.reader import Default
from monitor.readings.embedded import EmbeddedStore

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
START = 'transaction,site=s,station=x,connector=1,event=start user="04AB",session="1" 1777636800'
MESSAGE = (
    b'[2,"1","StartTransaction",{"connectorId":2,"idTag":"04AB","meterStart":0,"timestamp":"2026-05-01T12:00:00Z"}]'
)


@pytest.fixture
def hashing(tmp_path: Path) -> Identities:
    return identities(Privacy(), tmp_path)


def test_the_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path, hashing: Identities) -> None:
    key = tmp_path / "user.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["user.key"]
    assert identities(Privacy(), tmp_path).stored("04AB") == hashing.stored("04AB")


def test_another_key_gives_another_hash(hashing: Identities) -> None:
    other = identities(Privacy(key="a key of thirty-two characters.."), Path("/nowhere"))
    assert other.stored("04AB") != hashing.stored("04AB") != hashing.stored("04AC")


def test_what_is_hashed_stays_as_it_is_but_a_token_that_looks_so_does_not(hashing: Identities) -> None:
    hashed = hashing.stored("04AB")
    assert hashing.stored(hashed) == hashed
    looks_so = "u-" + "0" * 20
    assert hashing.stored(looks_so) != looks_so


def test_plain_is_a_choice(tmp_path: Path) -> None:
    assert identities(Privacy(users="plain"), tmp_path) is PLAIN
    assert PLAIN.stored("04AB") == "04AB"
    assert not (tmp_path / "user.key").exists()


def test_a_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="openssl rand"):
        identities(Privacy(key="short"), tmp_path)
    (tmp_path / "user.key").write_text("\n")
    with pytest.raises(InputError, match="restore it from a backup"):
        identities(Privacy(), tmp_path)


def test_line_protocol_and_messages_give_a_user_the_same_hash(tmp_path: Path, hashing: Identities) -> None:
    with closing(EmbeddedStore(tmp_path / "readings.duckdb", timedelta(minutes=30))) as store:
        intake = Intake(store, lambda: NOW, hashing)
        intake.write(START.encode(), "s")
        intake.hear(MESSAGE, Default("x", "s"))
        rows = [row for batch in store.scan("transaction") for row in batch.to_pylist()]
    assert [row["connector"] for row in rows] == ["1", "2"]
    assert {row["user"] for row in rows} == {hashing.stored("04AB")}
