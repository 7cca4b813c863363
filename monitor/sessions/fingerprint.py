"""What a bill rests on, as one short text: the same as long as nothing that matters to the bill has changed."""

import hashlib
import json

from monitor.sessions.billing import review_reasons
from monitor.sessions.model import Period, Session
from monitor.units import to_us

WITHDRAWN = "withdrawn"
"""In place of a fingerprint: by the readings of today there never was such a session."""


def fingerprint(session: Session) -> str:
    """Times, energy, registers, periods, services, group and doubts; not what only explains (SoC, peak, diagnosis).

    Energies count in the whole mWh that they are stored in. `review_reasons` leave out who has looked at them.
    """
    times = (session.plug_in, session.started, session.stopped, session.plug_out)
    energies = (session.energy_wh, session.register_start_wh, session.register_stop_wh)
    said = [
        [None if at is None else to_us(at) for at in times],
        [_milli(energy) for energy in energies],
        [_period(period) for period in session.periods],
        [dict(service) for service in session.services],
        session.group,
        sorted(review_reasons(session)),
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _period(period: Period) -> list[object]:
    return [to_us(period.start), to_us(period.end), period.kind, _milli(period.energy_wh)]


def _milli(energy_wh: float | None) -> int | None:
    return None if energy_wh is None else round(energy_wh * 1000)
