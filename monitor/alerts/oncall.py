"""Who is on call now and in the coming weeks, of every rota. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitor.alerts.rotas import Shift
from monitor.alerts.routes import Routes

SPAN = timedelta(weeks=4)


@dataclass(frozen=True)
class Roster:
    """One rota: who is told now, and whose turn it is when; `zone` is an IANA name."""

    rota: str
    zone: str
    now: str
    shifts: tuple[Shift, ...]


def rosters(routes: Routes, now: datetime, span: timedelta = SPAN) -> tuple[Roster, ...]:
    """From `now` on, by name."""
    return tuple(
        Roster(name, receiver.rota.zone.key, receiver.rota.on_call(now), tuple(receiver.rota.shifts(now, now + span)))
        for name, receiver in sorted(routes.receivers.items())
        if receiver.rota
    )


def roster_row(roster: Roster) -> dict[str, Any]:
    """A rota as the API and `laddvakt alerts oncall --json` give it."""
    shifts = [shift_row(shift) for shift in roster.shifts]
    return {"rota": roster.rota, "zone": roster.zone, "now": roster.now, "shifts": shifts}


def shift_row(shift: Shift) -> dict[str, Any]:
    """A turn, wherever turns are given to programs."""
    return {"who": shift.who, "from": shift.start, "to": shift.end, "override": shift.override}
