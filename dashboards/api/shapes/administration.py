"""Answers about users, tokens and the audit log."""

from typing import Any

from dashboards.api.shapes.common import Shape, Time


class EntryShape(Shape):
    """An entry of the audit log."""

    id: int
    at: Time
    actor: str
    action: str
    subject: str
    details: dict[str, Any]


class UserShape(Shape):
    """A user."""

    id: int
    name: str
    role: str
    created_at: Time


class TokenShape(Shape):
    """A token without its secret."""

    id: int
    name: str
    scope: str
    created_at: Time
    created_by: str
    used_at: Time | None
    revoked_at: Time | None


class NewTokenShape(TokenShape):
    """A token with its secret, which is not to be had again."""

    token: str
