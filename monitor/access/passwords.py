"""Passwords: argon2id as RFC 9106 recommends, two at once at most, because each takes 64 MiB."""

import threading
from functools import cache
from typing import Final

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from monitor.errors import InputError, Unavailable

LEAST: Final = 10
"""Characters; NIST SP 800-63B asks for eight and no rules about which."""
LONGEST: Final = 1024
_hasher = argon2.PasswordHasher()
_at_once = threading.BoundedSemaphore(2)
_in_line = threading.BoundedSemaphore(4)
"""Those that are checked and those that wait for it: the other threads of the server stay free for pages."""


def checked(password: str) -> str:
    """The password if it may be one; raises InputError."""
    if not LEAST <= len(password) <= LONGEST:
        raise InputError(
            "a password has %(least)s to %(longest)s characters; this one has %(length)s",
            least=LEAST, longest=LONGEST, length=len(password),
        )  # fmt: skip
    return password


def hashed(password: str) -> str:
    """What is stored."""
    with _at_once:
        return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether it is the one. `stored` None, for a user who does not exist, takes as long and is never true.

    Raises Unavailable when too many are asked for at once.
    """
    if not _in_line.acquire(blocking=False):
        raise Unavailable("too many people log in at this moment; try again in a few seconds")
    try:
        with _at_once:
            return _hasher.verify(stored or _nobodys(), password[: LONGEST + 1]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _in_line.release()


@cache
def _nobodys() -> str:
    return _hasher.hash("the password of no user")
