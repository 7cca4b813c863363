"""Signed links of mails: for one address, one alert and one action, until a moment. No login, no row in a table."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from itsdangerous import BadData, URLSafeSerializer

from monitor.units import from_us, to_us

Action = Literal["acknowledge", "alert", "silence"]
LASTS: Final = timedelta(days=7)
"""Older mails are history: their alert's page is still there for who can log in."""


@dataclass(frozen=True)
class Link:
    """What a link lets its holder do."""

    action: Action
    alert: int
    address: str
    until: datetime


class Links:
    """Makes and reads links with a key; another key, another purpose or a changed letter makes them worthless."""

    def __init__(self, key: bytes) -> None:
        self._serializer = URLSafeSerializer(
            key, salt="laddvakt mail link 1", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def sign(self, action: Action, alert: int, address: str, at: datetime) -> str:
        """The text of a link in a mail that was planned at `at`: the same however often it is composed."""
        return str(self._serializer.dumps([action, alert, address, to_us(at + LASTS)]))

    def read(self, text: str) -> Link | None:
        """What a text allows, None when it is not one of ours. Whether it has expired is the caller's to ask."""
        try:
            action, alert, address, until_us = self._serializer.loads(text)
        except (BadData, ValueError, TypeError):
            return None
        if action not in get_args(Action):
            return None
        return Link(action, alert, address, from_us(until_us))
