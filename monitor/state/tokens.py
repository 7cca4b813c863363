"""Tokens of programs and of screens on the wall."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, exists, insert, or_, select, update

from monitor.access.model import SCOPES, Scope, Token
from monitor.access.tokens import digest, new_secret
from monitor.errors import InputError, StateUnavailable
from monitor.state import audit
from monitor.state.access_tables import tokens
from monitor.state.database import Database

USE_NOTED: Final = timedelta(minutes=1)
"""How exactly the last use of a token is known: a write a minute, not one a request."""
_NAME = 64


class TokenStore:
    """The tokens of one state database. `actor` is who makes a change, for the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def exist(self) -> bool:
        """Whether there has ever been one: if not, and without users, writes need none."""
        with self._database.read() as connection:
            return bool(connection.execute(select(exists().where(tokens.c.id.is_not(None)))).scalar())

    def list(self) -> Sequence[Token]:
        """All of them, newest first, revoked ones too."""
        with self._database.read() as connection:
            return [to_token(row) for row in connection.execute(select(tokens).order_by(tokens.c.id.desc()))]

    def get(self, number: int) -> Token | None:
        """One of them."""
        with self._database.read() as connection:
            row = connection.execute(select(tokens).where(tokens.c.id == number)).first()
        return to_token(row) if row else None

    def add(self, name: str, scope: Scope, *, actor: str, at: datetime, secret: str | None = None) -> tuple[Token, str]:
        """A new token and its secret, which is not to be had again. `secret`: one that the operator has chosen."""
        if scope not in SCOPES:
            raise InputError("there is no scope %(scope)r; there are %(scopes)s", scope=scope, scopes=", ".join(SCOPES))
        if not name.strip() or len(name) > _NAME or not name.isprintable():
            raise InputError(
                "a token's name has 1 to %(longest)s printable characters and says what it is for", longest=_NAME
            )
        chosen = secret or new_secret()
        row = {
            "name": name.strip(), "scope": scope, "digest": digest(chosen), "created_us": at, "created_by": actor,
        }  # fmt: skip
        with self._database.begin() as tx:
            made = tx.execute(insert(tokens).returning(tokens), row).one()
            audit.record(tx, at, actor, "token.add", str(made.id), {"name": made.name, "scope": scope})
        return to_token(made), chosen

    def knows(self, secret: str) -> bool:
        """Whether there is such a token, revoked or not."""
        with self._database.read() as connection:
            return bool(connection.execute(select(exists().where(tokens.c.digest == digest(secret)))).scalar())

    def revoke(self, number: int, *, actor: str, at: datetime) -> Token | None:
        """From now on it opens nothing; None when there is none of this number."""
        with self._database.begin() as tx:
            done = update(tokens).where(tokens.c.id == number, tokens.c.revoked_us.is_(None)).values(revoked_us=at)
            if tx.execute(done).rowcount:
                audit.record(tx, at, actor, "token.revoke", str(number))
            row = tx.execute(select(tokens).where(tokens.c.id == number)).first()
        return to_token(row) if row else None

    def use(self, secret: str, at: datetime) -> Token | None:
        """The token of this secret, None when there is none or it is revoked; its use is noted."""
        with self._database.read() as connection:
            live = (tokens.c.digest == digest(secret), tokens.c.revoked_us.is_(None))
            row = connection.execute(select(tokens).where(*live)).first()
        if row is None:
            return None
        if row.used_us is None or at - row.used_us >= USE_NOTED:
            old = or_(tokens.c.used_us.is_(None), tokens.c.used_us <= at - USE_NOTED)
            with suppress(StateUnavailable), self._database.begin() as tx:  # a full disk must not refuse readings
                tx.execute(update(tokens).where(tokens.c.id == row.id, old).values(used_us=at))
        return to_token(row)


def to_token(row: Row[Any]) -> Token:
    """The token of a row."""
    return Token(row.id, row.name, row.scope, row.created_us, row.created_by, row.used_us, row.revoked_us)
