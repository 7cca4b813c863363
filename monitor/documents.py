"""YAML and JSON files of operators: read with positions, checked against a pydantic model, every mistake at once."""

import difflib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from monitor.errors import FileProblems, Problem

Path_ = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)
LARGEST = 128 * 2**20
"""Bytes of a file of an operator: enough for a million connectors in sites.yaml."""

_WANTED = {
    "string_type": "must be text; put it in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "list_type": "must be a list: [a, b], or one - a line",
    "dict_type": "must be a mapping, key: value",
    "model_type": "must be a mapping, key: value",
    "time_delta_type": "must be a duration, for example 30s, 10m or 2h",
    "too_short": "must have at least one entry",
}
"""What pydantic says of a wrong type, in the words of who writes YAML."""

_IN_QUOTES = "a text that holds ': ' or ' #', or begins with a sign such as { % @ * &, stands in quotes"
_SYNTAX = (
    (r"\\t|'\t'", "a tab indents this line; YAML wants spaces"),
    (r"found duplicate key \"(.*)\" with value", r'the key "\1" stands here a second time; remove one of them'),
    (r"mapping values are not allowed here", f"a ':' has no place here; {_IN_QUOTES}"),
    (r"found character '(.)' that cannot start any token", rf"no value begins with \1; {_IN_QUOTES}"),
    (r"expected ',' or '([]}])', but got '(.*)'", rf"'\2' where ',' or '\1' has to follow; {_IN_QUOTES}"),
    (r"expected <block end>, but found .*", f"is not in line with what stands above; {_IN_QUOTES}"),
)
"""What ruamel says of a file that is no YAML (patterns), and what its author has to know."""


WrittenDuration = Annotated[
    str, Field(pattern=r"^\s*(\d+(\.\d+)?\s*(ms|min|[smhdw])\s*)+$", examples=["30s", "10m", "1h30m"])
]
"""How a duration stands in a file, for the JSON Schema that editors read."""


