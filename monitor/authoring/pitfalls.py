"""What YAML takes for something else than its author meant: `no`, 22:00 and 007 without quotes."""

import io
import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from monitor.documents import Document
from monitor.errors import Problem

_WORDS = {"yes", "no", "on", "off", "y", "n"}
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_LEADING_ZERO = re.compile(r"0\d+")


def pitfalls(document: Document) -> Iterator[Problem]:
    """One error at each plain scalar that other readers of YAML, or this one, take for another kind of value."""
    for node, is_key in _scalars(YAML(typ="rt", pure=True).compose(io.StringIO(document.text)), is_key=False):
        if node.style is not None:
            continue
        reason = _reason(node.value, is_key=is_key)
        if reason:
            line, column = node.start_mark.line + 1, node.start_mark.column + 1
            yield Problem(document.file, line, column, "yaml", f'{reason}; write "{node.value}" in quotes')


def _reason(value: str, *, is_key: bool) -> str:
    if value.lower() in _WORDS and not is_key:
        return f"{value} without quotes is a truth value to many readers of YAML"
    if _TIME.fullmatch(value):
        return f"{value} without quotes is a number to base 60 to many readers of YAML"
    if _LEADING_ZERO.fullmatch(value):
        return f"{value} without quotes is the number {int(value)}"
    return ""


def _scalars(node: Any, *, is_key: bool) -> Iterator[tuple[ScalarNode, bool]]:
    match node:
        case ScalarNode():
            yield node, is_key
        case SequenceNode():
            for item in node.value:
                yield from _scalars(item, is_key=False)
        case MappingNode():
            for key, value in node.value:
                yield from _scalars(key, is_key=True)
                yield from _scalars(value, is_key=False)
