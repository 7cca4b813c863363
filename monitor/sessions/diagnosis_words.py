"""A diagnosis in words: its cause, then its evidence, in English and Swedish."""

from collections.abc import Callable, Mapping

from monitor.sessions.model import DiagnosisCode
from monitor.units import decimal_comma

_CAUSES: Mapping[DiagnosisCode, tuple[str, str]] = {
    "vehicle_limited": ("the car took no more", "bilen tog inte emot mer"),
    "tapering": ("the battery was nearly full", "batteriet var nästan fullt"),
    "load_managed": ("load management lowered the offer", "lastbalanseringen sänkte effekten"),
    "shared": ("the power was shared with another car", "effekten delades med en annan bil"),
    "cold": ("the battery was probably cold", "batteriet var troligen kallt"),
    "charger_suspect": ("the charger itself is suspect", "laddaren själv misstänks"),
    "too_little_data": ("too few readings to say", "för få mätvärden för att avgöra"),
}


def _kilowatts(watts: float) -> str:
    return f"{watts / 1000:.1f} kW"


def _whole_kilowatts(watts: float) -> str:
    return f"{watts / 1000:.0f} kW"


def _percent(share: float) -> str:
    return f"{share:.0f} %"


def _count(number: float) -> str:
    return f"{number:.0f}"


_SHARED = "another car of the power group charged {} of the time", "en annan bil i effektgruppen laddade {} av tiden"
_WORDS: tuple[tuple[tuple[str, ...], Callable[[float], str], str, str], ...] = (
    (("average_w",), _kilowatts, "{} measured", "{} uppmätt"),
    (("peak_w",), _kilowatts, "{} at most", "{} som mest"),
    (("rated_w",), _whole_kilowatts, "{} rated", "{} märkeffekt"),
    (("usual_w",), _kilowatts, "{} usual at this connector", "{} vanligt på det här uttaget"),
    (("slow_share_10",), _percent, "{} of its last sessions slow", "{} av de senaste sessionerna långsamma"),
    (("offered_w",), _kilowatts, "{} offered", "{} erbjudet"),
    (("shared_share",), _percent, *_SHARED),
    (("group_w",), _whole_kilowatts, "{} for the whole group", "{} för hela gruppen"),
    (("soc_in", "soc_out"), _percent, "battery from {} to {}", "batteri från {} till {}"),
    (("phases", "rated_phases"), _count, "{} of {} phases in use", "{} av {} faser används"),
    (("temperature_c",), lambda degrees: f"{degrees:.0f} °C", "{}", "{}"),
    (("samples",), _count, "{} readings", "{} mätvärden"),
)
"""Said when all that are named are known."""


def in_words(code: DiagnosisCode, evidence: Mapping[str, float]) -> Mapping[str, str]:
    """The text per language; `evidence` holds what is known, by the names of `_WORDS`."""
    english, swedish = _CAUSES[code]
    shown = [
        ([decimal_comma(show(evidence[name])) for name in names], en, sv)
        for names, show, en, sv in _WORDS
        if evidence.keys() >= set(names)
    ]
    if evidence.get("shared_share") == 0:
        alone = "no other car of the power group charged", "ingen annan bil i effektgruppen laddade"
        shown = [each if each[1] != _SHARED[0] else ([], *alone) for each in shown]
    in_english = ", ".join(en.format(*figures) for figures, en, _ in shown)
    in_swedish = ", ".join(sv.format(*figures) for figures, _, sv in shown)
    return {"en": f"{english}: {in_english}", "sv": f"{swedish}: {in_swedish}"}
