"""What a bill rests on, as one short text: the same as long as nothing that matters to the bill has changed."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from monitor.sessions.billing import review_reasons
from monitor.sessions.model import Period, Session
from monitor.units import to_us

_ROUNDING_WH = 0.003
WITHDRAWN = "withdrawn"
"""In place of a fingerprint: by the readings of today there never was such a session."""


def fingerprint(session: Session) -> str:
    """Times, energy, registers, periods, services, group and doubts; not what only explains (SoC, peak, diagnosis).

    Energies count in the whole mWh that they are stored in, those of periods in Wh.
    """
    times = (session.plug_in, session.started, session.stopped, session.plug_out)
    energies = (session.energy_wh, session.register_start_wh, session.register_stop_wh)
    said = [
        [None if at is None else to_us(at) for at in times],
        [None if energy is None else round(energy * 1000) for energy in energies],
        list(_flow(session.periods)),
        [dict(service) for service in session.services],
        session.group,
        sorted(review_reasons(session)),
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _flow(periods: Sequence[Period]) -> Iterator[list[object]]:
    """Periods, those of one class and one mean power as one: a reading more in the middle of them changes no bill."""
    held: Period | None = None
    for period in periods:
        if held is not None and _goes_on(held, period):
            held = replace(held, end=period.end, energy_wh=held.energy_wh + period.energy_wh)
            continue
        if held is not None:
            yield _told(held)
        held = period
    if held is not None:
        yield _told(held)


def _goes_on(held: Period, period: Period) -> bool:
    """Whether energy flows on as before, as far as energies in whole mWh can tell."""
    if held.kind != period.kind or held.end != period.start:
        return False
    whole, part = period.end - held.start, period.end - period.start
    if not whole:
        return True
    expected = (held.energy_wh + period.energy_wh) * (part / whole)
    return abs(period.energy_wh - expected) < _ROUNDING_WH


def _told(period: Period) -> list[object]:
    return [to_us(period.start), to_us(period.end), period.kind, round(period.energy_wh)]
