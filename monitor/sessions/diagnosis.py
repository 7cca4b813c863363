"""Why charging was slow: one cause, with what was measured as its evidence, in words.

The order of the questions matters: what the readings prove comes before what they suggest. Figures that the limits
rest on are of real sessions (median share of peak power left: 0.67 at 70 % SoC, 0.35 at 90 %).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from monitor.sessions.model import Diagnosis, DiagnosisCode, Session
from monitor.units import decimal_comma

SLOW_SHARE = 0.5
"""Slow: on average less than half of what the outlet is rated for."""

LOWERED = 0.6
"""An offer below this part of the rating is lowered. A cable's amperes at a low battery voltage alone take a third."""

OFFER, LOW_OFFER = "offer", "lowered"
"""`details` of a session on a charger that offered clearly less than its rating, for no reason that is known."""

SHARED = 0.3
"""Part of the charging time from which a sibling that charged too explains a low offer."""

LEAST_SAMPLES = 3
LEAST_CHARGING = timedelta(minutes=3)
TAPER_FROM_SOC = 70.0
COLD_C = 5.0


@dataclass(frozen=True)
class Findings:
    """What was seen of a session beside its summary. Shares are of the charging time.

    `offered_w`: mean offer; `limited_share`: the car took all of an offer clearly below the rating; `shared_share`: a
    connector of the same power group charged too.
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


def diagnose(session: Session, found: Findings) -> Diagnosis | None:
    """The cause of a finished session's slowness; None when it was not slow or nothing says what to expect."""
    if found.rated_w is None:
        return None
    average = session.average_power_w
    if average is None or found.samples < LEAST_SAMPLES or session.charging_time < LEAST_CHARGING:
        return _say("too_little_data", samples=found.samples)
    if average >= SLOW_SHARE * found.rated_w:
        return None
    return (
        _limited(found, average)
        or _tapering(session, found, average)
        or _cold(session, found, average)
        or _by_vehicle(session, found, average)
    )


def offer_lowered(found: Findings) -> bool:
    """Whether a charger that is not AC offered clearly less than its rating, and neither cars beside it nor load
    management explain that. A dead power module does so.
    """
    if found.offered_w is None or found.rated_w is None or found.current == "AC":
        return False
    excused = found.load_managed or found.shared_share >= SHARED
    return found.offered_w < LOWERED * found.rated_w and not excused


def is_lowered(details: Mapping[str, str]) -> bool:
    """Whether a session's `details` say that."""
    return details.get(OFFER) == LOW_OFFER


def _limited(found: Findings, average_w: float) -> Diagnosis | None:
    if found.limited_share < 0.5 or found.offered_w is None:
        return None
    code: DiagnosisCode = "charger_suspect"
    if found.shared_share >= SHARED:
        code = "shared"
    elif found.load_managed:
        code = "load_managed"
    return _say(code, offered_w=found.offered_w, rated_w=found.rated_w, average_w=average_w)


def _tapering(session: Session, found: Findings, average_w: float) -> Diagnosis | None:
    if found.current == "AC" or session.soc_out is None or session.soc_out < TAPER_FROM_SOC:
        return None
    charging = [period for period in session.periods if period.kind == "charging" and period.soc is not None]
    high = _total(period.end - period.start for period in charging if (period.soc or 0) >= TAPER_FROM_SOC)
    if high < 0.5 * session.charging_time:
        return None
    return _say("tapering", soc_in=session.soc_in, soc_out=session.soc_out, average_w=average_w)


def _cold(session: Session, found: Findings, average_w: float) -> Diagnosis | None:
    cold = found.temperature_c is not None and found.temperature_c < COLD_C
    if not cold or found.current != "DC" or (session.peak_power_w or 0) >= 0.8 * (found.rated_w or 0):
        return None
    return _say("cold", temperature_c=found.temperature_c, average_w=average_w)


def _by_vehicle(session: Session, found: Findings, average_w: float) -> Diagnosis:
    """What is left: a car that takes steadily what it can, or power that broke away without a reason."""
    if found.current == "AC" and session.phases and found.rated_phases and session.phases < found.rated_phases:
        return _say("vehicle_limited", phases=session.phases, rated_phases=found.rated_phases, average_w=average_w)
    if session.peak_power_w and average_w < SLOW_SHARE * session.peak_power_w:
        return _say("charger_suspect", average_w=average_w, peak_w=session.peak_power_w)
    return _say("vehicle_limited", average_w=average_w, peak_w=session.peak_power_w, rated_w=found.rated_w)


def _total(spans: Iterable[timedelta]) -> timedelta:
    return sum(spans, timedelta())


_CAUSES: Mapping[DiagnosisCode, tuple[str, str]] = {
    "vehicle_limited": ("the car took no more", "bilen tog inte emot mer"),
    "tapering": ("the battery was nearly full", "batteriet var nästan fullt"),
    "load_managed": ("load management lowered the offer", "lastbalanseringen sänkte effekten"),
    "shared": ("the power was shared with another car", "effekten delades med en annan bil"),
    "cold": ("the battery was probably cold", "batteriet var troligen kallt"),
    "charger_suspect": ("the charger itself is suspect", "laddaren själv misstänks"),
    "too_little_data": ("too few readings to say", "för få mätvärden för att avgöra"),
}
_WORDS: tuple[tuple[str, Callable[[float], str], str, str], ...] = (
    ("average_w", lambda watts: f"{watts / 1000:.1f} kW", "{} measured", "{} uppmätt"),
    ("peak_w", lambda watts: f"{watts / 1000:.1f} kW", "{} at most", "{} som mest"),
    ("offered_w", lambda watts: f"{watts / 1000:.1f} kW", "{} offered", "{} erbjudet"),
    ("rated_w", lambda watts: f"{watts / 1000:.0f} kW", "{} rated", "{} märkeffekt"),
    ("soc_in", lambda percent: f"{percent:.0f} %", "battery from {}", "batteri från {}"),
    ("soc_out", lambda percent: f"{percent:.0f} %", "to {}", "till {}"),
    ("phases", lambda count: f"{count:.0f}", "{} phase(s) in use", "{} fas(er) används"),
    ("rated_phases", lambda count: f"{count:.0f}", "{} available", "{} finns"),
    ("temperature_c", lambda degrees: f"{degrees:.0f} °C", "{}", "{}"),
    ("samples", lambda count: f"{count:.0f}", "{} readings", "{} mätvärden"),
)


def _say(code: DiagnosisCode, **evidence: float | None) -> Diagnosis:
    """The cause and its evidence in both languages."""
    english, swedish = _CAUSES[code]
    shown = [
        (decimal_comma(show(value)), en, sv)
        for name, show, en, sv in _WORDS
        if (value := evidence.get(name)) is not None
    ]
    in_english = ", ".join(en.format(figure) for figure, en, _ in shown)
    in_swedish = ", ".join(sv.format(figure) for figure, _, sv in shown)
    return Diagnosis(code, {"en": f"{english}: {in_english}", "sv": f"{swedish}: {in_swedish}"})
