"""Other price structures to try on the past: each is a tariff in force with one thing changed. Pure.

None of them says how people would answer to it: whoever pays more may come less, at another hour, or leave sooner.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Literal

from monitor.tariffs.afir import parts_not_allowed
from monitor.tariffs.model import Dimension
from monitor.tariffs.ocpi import Element, PriceComponent, Restrictions, Tariff

Name = Literal["idle_fee", "evening_price", "start_fee", "night_discount"]

IDLE_FEE = Decimal(60)
"""An hour, of the tariff's currency: 1 a minute."""
START_FEE = Decimal(10)
EVENING, DEARER = (time(17), time(21)), Decimal("1.2")
NIGHT, CHEAPER = (time(22), time(6)), Decimal("0.8")

ASSUMES: Mapping[Name, Mapping[str, str]] = {
    "idle_fee": {
        "en": "1 a minute while the car asks for no power; it assumes that nobody leaves sooner because of it.",
        "sv": "1 per minut när bilen inte ber om effekt; det antar att ingen lämnar tidigare på grund av det.",
    },
    "evening_price": {
        "en": "Energy 20 % dearer from 17 to 21; it assumes that nobody comes at another hour.",
        "sv": "Energi 20 % dyrare från 17 till 21; det antar att ingen kommer vid en annan timme.",
    },
    "start_fee": {
        "en": "10 for each session; it assumes that nobody stays away. Not for ad-hoc charging from 50 kW on (AFIR).",
        "sv": "10 per session; det antar att ingen uteblir. Inte för direktladdning vid 50 kW och mer (AFIR).",
    },
    "night_discount": {
        "en": "Energy 20 % cheaper from 22 to 6; it assumes that nobody more comes, so it can only lose.",
        "sv": "Energi 20 % billigare från 22 till 6; det antar att ingen fler kommer, så det kan bara förlora.",
    },
}


@dataclass(frozen=True)
class Proposal:
    """A tariff to try. `allowed` False: AFIR, article 5, does not allow it for ad-hoc charging at 50 kW and more."""

    name: Name
    tariff: Tariff
    allowed: bool


def proposals(tariff: Tariff) -> list[Proposal]:
    """Those that change this tariff; what it has already is not proposed again."""
    energy, vat = _unrestricted(tariff, "ENERGY"), _vat(tariff)
    found: list[tuple[Name, Element]] = []
    if _unrestricted(tariff, "PARKING_TIME") is None:
        found.append(("idle_fee", _element("PARKING_TIME", IDLE_FEE, vat)))
    if energy is not None:
        found.append(("evening_price", _element("ENERGY", energy.price * DEARER, energy.vat, EVENING)))
    if _unrestricted(tariff, "FLAT") is None:
        found.append(("start_fee", _element("FLAT", START_FEE, vat)))
    if energy is not None:
        found.append(("night_discount", _element("ENERGY", energy.price * CHEAPER, energy.vat, NIGHT)))
    return [_proposal(name, tariff, element) for name, element in found]


def _proposal(name: Name, tariff: Tariff, element: Element) -> Proposal:
    own = {field: getattr(tariff, field) for field in Tariff.model_fields}
    made = Tariff(**{**own, "id": f"{tariff.id}+{name}"[:36], "elements": (element, *tariff.elements)})
    new_parts = len(list(parts_not_allowed(made))) - len(list(parts_not_allowed(tariff)))
    return Proposal(name, made, allowed=new_parts <= 0)


def _element(
    dimension: Dimension, price: Decimal, vat: Decimal | None, hours: tuple[time, time] | None = None
) -> Element:
    restrictions = Restrictions(start_time=hours[0], end_time=hours[1]) if hours else Restrictions()
    component = PriceComponent(type=dimension, price=price, vat=vat)
    return Element(price_components=(component,), restrictions=restrictions)


def _unrestricted(tariff: Tariff, dimension: Dimension) -> PriceComponent | None:
    """What prices a dimension at all times; None: nothing, or only under restrictions."""
    for element in tariff.elements:
        component = element.component(dimension)
        if component is not None and element.restrictions == Restrictions():
            return component
    return None


def _vat(tariff: Tariff) -> Decimal | None:
    return next((each.vat for element in tariff.elements for each in element.price_components), None)
