"""What a tariff from elsewhere says beside OCPI, or in vain: left out, with a word about each.

Elements keep their numbers: one that goes is replaced by one that never holds, so that lines and places still fit.
"""

from collections.abc import Collection, Iterator
from typing import Any

from monitor.tariffs.model import Dimension
from monitor.tariffs.ocpi import (
    DIMENSIONS,
    OF_RESERVATIONS,
    TARIFF_TYPES,
    Element,
    PriceComponent,
    Restrictions,
    Tariff,
)

NEVER = {"price_components": [{"type": "FLAT", "price": 0}], "restrictions": {"end_date": "1900-01-01"}}


def harmless_left_out(content: Any) -> tuple[Any, list[str]]:
    """A tariff without what cannot change a price: fields of its sender's own on the tariff itself, elements that never
    hold, and a second price for one dimension of an element. An operator's file may have none of them (`check`).
    """
    return _cleaned(content, unknown=False)


def lenient(content: Any) -> tuple[Any, list[str]]:
    """Also without component types, restrictions, fields and a tariff type that OCPI does not know, and without prices
    of a reservation by anything but FLAT and TIME. A weekday or a kind of reservation that it does not know remains
    an error: without it the element would hold at other times.

    An element that loses all its price components goes; one that loses a restriction holds without it.
    """
    return _cleaned(content, unknown=True)


def _cleaned(content: Any, *, unknown: bool) -> tuple[Any, list[str]]:
    if not isinstance(content, dict):
        return content, []
    name = f"tariff {content.get('id')!r}"
    extra = [key for key in content if key not in _known(Tariff)]
    said = [f"{name}: field {key!r} is none of OCPI's: ignored" for key in extra]
    content = {key: value for key, value in content.items() if key not in extra}
    if unknown and content.get("type") not in {None, *TARIFF_TYPES}:
        said.append(f"{name}: OCPI knows no tariff type {content['type']!r}: left out")
        del content["type"]
    if isinstance(elements := content.get("elements"), list):
        content["elements"] = [
            _element(element, f"{name}, element {index}", said, unknown=unknown)
            for index, element in enumerate(elements)
        ]
    return content, said


def _element(element: Any, name: str, said: list[str], *, unknown: bool) -> Any:
    if not isinstance(element, dict):
        return element
    cleaned = _without(element, _known(Element), name, "field", said) if unknown else dict(element)
    if isinstance(components := cleaned.get("price_components"), list):
        reserved = isinstance(cleaned.get("restrictions"), dict) and cleaned["restrictions"].get("reservation")
        known = [each for each in DIMENSIONS if not (reserved and unknown) or each in OF_RESERVATIONS]
        cleaned["price_components"] = list(_components(components, known, name, said, unknown=unknown))
        if components and not cleaned["price_components"]:
            said.append(f"{name}: nothing is left of it: left out")
            return NEVER
    if isinstance(restrictions := cleaned.get("restrictions"), dict):
        if unknown:
            cleaned["restrictions"] = _without(restrictions, _known(Restrictions), name, "restriction", said)
        if never := next(_never(restrictions), None):
            said.append(f"{name}: {never}, it never holds: left out")
            return NEVER
    return cleaned


def _components(
    components: list[Any], known: list[Dimension], name: str, said: list[str], *, unknown: bool
) -> Iterator[Any]:
    seen: set[Any] = set()
    for component in components:
        kind = component.get("type") if isinstance(component, dict) else None
        if not isinstance(kind, str):
            yield component
        elif kind in seen:
            said.append(f"{name}: {kind} is priced twice, the first counts: left out")
        elif kind not in known and unknown:
            what = (
                f"a reservation cannot be priced by {kind}"
                if kind in DIMENSIONS
                else f"OCPI knows no component type {kind!r}"
            )
            said.append(f"{name}: {what}: left out")
        else:
            seen.add(kind)
            yield _without(component, _known(PriceComponent), name, "field", said) if unknown else component


def _never(restrictions: dict[str, Any]) -> Iterator[str]:
    for name in ("kwh", "current", "power", "duration"):
        low, high = restrictions.get(f"min_{name}"), restrictions.get(f"max_{name}")
        if isinstance(low, int | float) and isinstance(high, int | float) and low >= high:
            yield f"min_{name} is not below max_{name}"
    first, end = restrictions.get("start_date"), restrictions.get("end_date")
    if isinstance(first, str) and isinstance(end, str) and first >= end:
        yield "start_date is not before end_date"


def _without(content: dict[str, Any], known: set[str], name: str, what: str, said: list[str]) -> dict[str, Any]:
    said += [f"{name}: OCPI knows no {what} {key!r}: left out" for key in content if key not in known]
    return {key: value for key, value in content.items() if key in known}


def volumes_left_out(content: Any, known: Collection[str]) -> tuple[Any, list[str]]:
    """A CDR without the volumes whose type OCPI does not know."""
    periods = content.get("charging_periods") if isinstance(content, dict) else None
    if not isinstance(periods, list):
        return content, []
    said: list[str] = []
    cleaned = [_period(period, f"charging period {index}", known, said) for index, period in enumerate(periods)]
    return {**content, "charging_periods": cleaned}, said


def _period(period: Any, name: str, known: Collection[str], said: list[str]) -> Any:
    dimensions = period.get("dimensions") if isinstance(period, dict) else None
    if not isinstance(dimensions, list):
        return period
    kinds = [each.get("type") if isinstance(each, dict) else None for each in dimensions]
    strange = [isinstance(kind, str) and kind not in known for kind in kinds]
    said += [
        f"{name}: OCPI knows no volume {kind!r}: left out" for kind, odd in zip(kinds, strange, strict=True) if odd
    ]
    return {**period, "dimensions": [each for each, odd in zip(dimensions, strange, strict=True) if not odd]}


def _known(model: Any) -> set[str]:
    return set(model.model_fields)
