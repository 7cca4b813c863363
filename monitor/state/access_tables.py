"""Users, their logins, and tokens. No secret stands here: passwords are argon2 hashes, the others SHA-256 digests."""

from sqlalchemy import Column, ForeignKey, Index, String, Table

from monitor.state.columns import Id, Moment, metadata

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("role", String, nullable=False),
    Column("password", String, nullable=False),
    Column("created_us", Moment, nullable=False),
    # A number is never given out twice: a login of a removed user must not become another's.
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("digest", String, nullable=False, unique=True),
    Column("created_us", Moment, nullable=False),
    Column("created_by", String, nullable=False),
    Column("used_us", Moment),
    Column("revoked_us", Moment),
    sqlite_autoincrement=True,
)
"""Revoked ones stay: who has revoked his last token has not opened the service to everybody."""

logins = Table(
    "logins",
    metadata,
    Column("digest", String, primary_key=True),
    Column("user", Id, ForeignKey("users.id", ondelete="CASCADE")),
    Column("token", Id, ForeignKey("tokens.id", ondelete="CASCADE")),
    Column("created_us", Moment, nullable=False),
    Column("until_us", Moment),
)
"""Browsers that are logged in, as a user or with the token of a wall (`until_us` null: until it is revoked)."""

Index("ix_logins_user", logins.c.user)
