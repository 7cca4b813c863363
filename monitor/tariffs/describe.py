"""A tariff in plain words, in the order that AFIR article 5 asks for: per kWh, per minute, per session, other."""

from collections.abc import Iterator
from datetime import UTC, tzinfo
from decimal import Decimal

from monitor.tariffs.model import Dimension
from monitor.tariffs.ocpi import DIMENSIONS, Element, Restrictions, Tariff
from monitor.tariffs.words import TEXTS, money, number, span, unit_price, when

_NAMES: dict[str, dict[str, str]] = {
    "en": {
        "ENERGY": "Energy", "TIME": "Charging time", "PARKING_TIME": "Connected without charging",
        "FLAT": "Start fee", "reservation TIME": "Reservation", "reservation FLAT": "Reservation fee",
        "steps": "in steps of {}", "min": "At least {} {} per session", "max": "At most {} {} per session",
        "free": "Free of charge", "vat": "Prices include {} % VAT", "vats": "Prices include VAT ({} %)",
        "no vat": "No VAT applies", "excl": "without VAT",
        "taxes in": "Prices include taxes", "taxes on top": "Taxes come on top", "nothing": "free of charge",
        "held": "{} {} are held on the payment card at the start", "valid": "Valid {}",
        "RESERVATION": "", "RESERVATION_EXPIRES": "if the reservation is not used",
    },
    "sv": {
        "ENERGY": "Energi", "TIME": "Laddtid", "PARKING_TIME": "Ansluten utan att ladda",
        "FLAT": "Startavgift", "reservation TIME": "Reservation", "reservation FLAT": "Reservationsavgift",
        "steps": "i steg om {}", "min": "Minst {} {} per session", "max": "Högst {} {} per session",
        "free": "Gratis", "vat": "Priserna innehåller {} % moms", "vats": "Priserna innehåller moms ({} %)",
        "no vat": "Ingen moms tillkommer", "excl": "utan moms",
        "taxes in": "Priserna innehåller skatter", "taxes on top": "Skatter tillkommer", "nothing": "gratis",
        "held": "{} {} reserveras på betalkortet vid start", "valid": "Gäller {}",
        "RESERVATION": "", "RESERVATION_EXPIRES": "om reservationen inte utnyttjas",
    },
}  # fmt: skip


def describe(tariff: Tariff, language: str, zone: tzinfo = UTC) -> list[str]:
    """Sentences without full stop in `en` or `sv`; prices as a consumer pays them, with VAT, validity in `zone`."""
    names = _NAMES[language]
    lines = [line for dimension in DIMENSIONS for line in _dimension(tariff, dimension, language, reserved=False)]
    lines += [line for dimension in ("TIME", "FLAT") for line in _dimension(tariff, dimension, language, reserved=True)]
    for name, limit in (("min", tariff.min_price), ("max", tariff.max_price)):
        if limit:
            shown = money(limit.excl_vat if limit.incl_vat is None else limit.incl_vat)
            suffix = f" {names['excl']}" if limit.incl_vat is None else ""
            lines.append(names[name].format(shown, tariff.currency) + suffix)
    taxes = [_vat(tariff, language)] if lines else []
    if tariff.preauthorize_amount:
        lines.append(names["held"].format(money(tariff.preauthorize_amount), tariff.currency))
    return [*(lines or [names["free"]]), *_validity(tariff, language, zone), *taxes]


def _validity(tariff: Tariff, language: str, zone: tzinfo) -> Iterator[str]:
    bounds = (("from", tariff.start_date_time), ("until", tariff.end_date_time))
    if parts := [TEXTS[language][name].format(f"{at.astimezone(zone):%Y-%m-%d %H:%M}") for name, at in bounds if at]:
        yield _NAMES[language]["valid"].format(", ".join(parts))


def _dimension(tariff: Tariff, dimension: Dimension, language: str, *, reserved: bool) -> Iterator[str]:
    """One sentence for a dimension: its prices in the order in which they are asked, each with when it holds."""
    elements = [
        element
        for element in tariff.elements
        if (element.restrictions.reservation is not None) == reserved and element.component(dimension)
    ]
    parts = list(_prices(elements, dimension, tariff, language))
    if not parts or all(not _price(element, dimension) for element in elements):
        return
    name = _NAMES[language][f"reservation {dimension}" if reserved else dimension]
    yield f"{name}: {'; '.join(parts)}"


def _prices(elements: list[Element], dimension: Dimension, tariff: Tariff, language: str) -> Iterator[str]:
    for index, element in enumerate(elements):
        component = element.component(dimension)
        assert component is not None  # the caller chose elements that have it
        words = [unit_price(tariff, component, language), *_holds(element.restrictions, language)]
        if index and len(words) == 1:
            words = [TEXTS[language]["otherwise"], words[0]]
        # Steps of a minute and of 100 Wh or less change a price by less than a driver would ask about.
        if dimension != "FLAT" and component.step_size > (100 if dimension == "ENERGY" else 60):
            size = f"{component.step_size} Wh" if dimension == "ENERGY" else span(component.step_size)
            words.append(f"({_NAMES[language]['steps'].format(size)})")
        yield " ".join(word for word in words if word)
        if not element.restrictions.model_fields_set:
            return  # what stands after an element without restrictions never holds
    if elements and dimension == "ENERGY":
        yield f"{TEXTS[language]['otherwise']} {_NAMES[language]['nothing']}"


def _holds(restrictions: Restrictions, language: str) -> Iterator[str]:
    """When an element holds; of a reservation, what its name does not say."""
    reservation = restrictions.reservation
    if limits := when(restrictions.model_copy(update={"reservation": None}), language):
        yield limits
    if reservation and (said := _NAMES[language][reservation]):
        yield said


def _price(element: Element, dimension: Dimension) -> Decimal:
    component = element.component(dimension)
    return component.price if component else Decimal(0)


def _vat(tariff: Tariff, language: str) -> str:
    components = [component for element in tariff.elements for component in element.price_components]
    rates = sorted({component.vat or Decimal(0) for component in components if component.price})
    rates = rates if tariff.names_rates else []
    if tariff.tax_included in {"YES", "NO"} and not rates:
        return _NAMES[language]["taxes in" if tariff.tax_included == "YES" else "taxes on top"]
    if not rates or tariff.tax_included == "N/A":
        return _NAMES[language]["no vat"]
    texts = [number(rate) for rate in rates]
    return (
        _NAMES[language]["vat"].format(texts[0])
        if len(rates) == 1
        else _NAMES[language]["vats"].format("–".join([texts[0], texts[-1]]))
    )
