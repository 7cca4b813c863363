"""Lists that stand in memory, in the order that is asked for."""

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, TypeVar

T = TypeVar("T")


def by(*names: str) -> dict[str, Callable[[Mapping[str, Any]], Any]]:
    """Keys that are values of rows."""
    return {name: itemgetter(name) for name in names}


def in_order(found: Iterable[T], sort: str, keys: Mapping[str, Callable[[T], Any]]) -> list[T]:
    """`found` by the key that `sort` names, with `-` before it the other way round.

    Without a key of that name they stand as they came. Equal ones stay as they came, what is not known (None) is last
    either way.
    """
    key, descending = keys.get(sort.removeprefix("-")), sort.startswith("-")
    if key is None:
        return list(found)[::-1] if descending else list(found)
    keyed = [(key(each), each) for each in found]
    known = sorted((pair for pair in keyed if pair[0] is not None), key=lambda pair: pair[0], reverse=descending)
    return [each for _, each in known] + [each for value, each in keyed if value is None]