class Strict(BaseModel):
    """Base of every shape that an operator writes: unknown keys are errors, nothing is coerced, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Number(float):
    """A number with a fraction that remembers its text: a float where 17 digits do, all of them where money is read."""

    written: str


class _Constructor(RoundTripConstructor):
    """Makes a `Number` of each number with a fraction, where ruamel would keep the float alone.

    A date that no calendar has stays text, so that the model names its place; ruamel would give up the whole file.
    """

    def construct_yaml_float(self, node: Any) -> Number:
        number = Number(super().construct_yaml_float(node))
        number.written = str(node.value).replace("_", "")
        return number

    def construct_yaml_timestamp(self, node: Any, values: Any = None) -> Any:
        try:
            return super().construct_yaml_timestamp(node, values)
        except ValueError:
            return str(node.value)


_Constructor.add_constructor("tag:yaml.org,2002:float", _Constructor.construct_yaml_float)
_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.construct_yaml_timestamp)


@dataclass(frozen=True)
class Document:
    """One parsed file: plain dicts, lists and scalars in `content`, and where each of them stands in the text."""

    file: str
    text: str
    content: Any
    keys: Mapping[Path_, tuple[int, int]] = field(repr=False)
    values: Mapping[Path_, tuple[int, int]] = field(repr=False)

    def problem(
        self,
        path: Iterable[str | int],
        code: str,
        message: str,
        *,
        at_key: bool = False,
        offset: int = 0,
        severity: str = "error",
    ) -> Problem:
        """A mistake at the value of `path` (or its key), `offset` characters into it where the value is text."""
        where = self._written(path)
        line, column = self._place(where, at_key=at_key, offset=offset)
        return Problem(self.file, line, column, code, message, "warning" if severity == "warning" else "error")

    def only(self, *keys: str) -> "Document":
        """The document as if it had these top-level keys alone; places stay those of the file."""
        return replace(self, content={key: self.content[key] for key in keys if key in self.content})

    def under(self, key: str) -> "Document":
        """What stands under a top-level key as a document of its own; places stay those of the file."""

        def inner(places: Mapping[Path_, tuple[int, int]]) -> Mapping[Path_, tuple[int, int]]:
            return {path[1:]: place for path, place in places.items() if path[:1] == (key,)}

        return replace(self, content=self.content[key], keys=inner(self.keys), values=inner(self.values))

    def _written(self, path: Iterable[str | int]) -> Path_:
        """The path without the places in lists of one that stand in the file without their list."""
        written: Path_ = ()
        for part in path:
            if not (isinstance(part, int) and isinstance(_descend(self.content, written), dict)):
                written += (part,)
        return written

    def _place(self, path: Path_, *, at_key: bool, offset: int) -> tuple[int, int]:
        for depth in range(len(path), -1, -1):
            known = (self.keys if at_key else self.values).get(path[:depth]) or self.keys.get(path[:depth])
            if known is not None:
                text = _descend(self.content, path[:depth])
                if depth == len(path) and not at_key and isinstance(text, str):
                    return _inside(self.text, known, text, offset)
                return known[0] + 1, known[1] + 1
        return 1, 1


def read(path: Path, *, name: str | None = None) -> Document:
    """Parse a YAML (or JSON, which YAML contains) file; raise FileProblems at the place of a syntax error."""
    file = name or str(path)
    return parse(text_of(path, file), file)


def text_of(path: Path, file: str, largest: int = LARGEST, encoding: str = "utf-8") -> str:
    """What stands in a text file; raise FileProblems, which call it `file`, where that cannot be told."""
    try:
        with path.open("rb") as content:
            body = content.read(largest + 1)
        if len(body) > largest:
            message = f"is larger than {largest // 2**20} MiB; is this the right file? If it is, split it"
            raise FileProblems([Problem(file, 1, 1, "too-large", message)])
        return io.TextIOWrapper(io.BytesIO(body), encoding).read()
    except OSError as error:
        raise FileProblems([Problem(file, 1, 1, "unreadable", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise FileProblems([Problem(file, 1, 1, "encoding", "is not UTF-8; save it as UTF-8")]) from error


def parse(text: str, file: str) -> Document:
    """The same for a text at hand; `file` is the name that errors will carry."""
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = _Constructor
    keys: dict[Path_, tuple[int, int]] = {}
    values: dict[Path_, tuple[int, int]] = {(): (0, 0)}
    try:
        content = _plain(yaml.load(io.StringIO(text)), (), keys, values, _OF_ALIASES * len(text) + 1000)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise FileProblems([Problem(file, line, column, "syntax", _plainly(error))]) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise FileProblems([Problem(file, 1, 1, "syntax", str(error).split("\n")[0])]) from error
    return Document(file, text, content, keys, values)


def _plainly(error: MarkedYAMLError) -> str:
    what = (error.problem or str(error)).split("\n")[0]
    for pattern, ours in _SYNTAX:
        if found := re.search(pattern, what):
            return found.expand(ours)
    return what


def validate(document: Document, model: type[M], content: Any = None, at: Path_ = ()) -> M:
    """`content` (default: the whole document), which stands at `at`, as a `model`; raise FileProblems."""
    chosen = document.content if content is None and not at else content
    try:
        return model.model_validate({} if chosen is None else chosen)
    except ValidationError as error:
        raise FileProblems(_problem(document, model, details, at) for details in error.errors()) from error


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or, where nothing is near, what exists: up to twenty names. Else empty."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(sorted(names))}" if 0 < len(names) <= 20 else ""


def _problem(document: Document, model: type[BaseModel], details: ErrorDetails, at: Path_) -> Problem:
    path = at + tuple(part for part in details["loc"] if not _is_tag(part))
    if details["type"] == "extra_forbidden":
        key = details["loc"][-1]  # as it was written, whatever it looks like
        path = (*path, key) if _is_tag(key) else path
        return _unknown_key(document, path, _known_keys(model, details["loc"][:-1]))
    if details["type"] == "literal_error":
        # The text of pydantic: 'info', 'warning' or 'critical'.
        choices = re.findall("'([^']*)'", details["ctx"]["expected"])
        if details["loc"][-1] == "[key]":
            return _unknown_key(document, path, choices)
        written = details["input"]
        said = f"{_name(path)}: there is no {written!r}{nearest(str(written), choices)}"
        return document.problem(path, "literal-error", said)
    if details["type"] == "missing":
        return document.problem(path[:-1], "missing-key", f"{path[-1]!r} is missing here")
    if details["type"] == "model_type":
        keys = ", ".join(_known_keys(model, details["loc"]))
        return document.problem(path, "no-object", f"{_name(path)}: is no object with the keys {keys}")
    told = details["msg"].removeprefix("Value error, ").replace("Input should be ", "must be ")
    message = _WANTED.get(details["type"], told)
    return document.problem(path, details["type"].replace("_", "-"), f"{_name(path)}: {message}")


def _unknown_key(document: Document, path: Path_, known: Sequence[str]) -> Problem:
    name = str(path[-1])
    hint = nearest(name, known)
    if any(sign in name for sign in "()<>="):
        hint = "; inside { } a comma ends a value: put the whole expression in quotes"
    return document.problem(path, "unknown-key", f"unknown key {name!r}{hint}", at_key=True)


def _name(path: Path_) -> str:
    """What a mistake is about: the last key, with the place in its list; `file` for the whole."""
    key = next((depth for depth in range(len(path) - 1, -1, -1) if isinstance(path[depth], str)), None)
    places = "".join(f"[{place}]" for place in path[0 if key is None else key + 1 :])
    return f"{'file' if key is None else path[key]}{places}"


def _is_tag(part: str | int) -> bool:
    # pydantic puts the name of a union's branch into the path; such names are no keys of the file.
    return isinstance(part, str) and (
        part in {"str", "int", "bool", "float", "decimal"} or "[" in part or ("-" in part and "(" in part)
    )


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """Keys the schema allows at `loc`: walked through the JSON schema, which resolves lists, dicts and unions."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    nodes = [schema]
    for part in loc:
        nodes = [child for node in nodes for child in _children(node, part, definitions)]
    return sorted({key for node in nodes for key in _resolve(node, definitions).get("properties", {})})


