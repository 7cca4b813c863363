"""Users and the browsers in which they are logged in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from monitor.access import passwords, tokens
from monitor.access.model import ROLES, Principal, Role, User, of_token, of_user
from monitor.errors import InputError
from monitor.state import audit
from monitor.state.access_tables import logins, users
from monitor.state.access_tables import tokens as token_table
from monitor.state.database import Database
from monitor.state.tokens import to_token

_NAME = 64


class UserStore:
    """The users of one state database. `actor` is who makes a change, for the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def exist(self) -> bool:
        """Whether there is any user: if not, the service listens on loopback only and asks for no login."""
        with self._database.read() as connection:
            return bool(connection.execute(select(exists().where(users.c.id.is_not(None)))).scalar())

    def list(self) -> Sequence[User]:
        """All of them, by name."""
        with self._database.read() as connection:
            return [_to_user(row) for row in connection.execute(select(users).order_by(users.c.name))]

    def find(self, name: str) -> User | None:
        """The user of this name."""
        with self._database.read() as connection:
            row = connection.execute(select(users).where(users.c.name == name)).first()
        return _to_user(row) if row else None

    def add(self, name: str, role: Role, password: str, *, actor: str, at: datetime) -> User:
        """A new user; raises InputError when the name is taken or the password too short."""
        named = _checked_name(name)
        if role not in ROLES:
            raise InputError("there is no role %(role)r; there are %(roles)s", role=role, roles=", ".join(ROLES))
        row = {"name": named, "role": role, "password": passwords.hashed(passwords.checked(password)), "created_us": at}
        try:
            with self._database.begin() as tx:
                number = tx.execute(insert(users).returning(users.c.id), row).scalar_one()
                audit.record(tx, at, actor, "user.add", named, {"role": role})
        except IntegrityError as error:
            raise InputError(
                "there is a user %(user)r already; change the password with: user passwd", user=named
            ) from error
        return User(number, named, role, at)

    def set_password(self, name: str, password: str, *, actor: str, at: datetime) -> None:
        """Another password; every browser that is logged in as this user has to log in again."""
        hashed = passwords.hashed(passwords.checked(password))
        with self._database.begin() as tx:
            changed = update(users).where(users.c.name == name).returning(users.c.id)
            number = tx.execute(changed.values(password=hashed)).scalar()
            if number is None:
                raise InputError(
                    "there is no user %(user)r; add one with: laddvakt user add %(name)s", user=name, name=name
                )
            tx.execute(delete(logins).where(logins.c.user == number))
            audit.record(tx, at, actor, "user.passwd", name)

    def remove(self, name: str, *, actor: str, at: datetime) -> None:
        """Take a user out; the last admin stays, lest nobody can let anybody in any more."""
        with self._database.begin() as tx:
            row = tx.execute(select(users).where(users.c.name == name)).first()
            if row is None:
                raise InputError("there is no user %(user)r", user=name)
            admins = select(func.count()).select_from(users).where(users.c.role == "admin", users.c.id != row.id)
            if row.role == "admin" and not tx.execute(admins).scalar():
                raise InputError("%(user)r is the last admin; add another one first", user=name)
            tx.execute(delete(users).where(users.c.id == row.id))
            audit.record(tx, at, actor, "user.remove", name, {"role": row.role})

    def check(self, name: str, password: str) -> User | None:
        """The user if the password is right; a name that does not exist takes as long as a wrong password."""
        with self._database.read() as connection:
            row = connection.execute(select(users).where(users.c.name == name)).first()
        return _to_user(row) if passwords.matches(row.password if row else None, password) and row else None

    def log_in(self, user: User, at: datetime, lasts: timedelta, details: dict[str, Any]) -> str:
        """A new login; its secret, which the browser keeps. Those that have ended are tidied away."""
        secret = tokens.new_secret()
        with self._database.begin() as tx:
            tx.execute(delete(logins).where(logins.c.until_us <= at))
            row = {"digest": tokens.digest(secret), "user": user.id, "created_us": at, "until_us": at + lasts}
            tx.execute(insert(logins), row)
            audit.record(tx, at, user.name, "login.success", user.name, details)
        return secret

    def log_in_wall(self, token: int, name: str, at: datetime) -> str:
        """A login of a screen: as long as its token is not revoked."""
        secret = tokens.new_secret()
        with self._database.begin() as tx:
            tx.execute(insert(logins), {"digest": tokens.digest(secret), "token": token, "created_us": at})
            audit.record(tx, at, f"token {name}", "login.wall", name)
        return secret

    def note(self, actor: str, action: str, subject: str, at: datetime, details: dict[str, Any] | None = None) -> None:
        """Something that changed nothing and has to be told of all the same: a wrong password."""
        with self._database.begin() as tx:
            audit.record(tx, at, actor, action, subject, details)

    def log_out(self, secret: str, *, actor: str, at: datetime) -> None:
        """End one login."""
        with self._database.begin() as tx:
            tx.execute(delete(logins).where(logins.c.digest == tokens.digest(secret)))
            audit.record(tx, at, actor, "login.end", actor)

    def log_out_everywhere(self, name: str, *, actor: str, at: datetime) -> int:
        """End every login of a user; how many there were."""
        with self._database.begin() as tx:
            number = tx.execute(select(users.c.id).where(users.c.name == name)).scalar()
            ended = tx.execute(delete(logins).where(logins.c.user == number)).rowcount
            audit.record(tx, at, actor, "login.end_all", name, {"logins": ended})
        return ended

    def logged_in(self, secret: str, at: datetime) -> Principal | None:
        """Who has this login; None when it has ended."""
        valid = (logins.c.digest == tokens.digest(secret), or_(logins.c.until_us.is_(None), logins.c.until_us > at))
        with self._database.read() as connection:
            row = connection.execute(select(logins.c.user, logins.c.token).where(*valid)).first()
            if row is None:
                return None
            if row.user is not None:
                found = connection.execute(select(users).where(users.c.id == row.user)).first()
                return of_user(_to_user(found)) if found else None
            live = select(token_table).where(token_table.c.id == row.token, token_table.c.revoked_us.is_(None))
            token = connection.execute(live).first()
        return of_token(to_token(token)) if token else None


def _to_user(row: Row[Any]) -> User:
    return User(row.id, row.name, row.role, row.created_us)


def _checked_name(name: str) -> str:
    if not name or len(name) > _NAME or name != name.strip() or not name.isprintable():
        raise InputError(
            "a user's name has 1 to %(longest)s printable characters and no blank at its ends; not %(name)r",
            longest=_NAME, name=name,
        )  # fmt: skip
    return name
