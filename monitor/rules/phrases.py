"""How values are said in messages: filters of templates, and the probable cause, in English and Swedish."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from monitor.rules.names import Subject
from monitor.units import Money, decimal_comma

UNKNOWN = {"en": "unknown", "sv": "okänt"}

DIAGNOSIS_NAMES: Mapping[Subject, tuple[str, ...]] = {
    "connector": ("status", "error_code", "vendor_code", "online", "expected_by"),
    "station": ("online",),
    "site": (),
    "source": (),
}
"""What `diagnosis` reads of each kind of subject."""

_EXPECTED_BY = {
    "en": {
        "rating": "the charger gives less than its rating, and nothing in the readings explains it",
        "offer": "the charger offers less than its rating",
        "share": "power is shared with other cars, but this one gets less than its share",
        "phases": "the car charges on fewer phases than the charger has, and gets less than these can give",
        "peak": "power dropped below what this session had reached",
        "taper": "power dropped below what a nearly full battery usually takes",
    },
    "sv": {
        "rating": "laddaren ger mindre än sin märkeffekt, och inget i mätvärdena förklarar det",
        "offer": "laddaren erbjuder mindre än sin märkeffekt",
        "share": "effekten delas med andra bilar, men den här får mindre än sin andel",
        "phases": "bilen laddar på färre faser än laddaren har, och får mindre än de kan ge",
        "peak": "effekten föll under vad samma session har nått",
        "taper": "effekten föll under vad ett nästan fullt batteri brukar ta",
    },
}
_OFFLINE = {"en": "the station has stopped sending", "sv": "stationen har slutat sända"}
_REPORTS = {"en": "the charger reports {}", "sv": "laddaren rapporterar {}"}
_NO_CODE = {"en": "the charger gives no error code", "sv": "laddaren ger ingen felkod"}
_AGO = {"en": "{} ago", "sv": "för {} sedan"}


def diagnosis(values: Mapping[str, Any], language: str) -> str:
    """The probable cause as far as the last values tell it; the word for unknown when they tell nothing."""
    codes = [str(values[key]) for key in ("error_code", "vendor_code") if values.get(key) not in {None, "", "NoError"}]
    if values.get("online") is False:
        return _OFFLINE[language]
    if codes:
        return _REPORTS[language].format(", ".join(codes))
    if values.get("status") == "Faulted":
        return _NO_CODE[language]
    return _EXPECTED_BY[language].get(str(values.get("expected_by")), UNKNOWN[language])


def number(value: float, digits: int) -> str:
    """With a decimal comma: pages and mails are Swedish in their numbers, whatever their words."""
    return decimal_comma(f"{value:.{digits}f}")


def _scaled(value: float, unit: str) -> str:
    scaled = value / 1000
    return f"{number(scaled, 0 if abs(scaled) >= 100 else 1)} {unit}"


def duration(seconds: float, language: str) -> str:
    """`45 s`, `14 min`, `2 h 5 min`, `3 d 4 h` (Swedish: `3 dygn 4 h`)."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    hours = minutes // 60
    day = "dygn" if language == "sv" else "d"
    return f"{hours // 24} {day}" + (f" {hours % 24} h" if hours % 24 else "")


def said(value: object, language: str) -> object:
    """What a bare `{{ name }}` prints: missing has a word, a time its zone, a fraction a decimal comma."""
    if value is None:
        return UNKNOWN[language]
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, float):
        return number(value, 0 if value == int(value) else 1)
    return value


def filters(language: str) -> dict[str, Callable[..., str]]:
    """The filters of templates in one language; each says the word for unknown of a missing value."""

    def of_number(say: Callable[[float], str]) -> Callable[[float | None], str]:
        return lambda value: UNKNOWN[language] if value is None else say(value)

    def money(value: Money | float | None, currency: str = "SEK") -> str:
        if value is None:
            return UNKNOWN[language]
        if isinstance(value, Money):
            return str(value)
        return f"{number(value, 2)} {'kr' if currency == 'SEK' else currency}"

    return {
        "kw": of_number(lambda value: _scaled(value, "kW")),
        "kwh": of_number(lambda value: _scaled(value, "kWh")),
        "percent": of_number(lambda value: f"{number(value, 0)} %"),
        "duration": of_number(lambda value: duration(value, language)),
        "ago": of_number(lambda value: _AGO[language].format(duration(value, language))),
        "money": money,
    }


FILTERS = tuple(filters("en"))
