"""The first admin and the first write token from files, so that a container needs no hands at its first start."""

from datetime import datetime
from pathlib import Path

from monitor.config import Web
from monitor.errors import InputError
from monitor.state.tokens import TokenStore
from monitor.state.users import UserStore

ADMIN = "admin"
_ACTOR = "configuration"


def take_first_secrets(web: Web, users: UserStore, tokens: TokenStore, now: datetime) -> None:
    """Make the user `admin` unless there is one, and the token unless it is known; raises InputError.

    A password that was changed since stays; a token that was revoked stays so.
    """
    if web.admin_password_file and users.find(ADMIN) is None:
        users.add(ADMIN, "admin", _secret(web.admin_password_file, "web.admin_password_file"), actor=_ACTOR, at=now)
    if web.write_token_file:
        secret = _secret(web.write_token_file, "web.write_token_file")
        if not tokens.knows(secret):
            tokens.add("web.write_token_file", "write", actor=_ACTOR, at=now, secret=secret)


def _secret(path: str, setting: str) -> str:
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{setting}: {path} cannot be read: {error}") from error
    if not secret:
        raise InputError(f"{setting}: {path} is empty; fill it, for example with: openssl rand -hex 32")
    return secret
