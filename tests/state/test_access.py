"""Users, logins and tokens in the state database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.access.model import ROLES
from monitor.errors import InputError
from monitor.state import audit
from monitor.state.database import Database
from monitor.state.tokens import TokenStore
from monitor.state.users import UserStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
SECRET = "correct horse battery"


@pytest.fixture
def users(database: Database) -> UserStore:
    return UserStore(database)


@pytest.fixture
def tokens(database: Database) -> TokenStore:
    return TokenStore(database)


def test_a_user_logs_in_with_the_password_and_nobody_without(users: UserStore) -> None:
    assert not users.exist()
    anna = users.add("anna", "operator", SECRET, actor="root", at=NOON)
    assert users.exist()
    assert users.check("anna", SECRET) == anna
    assert users.check("anna", SECRET + "!") is None
    assert users.check("bo", SECRET) is None
    login = users.log_in(anna, NOON, WEEK, {})
    found = users.logged_in(login, NOON + WEEK - timedelta(seconds=1))
    assert found is not None
    assert (found.name, found.permissions) == ("anna", ROLES["operator"])
    assert users.logged_in(login, NOON + WEEK) is None
    assert users.logged_in(login + "x", NOON) is None


def test_another_password_ends_every_login(users: UserStore) -> None:
    login = users.log_in(users.add("anna", "viewer", SECRET, actor="root", at=NOON), NOON, WEEK, {})
    users.set_password("anna", "another secret", actor="anna", at=NOON)
    assert users.logged_in(login, NOON) is None
    assert users.check("anna", SECRET) is None
    assert users.check("anna", "another secret")


def test_logging_out_everywhere_ends_all_of_one_user(users: UserStore) -> None:
    anna = users.add("anna", "viewer", SECRET, actor="root", at=NOON)
    bo = users.add("bo", "viewer", SECRET, actor="root", at=NOON)
    hers = [users.log_in(anna, NOON, WEEK, {}) for _ in range(2)]
    his = users.log_in(bo, NOON, WEEK, {})
    assert users.log_out_everywhere("anna", actor="anna", at=NOON) == 2
    assert [users.logged_in(login, NOON) for login in hers] == [None, None]
    assert users.logged_in(his, NOON)


@pytest.mark.parametrize(
    ("name", "role", "password", "said"),
    [
        ("anna", "viewer", SECRET, "there is a user 'anna' already"),
        ("bo", "root", SECRET, "no role 'root'"),
        ("bo", "viewer", "short", "10 to 1024 characters"),
        (" bo", "viewer", SECRET, "no blank at its ends"),
        ("b\no", "viewer", SECRET, "printable"),
        ("", "viewer", SECRET, "1 to 64"),
    ],
)
def test_what_a_user_cannot_be(users: UserStore, name: str, role: str, password: str, said: str) -> None:
    users.add("anna", "admin", SECRET, actor="root", at=NOON)
    with pytest.raises(InputError, match=said):
        users.add(name, role, password, actor="root", at=NOON)  # type: ignore[arg-type]


def test_the_last_admin_stays(users: UserStore) -> None:
    users.add("anna", "admin", SECRET, actor="root", at=NOON)
    with pytest.raises(InputError, match="last admin"):
        users.remove("anna", actor="anna", at=NOON)
    users.add("bo", "admin", SECRET, actor="root", at=NOON)
    users.remove("anna", actor="bo", at=NOON)
    assert [user.name for user in users.list()] == ["bo"]


def test_a_token_opens_until_it_is_revoked_and_its_use_is_noted(tokens: TokenStore) -> None:
    assert not tokens.exist()
    token, secret = tokens.add("telegraf", "write", actor="anna", at=NOON)
    assert tokens.use(secret, NOON + timedelta(minutes=5)) == token
    assert tokens.use(secret, NOON + timedelta(minutes=5, seconds=30))
    assert tokens.list()[0].used_at == NOON + timedelta(minutes=5)
    tokens.revoke(token.id, actor="anna", at=NOON + timedelta(hours=1))
    assert tokens.use(secret, NOON + timedelta(hours=2)) is None
    assert tokens.exist()


def test_a_walls_login_ends_with_its_token(users: UserStore, tokens: TokenStore) -> None:
    token, _ = tokens.add("wall", "wall", actor="anna", at=NOON)
    login = users.log_in_wall(token.id, token.name, NOON)
    found = users.logged_in(login, NOON + timedelta(days=4000))
    assert found is not None
    assert found.permissions == {"wall"}
    tokens.revoke(token.id, actor="anna", at=NOON)
    assert users.logged_in(login, NOON) is None


def test_a_copy_of_the_database_holds_no_secret(
    users: UserStore, tokens: TokenStore, database: Database, url: str
) -> None:
    login = users.log_in(users.add("anna", "viewer", SECRET, actor="root", at=NOON), NOON, WEEK, {})
    _, secret = tokens.add("telegraf", "write", actor="anna", at=NOON)
    database.close()
    path = Path(url.removeprefix("sqlite:///"))
    content = b"".join(each.read_bytes() for each in path.parent.glob("state.sqlite*"))
    for hidden in (SECRET, login, secret):
        assert hidden.encode() not in content


def test_every_change_is_in_the_audit_log(users: UserStore, tokens: TokenStore, database: Database) -> None:
    anna = users.add("anna", "admin", SECRET, actor="root", at=NOON)
    users.log_in(anna, NOON, WEEK, {"address": "192.0.2.1"})
    token, _ = tokens.add("telegraf", "write", actor="anna", at=NOON)
    tokens.revoke(token.id, actor="anna", at=NOON)
    tokens.revoke(token.id, actor="anna", at=NOON)
    with database.read() as connection:
        told = [(entry.actor, entry.action, entry.subject) for entry in reversed(audit.list(connection))]
    assert told == [
        ("root", "user.add", "anna"), ("anna", "login.success", "anna"), ("anna", "token.add", "1"),
        ("anna", "token.revoke", "1"),
    ]  # fmt: skip