def _resolve(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = definitions[node["$ref"].rsplit("/", 1)[1]]
    return node


def _children(node: dict[str, Any], part: str | int, definitions: dict[str, Any]) -> list[dict[str, Any]]:
    node = _resolve(node, definitions)
    branches = [_resolve(branch, definitions) for branch in node.get("anyOf", node.get("oneOf", [node]))]
    found = []
    for branch in branches:
        if isinstance(part, int):
            found += [branch["items"]] if isinstance(branch.get("items"), dict) else []
        elif part in branch.get("properties", {}):
            found.append(branch["properties"][part])
        elif isinstance(branch.get("additionalProperties"), dict):
            found.append(branch["additionalProperties"])
    return [_resolve(branch, definitions) for child in found for branch in child.get("anyOf", [child])]


Places = dict[Path_, tuple[int, int]]
_OF_ALIASES = 2
"""Values a character of the text: what is written has less than one, aliases of aliases have any number."""


def _plain(node: Any, path: Path_, keys: Places, values: Places, most: int) -> Any:
    """Round-trip nodes to plain Python, noting 0-based (line, column) of every key and value on the way.

    Raises ValueError where they are more than `most`.
    """
    if len(values) > most:
        raise ValueError("aliases make this file endless; write out what they stand for")
    if isinstance(node, Mapping):
        plain = {}
        for key, value in node.items():
            place = (*path, str(key))  # keys are names: connector 1 and connector "1" are the same
            if key in node.lc.data:  # type: ignore[attr-defined]
                keys[place], values[place] = node.lc.key(key), node.lc.value(key)  # type: ignore[attr-defined]
            plain[str(key)] = _plain(value, place, keys, values, most)
        return plain
    if isinstance(node, list):
        for index in range(len(node)):
            values[(*path, index)] = node.lc.item(index)  # type: ignore[attr-defined]
        return [_plain(value, (*path, index), keys, values, most) for index, value in enumerate(node)]
    return _scalar(node)


def _scalar(value: Any) -> Any:
    """Scalar classes as the builtin they stand for; a `Number` stays one, for its text."""
    if isinstance(value, Number):
        return value
    if isinstance(value, bool | ScalarBoolean):  # both are subclasses of int
        return bool(value)
    for builtin in (int, float, str):
        if isinstance(value, builtin):
            return builtin(value)
    return value


def _descend(content: Any, path: Path_) -> Any:
    for part in path:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError):
            return None
    return content


def _inside(source: str, start: tuple[int, int], value: str, offset: int) -> tuple[int, int]:
    """1-based line and column of character `offset` of a scalar that starts at 0-based `start`.

    A folded or quoted scalar differs from its source only in white space and quotes, so its other characters are
    met in the same order there.
    """
    position = sum(len(line) + 1 for line in source.split("\n")[: start[0]]) + start[1]
    if source[position : position + 1] in {">", "|"}:
        position = source.find("\n", position) + 1
    elif source[position : position + 1] in {'"', "'"}:
        position += 1
    for character in value[:offset]:
        if not character.isspace():
            found = source.find(character, position)
            position = found + 1 if found >= 0 else position
    while source[position : position + 1].isspace():
        position += 1
    line = source.count("\n", 0, position)
    return line + 1, position - (source.rfind("\n", 0, position) + 1) + 1
