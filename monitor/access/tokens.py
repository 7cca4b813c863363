"""Secrets of tokens and logins: 256 random bits, of which the database keeps the SHA-256 alone.

A secret of that length cannot be guessed, so a fast hash is enough, and every request can afford it.
"""

import hashlib
import secrets
from typing import Final

PREFIX: Final = "lv_"
"""So that a scanner of repositories knows a token that was left in one."""


def new_secret() -> str:
    """A secret, to be shown once."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored and looked up. The look-up is by equality of digests, whose timing tells nothing of the secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
