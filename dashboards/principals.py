"""Who makes a request: by a token, by a login's cookie, or anybody while the service is open to this machine."""

import base64
import binascii
import hmac
from dataclasses import replace
from typing import cast

from flask import current_app, g, request

from dashboards import logins
from dashboards.sources import LOCAL_TOKEN, service
from monitor.access.model import LOCAL, NOBODY, OPEN, Principal, of_token


def principal() -> Principal:
    """Who makes this request, found out once."""
    if "principal" not in g:
        g.principal = _identify()
    return cast("Principal", g.principal)


def shows_token() -> bool:
    """Whether the request carries a token: no page of another site can make a browser do that."""
    return _secret() is not None


def open_to_all() -> bool:
    """Whether there are no users: then only this machine reaches the service, and everybody on it may do anything."""
    source = service()
    return source.settings.loopback and not source.users.exist()


def _identify() -> Principal:
    secret = _secret()
    if secret is None:
        return logins.current() or (_open() if open_to_all() else NOBODY)
    local = current_app.extensions.get(LOCAL_TOKEN)
    if local is not None and hmac.compare_digest(secret.encode(), str(local).encode()):
        return LOCAL
    source = service()
    # Clients of InfluxDB 1.8 say user:password where others have a token.
    for each in dict.fromkeys((secret, secret.partition(":")[2])):
        token = source.tokens.use(each, source.now()) if each else None
        if token is not None and token.scope != "wall":  # a wall's is exchanged for a cookie, and opens nothing itself
            return of_token(token)
    return _open() if open_to_all() and not source.tokens.exist() else NOBODY


def _open() -> Principal:
    """Without users; and while there is no token either, readings are taken from everybody."""
    return OPEN if service().tokens.exist() else replace(OPEN, permissions=OPEN.permissions | {"write"})


def _secret() -> str | None:
    """The token that the request shows, in one of the ways of InfluxDB's clients."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    match scheme.lower():
        case "token" | "bearer":
            return rest.strip()
        case "basic":
            try:
                return base64.b64decode(rest, validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                return ""
    if request.blueprint == "writes":
        return request.args.get("p")
    return None
