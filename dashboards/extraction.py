"""What `make translations` finds that stands in no page: the meanings of rules' names, which pages show."""

from collections.abc import Iterator

from monitor.rules.names import NAMES


def meanings(*_: object, **__: object) -> Iterator[tuple[int, str, str, list[str]]]:
    """A method of Babel's extraction, which tells it of file and keywords: line, function, text, comments."""
    for meaning in dict.fromkeys(name.meaning for name in NAMES):
        yield 1, "", meaning, []
