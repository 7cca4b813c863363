"""What stands in `laddvakt.toml` and in `LADDVAKT_*` variables, as one tree, with where each value comes from.

The environment wins over the file; two underscores separate levels: `LADDVAKT_MAIL__HOST`. A text may be given as
`<key>_file` instead: the path of a file that holds it, from the configuration's folder (secrets in containers).
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.documents import nearest, text_of
from monitor.errors import FileProblems, Problem

PREFIX = "LADDVAKT_"
FILE = "_file"
LARGEST = 2**20
"""Bytes of `laddvakt.toml`."""

_NOT_OURS = re.compile(r"LADDVAKT_(TEST_.*|(.*_)?SERVICE_(HOST|PORT.*)|(.*_)?PORT_\d+_(TCP|UDP|SCTP).*)")
"""What our own tests ask, and what Kubernetes sets in each container for a service that is called laddvakt."""
_KUBERNETES_PORT = re.compile(r"(tcp|udp|sctp)://")

Path_ = tuple[str, ...]
Place = tuple[str, int, int]
"""File, line, column."""


@dataclass(frozen=True)
class Origins:
    """Where values come from: the file, and by path the variables that won over it."""

    file: Path | None
    variables: Mapping[Path_, str] | None = None

    def place(self, path: Path_) -> Place:
        """Of a mistake at `path`: its line in the file, or the environment."""
        if self.file is None or self._variable(path):
            return "environment", 1, 1
        return str(self.file), self._line(path), 1

    def told(self, path: Path_) -> str:
        """The variable that is to be changed, as the end of a sentence; empty where it is the file."""
        variable = self._variable(path)
        return f" (set by {variable})" if variable else ""

    def _variable(self, path: Path_) -> str:
        """The variable that set `path`, or something in it."""
        set_by = self.variables or {}
        return next((name for at, name in set_by.items() if at[: len(path)] == path or path[: len(at)] == at), "")

    def _line(self, path: Path_) -> int:
        """The line that sets `path[-1]` inside `[path[0]]` or `path[0] = {...}`; 1 when it is not found."""
        table = ""
        text = self.file.read_text(encoding="utf-8") if self.file else ""
        for number, line in enumerate(text.splitlines(), start=1):
            stripped = line.strip()
            if stripped.startswith("["):
                table = stripped.strip("[]")
            here = table or stripped.split("=")[0].strip()
            if here.split(".")[0] == path[0] and path[-1] in stripped:
                return number
        return 1


@dataclass(frozen=True)
class Tree:
    """Sections of keys, texts of `_file` keys read; `problems` are mistakes that no shape can see."""

    values: Mapping[str, Any]
    origins: Origins
    problems: tuple[Problem, ...]


def read(file: Path | None, environment: Mapping[str, str], known: Iterable[str]) -> Tree:
    """Both sources. `known`: the variables that exist, for suggestions. Raises FileProblems for what is no TOML."""
    known = frozenset(known)
    values = _file(file) if file else {}
    problems: list[Problem] = []
    set_by: dict[Path_, str] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX) or _NOT_OURS.fullmatch(name):
            continue
        path = tuple(name.removeprefix(PREFIX).lower().split("__"))
        if len(path) > 1:
            _set(values, path, value, set_by)
            set_by[path] = name
        elif not _KUBERNETES_PORT.match(value):
            said = f"unknown setting {name}{nearest(name, known)}; two underscores separate section and key"
            problems.append(Problem("environment", 1, 1, "unknown-key", said))
    origins = Origins(file, set_by)
    problems += _take_files(values, origins, (), known)
    return Tree(values, origins, tuple(problems))


def _file(file: Path) -> dict[str, Any]:
    text = text_of(file, str(file), LARGEST)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).partition(" (at line ")
        line, column = re.findall(r"\d+", place) or (1, 1)
        raise FileProblems([Problem(str(file), int(line), int(column), "syntax", what)]) from error


def _set(values: dict[str, Any], path: Path_, value: str, set_by: Mapping[Path_, str]) -> None:
    """Put it there; the file's answer to the same question, given as text or as `_file`, goes."""
    table = values
    for part in path[:-1]:
        if not isinstance(table.get(part), dict):
            table[part] = {}
        table = table[part]
    key = path[-1]
    other = key.removesuffix(FILE) if key.endswith(FILE) else key + FILE
    if (*path[:-1], other) not in set_by:
        table.pop(other, None)
    table[key] = value


def _take_files(table: dict[str, Any], origins: Origins, at: Path_, known: frozenset[str]) -> Iterator[Problem]:
    """Put the text of the file that `<key>_file` names in place of it, where that is no setting itself."""
    for key, value in list(table.items()):
        path = (*at, key)
        if isinstance(value, dict):
            yield from _take_files(value, origins, path, known)
            continue
        plain = key.removesuffix(FILE)
        if plain == key or _variable(path) in known or _variable((*at, plain)) not in known:
            continue
        del table[key]
        if plain in table:
            both = f"{'.'.join((*at, plain))} and {'.'.join(path)} are both given; leave one of them"
            yield Problem(*origins.place(path), "twice", both + origins.told(path))
            continue
        try:
            folder = origins.file.parent if origins.file else Path()
            table[plain] = (folder / str(value)).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
            told = f"{'.'.join(path)}: {value}: {why}{origins.told(path)}"
            yield Problem(*origins.place(path), "unreadable", told)


def _variable(path: Path_) -> str:
    return PREFIX + "__".join(path).upper()
