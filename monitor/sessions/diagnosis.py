"""Why charging was slow: one cause, with everything that was measured or known as its evidence.

The order of the questions matters: what the readings prove comes before what they suggest. Figures that the limits
rest on are of real sessions (median share of peak power left: 0.67 at 70 % SoC, 0.35 at 90 %).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from monitor.sessions.diagnosis_words import in_words
from monitor.sessions.history import ConnectorHistory
from monitor.sessions.model import Diagnosis, DiagnosisCode, Session
from monitor.sessions.siblings import Group

SLOW_SHARE = 0.5
"""Slow: on average less than half of what the outlet is rated for, or of what it usually gives."""

LOWERED = 0.6
"""An offer below this part of the rating is lowered. A cable's amperes at a low battery voltage alone take a third."""

SHARED = 0.3
"""Part of the charging time from which a sibling that charged too explains a low offer."""

LEAST_SAMPLES = 3
LEAST_CHARGING = timedelta(minutes=3)
TAPER_FROM_SOC = 70.0
COLD_C = 5.0

FAIR_SHARE = 0.6
"""A car that got this much of its share of a common limit was slow because of the sharing."""


@dataclass(frozen=True)
class Findings:
    """What is known of a session beside its summary. Shares are of the charging time, None and 0 mean what they say.

    `offered_w`: mean offer; `limited_share`: the car took all of an offer clearly below the rating; `shared_share`:
    another connector of the power group charged too, `others` of them on average while it did; `history`: the
    connector's sessions before this one.
    """

    samples: int
    offered_w: float | None
    limited_share: float
    shared_share: float
    temperature_c: float | None
    rated_w: float | None
    rated_phases: int | None
    current: Literal["AC", "DC"] | None
    load_managed: bool
    others: float = 0.0
    group: Group = field(default_factory=Group)
    history: ConnectorHistory = field(default_factory=ConnectorHistory)

    @property
    def fair_w(self) -> float | None:
        """What each car of the group could get; None when its limit leaves every connector its rating."""
        limit_w, rated_w = self.group.limit_w, self.group.rated_w
        if limit_w is None or rated_w is None or limit_w >= rated_w:
            return None
        return limit_w / (1 + max(self.others, 1.0))


def diagnose(session: Session, found: Findings) -> Diagnosis | None:
    """The cause of a finished session's slowness; None when it was not slow or nothing says what to expect."""
    expected = [watts for watts in (found.rated_w, found.history.usual_power_w) if watts is not None]
    if not expected:
        return None
    average = session.average_power_w
    if average is None or found.samples < LEAST_SAMPLES or session.charging_time < LEAST_CHARGING:
        return _said("too_little_data", {"samples": found.samples})
    if average >= SLOW_SHARE * max(expected):
        return None
    code = (
        _limited(found)
        or _tapering(session, found)
        or _cold(session, found)
        or _sharing(found, average)
        or _by_vehicle(session, found, average)
    )
    return _said(code, _evidence(session, found, average))


def offer_lowered(found: Findings) -> bool:
    """Whether a charger that is not AC offered clearly less than its rating, and neither cars beside it nor load
    management explain that. A dead power module does so.
    """
    if found.offered_w is None or found.rated_w is None or found.current == "AC":
        return False
    excused = found.load_managed or found.shared_share >= SHARED
    return found.offered_w < LOWERED * found.rated_w and not excused


def _limited(found: Findings) -> DiagnosisCode | None:
    if found.limited_share < 0.5 or found.offered_w is None:
        return None
    if found.shared_share >= SHARED:
        return "shared"
    return "load_managed" if found.load_managed else "charger_suspect"


def _tapering(session: Session, found: Findings) -> DiagnosisCode | None:
    if found.current == "AC" or session.soc_out is None or session.soc_out < TAPER_FROM_SOC:
        return None
    charging = [period for period in session.periods if period.kind == "charging" and period.soc is not None]
    high = _total(period.end - period.start for period in charging if (period.soc or 0) >= TAPER_FROM_SOC)
    return "tapering" if high >= 0.5 * session.charging_time else None


def _cold(session: Session, found: Findings) -> DiagnosisCode | None:
    cold = found.temperature_c is not None and found.temperature_c < COLD_C
    if not cold or found.current != "DC" or (session.peak_power_w or 0) >= 0.8 * (found.rated_w or 0):
        return None
    return "cold"


def _sharing(found: Findings, average_w: float) -> DiagnosisCode | None:
    """Chargers that say nothing of their offer: the other cars and the common limit explain what this one got."""
    fair = found.fair_w
    return "shared" if fair is not None and found.shared_share >= 0.5 and average_w >= FAIR_SHARE * fair else None


def _by_vehicle(session: Session, found: Findings, average_w: float) -> DiagnosisCode:
    """What is left: a car that takes steadily what it can, or a charger that gives less than it did.

    One car below the usual says nothing of the charger; most of the last ten do.
    """
    usual, slow_share = found.history.usual_power_w, found.history.slow_share_10
    if found.current == "AC" and session.phases and found.rated_phases and session.phases < found.rated_phases:
        return "vehicle_limited"
    if session.peak_power_w and average_w < SLOW_SHARE * session.peak_power_w:
        return "charger_suspect"
    if usual is not None and average_w < SLOW_SHARE * usual and slow_share is not None and slow_share >= 50:
        return "charger_suspect"
    return "vehicle_limited"


def _evidence(session: Session, found: Findings, average_w: float) -> Mapping[str, float | None]:
    """All that is known, whatever the cause: who reads it may think otherwise."""
    return {
        "average_w": average_w,
        "peak_w": session.peak_power_w,
        "rated_w": found.rated_w,
        "usual_w": found.history.usual_power_w,
        "slow_share_10": found.history.slow_share_10,
        "offered_w": found.offered_w,
        "shared_share": 100 * found.shared_share if found.group.others else None,
        "group_w": found.group.limit_w if found.fair_w is not None and found.shared_share else None,
        "soc_in": session.soc_in,
        "soc_out": session.soc_out,
        "phases": session.phases if found.current != "DC" else None,
        "rated_phases": found.rated_phases if found.current != "DC" and session.phases else None,
        "temperature_c": found.temperature_c,
    }


def _said(code: DiagnosisCode, evidence: Mapping[str, float | None]) -> Diagnosis:
    known = {name: value for name, value in evidence.items() if value is not None}
    return Diagnosis(code, in_words(code, known), known)


def _total(spans: Iterable[timedelta]) -> timedelta:
    return sum(spans, timedelta())
