"""Which curves a mail shows, and where in it: one for each connector of a message about few alerts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from monitor.alerts.model import Message, MessageRow
from monitor.ids import Place
from monitor.notify.curve import Curve, SamplesOf, draw, stretch, told
from monitor.notify.letter import Letter, zone_of
from monitor.notify.words import words_for

FEW = 5
"""Alerts, at most, of a message with curves."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Picture:
    """The curve of row number `row`; `name` is its content id, `text` what it shows."""

    row: int
    name: str
    text: str
    png: bytes


def curves(message: Message, samples: SamplesOf) -> tuple[Picture, ...]:
    """The curves of the message's connectors that have readings; without those that cannot be drawn."""
    if message.firing + message.resolved > FEW:
        return ()
    found = (_picture(message, number, row, samples) for number, row in enumerate(message.rows))
    return tuple(picture for picture in found if picture)


def illustrated(letter: Letter, pictures: Sequence[Picture]) -> Letter:
    """The letter with its pictures' content ids in their rows."""
    shown = {picture.row: picture for picture in pictures}
    return replace(
        letter,
        rows=tuple(
            replace(row, picture=shown[number].name, picture_text=shown[number].text) if number in shown else row
            for number, row in enumerate(letter.rows)
        ),
    )


def _picture(message: Message, number: int, row: MessageRow, samples: SamplesOf) -> Picture | None:
    place = Place.parse(row.subject)
    if place.connector is None:
        return None
    start, end = stretch(row.firing_at, row.resolved_at or message.at)
    try:
        taken = samples(place, start, end)
        if not any(power is not None for _, power, _ in taken):
            return None
        curve = Curve(taken, start, end, row.firing_at, zone_of(message.zone), row.expected_w, row.limit_w)
        words = dict(words_for(message.language)[1])
        return Picture(number, f"curve{number}@laddvakt", told(curve, words), draw(curve, words))
    except Exception:  # the store may be away, and no picture is worth a mail
        _log.exception("curve not drawn", alert=row.alert)
        return None
