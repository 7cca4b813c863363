"""What makes no sense in sites.yaml though it can be read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.documents import Document
from monitor.errors import Problem

_CODES = {
    ("operator", "country_code"): (r"[A-Z]{2}", "two capital letters (ISO 3166), for example SE"),
    ("operator", "party_id"): (r"[A-Z0-9]{3}", "three capital letters or digits, for example LAV"),
}
_COUNTRY = (r"[A-Z]{3}", "three capital letters (ISO 3166), for example SWE")


def site_sense(document: Document) -> Iterator[Problem]:
    """Codes that OCPI does not know, and EVSEs that share an id."""
    content = document.content if isinstance(document.content, dict) else {}
    for path, (pattern, wanted) in _CODES.items():
        yield from _code(document, path, _at(content, path), pattern, wanted)
    seen: dict[str, tuple[str, ...]] = {}
    for key, site in _items(content.get("sites")):
        where = ("sites", key)
        yield from _code(document, (*where, "address", "country"), _at(site, ("address", "country")), *_COUNTRY)
        for station, entry in _items(_at(site, ("stations",))):
            for connector, outlet in _items(_at(entry, ("connectors",))):
                place = (*where, "stations", station, "connectors", connector)
                yield from _shared_id(document, place, outlet, seen)


def _shared_id(
    document: Document, place: tuple[str, ...], outlet: Any, seen: dict[str, tuple[str, ...]]
) -> Iterator[Problem]:
    """Connectors of one EVSE share an id, others do not."""
    evse_id = _at(outlet, ("evse_id",))
    if not isinstance(evse_id, str):
        return
    evse = (*place[:4], str(_at(outlet, ("evse",)) or place[-1]))
    other = seen.setdefault(evse_id, evse)
    if other != evse:
        message = f"{evse_id!r} is the id of another EVSE already, at {'/'.join(other[1::2])}"
        yield document.problem((*place, "evse_id"), "duplicate-evse-id", message)


def _code(document: Document, path: tuple[str, ...], value: Any, pattern: str, wanted: str) -> Iterator[Problem]:
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield document.problem(path, "code", f"{path[-1]}: {value!r} is none; write {wanted}")


def _items(found: Any) -> Iterator[tuple[str, Any]]:
    yield from found.items() if isinstance(found, Mapping) else ()


def _at(content: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        content = content.get(part) if isinstance(content, Mapping) else None
    return content
