"""What a tariff from elsewhere says beside OCPI, or in vain: left out, with a word about each.

Elements keep their numbers: one that goes is replaced by one that never holds, so that lines and places still fit.
"""

from collections.abc import Iterator
from typing import Any

from monitor.tariffs.ocpi import DIMENSIONS, Element, PriceComponent, Restrictions, Tariff

NEVER = {"price_components": [{"type": "FLAT", "price": 0}], "restrictions": {"end_date": "1900-01-01"}}


def harmless_left_out(content: Any) -> tuple[Any, list[str]]:
    """A tariff without what cannot change a price: fields of its sender's own on the tariff itself, elements that never
    hold, and a second price for one dimension of an element. An operator's file may have none of them (`check`).
    """
    return _cleaned(content, unknown=False)


def lenient(content: Any) -> tuple[Any, list[str]]:
    """Also without component types, restrictions and fields that OCPI does not know.

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
        cleaned["price_components"] = list(_components(components, name, said, unknown=unknown))
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


def _components(components: list[Any], name: str, said: list[str], *, unknown: bool) -> Iterator[Any]:
    seen: set[Any] = set()
    for component in components:
        kind = component.get("type") if isinstance(component, dict) else None
        if not isinstance(kind, str):
            yield component
        elif kind in seen:
            said.append(f"{name}: {kind} is priced twice, the first counts: left out")
        elif kind not in DIMENSIONS and unknown:
            said.append(f"{name}: OCPI knows no component type {kind!r}: left out")
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


def _known(model: Any) -> set[str]:
    return set(model.model_fields)
