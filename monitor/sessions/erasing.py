"""A session without the person who charged: what bills and statistics need of it stays."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from monitor.readings.schema import IDENTITY
from monitor.sessions.model import Session

ERASED = "erased"
"""`details[ERASED]`: the user was erased, and no reading that comes later brings it back."""


def erased(session: Session) -> Session:
    """The session of nobody in particular."""
    return replace(session, user=None, details=erased_details(session.details))


def erased_details(details: Mapping[str, str]) -> dict[str, str]:
    """`details` without what leads to a person, and with the note that it is so."""
    return {**{name: text for name, text in details.items() if name not in IDENTITY}, ERASED: "user"}


def erased_cdr(cdr: Mapping[str, Any]) -> dict[str, Any]:
    """A CDR without the token's identity; sums, times and everything else stay as they were sent."""
    kept = {name: value for name, value in cdr.items() if name not in ("authorization_reference", "signed_data")}
    token = {name: value for name, value in cdr.get("cdr_token", {}).items() if name == "type"}
    return {**kept, "cdr_token": token} if token else {n: v for n, v in kept.items() if n != "cdr_token"}
