"""For admins: users, tokens, the audit log. An entry of the log can be read and nothing else."""

from http import HTTPStatus

from flask import abort
from flask.typing import ResponseReturnValue

from dashboards.api.asked import AuditQuery, PasswordBody, TokenBody, TokensQuery, UserBody, UsersQuery
from dashboards.api.operation import operation
from dashboards.api.ordering import by, in_order
from dashboards.api.shapes.administration import EntryShape, NewTokenShape, TokenShape, UserShape
from dashboards.api.shapes.common import Listed, Page
from dashboards.context import page_url
from dashboards.principals import principal
from dashboards.sources import service
from monitor.access.model import User
from monitor.state import audit as audit_log


@operation("/audit", answer=Page[EntryShape], query=AuditQuery)
def audit(query: AuditQuery) -> ResponseReturnValue:
    """The audit log: who did what to what"""
    with service().database.read() as connection:
        found = audit_log.list(
            connection, actor=query.actor, action=query.action, subject=query.subject, before=query.before,
            limit=query.limit + 1, sort=query.sort,
        )  # fmt: skip
    following = page_url(before=found[query.limit - 1].id) if len(found) > query.limit else None
    return {"items": [vars(entry) for entry in found[: query.limit]], "next": following}


@operation("/users", answer=Listed[UserShape], query=UsersQuery)
def users(query: UsersQuery) -> ResponseReturnValue:
    """Users"""
    return {"items": in_order(map(vars, service().users.list()), query.sort, by("name", "role", "created_at"))}


@operation("/users", method="POST", answer=UserShape, body=UserBody, status=HTTPStatus.CREATED)
def add_user(body: UserBody) -> ResponseReturnValue:
    """Add a user; with the first one everybody has to log in"""
    source = service()
    return dict(vars(source.users.add(body.name, body.role, body.password, actor=principal().name, at=source.now())))


@operation("/users/<name>/password", method="POST", answer=UserShape, body=PasswordBody)
def set_password(name: str, body: PasswordBody) -> ResponseReturnValue:
    """Give a user another password; every login of theirs ends"""
    source, found = service(), _user(name)
    source.users.set_password(name, body.password, actor=principal().name, at=source.now())
    return dict(vars(found))


@operation("/users/<name>", method="DELETE", answer=UserShape)
def remove_user(name: str) -> ResponseReturnValue:
    """Remove a user with every login of theirs"""
    source, found = service(), _user(name)
    source.users.remove(name, actor=principal().name, at=source.now())
    return dict(vars(found))


@operation("/tokens", answer=Listed[TokenShape], query=TokensQuery)
def tokens(query: TokensQuery) -> ResponseReturnValue:
    """Tokens, revoked ones too"""
    keys = by("id", "name", "scope", "created_at", "used_at")
    return {"items": in_order(map(vars, service().tokens.list()), query.sort, keys)}


@operation("/tokens", method="POST", answer=NewTokenShape, body=TokenBody, status=HTTPStatus.CREATED)
def add_token(body: TokenBody) -> ResponseReturnValue:
    """Make a token; its secret is in this answer and in no other"""
    source = service()
    made, secret = source.tokens.add(body.name, body.scope, actor=principal().name, at=source.now())
    return {**vars(made), "token": secret}


@operation("/tokens/<int:number>", method="DELETE", answer=TokenShape)
def revoke_token(number: int) -> ResponseReturnValue:
    """Revoke a token; it stays in the list"""
    source = service()
    found = source.tokens.revoke(number, actor=principal().name, at=source.now()) if number < 2**63 else None
    return dict(vars(found or abort(404)))


def _user(name: str) -> User:
    return service().users.find(name) or abort(404)
