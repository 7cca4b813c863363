"""What of a tariff from elsewhere OCPI does not know: left out, with a word about each (`price --lenient`)."""

from collections.abc import Iterator
from typing import Any

from monitor.tariffs.ocpi import DIMENSIONS, Element, PriceComponent, Restrictions, Tariff


def without_unknown_fields(content: Any) -> tuple[Any, list[str]]:
    """A tariff without top-level fields of its sender's own: they cannot change a price, so they are no mistake."""
    if not isinstance(content, dict):
        return content, []
    extra = [key for key in content if key not in _known(Tariff)]
    said = [f"tariff {content.get('id')!r}: field {key!r} is none of OCPI's: ignored" for key in extra]
    return {key: value for key, value in content.items() if key not in extra}, said


def lenient(content: Any) -> tuple[Any, list[str]]:
    """A tariff without component types, restrictions and fields that OCPI does not know, and what was left out.

    An element that loses all its price components goes; one that loses a restriction holds without it.
    """
    content, said = without_unknown_fields(content)
    elements = content.get("elements") if isinstance(content, dict) else None
    if not isinstance(elements, list):
        return content, said
    kept = []
    for index, element in enumerate(elements):
        name = f"tariff {content.get('id')!r}, element {index}"
        cleaned = _element(element, name, said)
        if cleaned is not None:
            kept.append(cleaned)
    return {**content, "elements": kept}, said


def _element(element: Any, name: str, said: list[str]) -> Any:
    if not isinstance(element, dict):
        return element
    cleaned = _without(element, _known(Element), name, "field", said)
    if isinstance(components := cleaned.get("price_components"), list):
        cleaned["price_components"] = list(_components(components, name, said))
        if components and not cleaned["price_components"]:
            said.append(f"{name}: nothing is left of it: left out")
            return None
    if isinstance(restrictions := cleaned.get("restrictions"), dict):
        cleaned["restrictions"] = _without(restrictions, _known(Restrictions), name, "restriction", said)
        if never := next(_never(cleaned["restrictions"]), None):
            said.append(f"{name}: {never}, it never holds: left out")
            return None
    return cleaned


def _components(components: list[Any], name: str, said: list[str]) -> Iterator[Any]:
    seen: set[Any] = set()
    for component in components:
        kind = component.get("type") if isinstance(component, dict) else None
        if kind is None:
            yield component
        elif kind not in DIMENSIONS:
            said.append(f"{name}: OCPI knows no component type {kind!r}: left out")
        elif kind in seen:
            said.append(f"{name}: {kind} is priced twice, the first counts: left out")
        else:
            seen.add(kind)
            yield _without(component, _known(PriceComponent), name, "field", said)


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
