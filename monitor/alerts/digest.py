"""What waited while mail was down, told as one message. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from monitor.alerts.message import ROWS, worst_first
from monitor.alerts.model import Message, MessageRow

WAITED: Final = timedelta(minutes=15)
"""After so long a message is told in a digest, when another one of its address waits as long."""


def digest(messages: Sequence[Message], ends: Mapping[int, datetime | None], at: datetime) -> Message:
    """One message that stands for `messages` to one address, which are in the order in which they were made.

    `ends`: all alerts that they tell of, those without a row too, with the end that the last of them says (None: it
    fires). The site's facts stay where the messages agree on them. The same messages always give the same key.
    """
    last = messages[-1]
    rows = {row.alert: row for message in messages for row in message.rows}
    shown = sorted((_as_told(row, ends.get(number)) for number, row in rows.items()), key=worst_first)[:ROWS]
    threads = {message.thread for message in messages}
    keys = "".join(message.key for message in messages)
    key = hashlib.sha256(f"digest {keys}".encode()).hexdigest()[:32]
    same_place = all(
        (each.site_name, each.contact, each.access, each.links)
        == (last.site_name, last.contact, last.access, last.links)
        for each in messages
    )
    return replace(
        last if same_place else replace(last, site_name="", contact="", access="", links={}),
        key=key,
        thread=threads.pop() if len(threads) == 1 else key,
        group=dict(set.intersection(*(set(message.group.items()) for message in messages))),
        kind="digest",
        at=at,
        firing=sum(end is None for end in ends.values()),
        resolved=sum(end is not None for end in ends.values()),
        rows=tuple(shown),
        stands_for=sum(message.stands_for or 1 for message in messages),
        since=min(message.since or message.at for message in messages),
    )


def _as_told(row: MessageRow, end: datetime | None) -> MessageRow:
    """A later message may have told the end of an alert without a row for it."""
    return row if end is None or row.resolved_at else replace(row, state="resolved", resolved_at=end, price=None)
