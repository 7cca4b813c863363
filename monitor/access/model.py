"""Users, tokens, and what each of them may do. Values are frozen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Permission = Literal["read", "act", "write", "admin", "wall", "local"]
"""`read`: pages and API. `act`: acknowledge, silence, review. `write`: readings in. `admin`: users, tokens, audit log.
`wall`: the pages of a screen on the wall. `local`: what only the service's own user on this machine may do.
"""
Role = Literal["viewer", "operator", "admin"]
Scope = Literal["write", "read", "act", "admin", "wall"]

ROLES: Final[dict[Role, frozenset[Permission]]] = {
    "viewer": frozenset({"read"}),
    "operator": frozenset({"read", "act"}),
    "admin": frozenset({"read", "act", "admin"}),
}
SCOPES: Final[dict[Scope, frozenset[Permission]]] = {
    "write": frozenset({"write"}),
    "read": frozenset({"read"}),
    "act": frozenset({"read", "act"}),
    "admin": frozenset({"read", "act", "write", "admin"}),
    "wall": frozenset({"wall"}),
}


@dataclass(frozen=True)
class User:
    """A person who can log in."""

    id: int
    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True)
class Token:
    """What a program shows instead of a login; its secret is known to nobody but its holder."""

    id: int
    name: str
    scope: Scope
    created_at: datetime
    created_by: str
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class Principal:
    """Whoever makes a request. `name` is how the audit log calls it; `kind` says how it is known."""

    kind: Literal["nobody", "open", "user", "token", "wall", "local"]
    name: str
    permissions: frozenset[Permission]

    def may(self, permission: Permission) -> bool:
        """Whether this permission is held."""
        return permission in self.permissions


NOBODY: Final = Principal("nobody", "", frozenset())
"""A request without a login or token."""
OPEN: Final = Principal("open", "local user", frozenset({"read", "act", "admin"}))
"""Everybody, while there are no users and the service listens on loopback only."""
LOCAL: Final = Principal("local", "service", frozenset({"read", "write", "local"}))
"""Commands of the service's own user, by the token in the file beside the store."""


def of_user(user: User) -> Principal:
    """A user who is logged in."""
    return Principal("user", user.name, ROLES[user.role])


def of_token(token: Token) -> Principal:
    """A program, or a screen on the wall."""
    return Principal("wall" if token.scope == "wall" else "token", f"token {token.name}", SCOPES[token.scope])
