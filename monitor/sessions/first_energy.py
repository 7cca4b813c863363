"""How long a driver waits until it is plain that the car charges."""

from datetime import timedelta

from monitor.sessions.imported import SEEN_BY
from monitor.sessions.model import Session

FIRST_WH = 1000.0


def first_kwh(session: Session) -> timedelta | None:
    """From plug-in to the first kWh, evenly within the period in which it was reached.

    None: it was never reached, the car is still there, or nobody measured when the energy flowed.
    """
    if session.plug_out is None or session.details.get("seen_by") == SEEN_BY:
        return None
    before = 0.0
    for period in session.periods:
        if before + period.energy_wh >= FIRST_WH:
            reached = period.start + (period.end - period.start) * ((FIRST_WH - before) / period.energy_wh)
            return reached - session.plug_in
        before += period.energy_wh
    return None
