"""rules/alerts/*.yaml -> rules. Every mistake of all files at once, or the rules of all of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

from monitor import documents
from monitor.documents import Document
from monitor.errors import FileProblems, Problem
from monitor.rules.check import check_condition
from monitor.rules.message import check_template
from monitor.rules.model import Expression, Rule, RulesFile, RuleShape, build
from monitor.rules.syntax import ExpressionError, Mistake, parse

_BUILT_IN = Path(__file__).parent / "built_in" / "service.yaml"
DEFAULT_WINDOW = timedelta(minutes=30)
"""Default of `evaluate.window`."""


@dataclass(frozen=True)
class RuleSet:
    """All rules in force, in the order of files and their entries, and the texts of the files by name."""

    rules: tuple[Rule, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


def load(folder: Path, window: timedelta = DEFAULT_WINDOW) -> RuleSet:
    """Read `folder`/alerts/*.yaml; a missing folder holds no rules; raise FileProblems with every mistake.

    `folder` is `paths.rules`, `window` is `evaluate.window`. Files are named as `alerts/charging.yaml`.
    """
    paths = sorted((folder / "alerts").glob("*.yaml"))
    problems: list[Problem] = []
    found: list[tuple[str, Document]] = []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            found.append((name, documents.read(path, name=name)))
        except FileProblems as error:
            problems += error.problems
    rules = _rules([document for _, document in found], window, problems, {rule.id for rule in built_in().rules})
    if problems:
        raise FileProblems(problems)
    return RuleSet(tuple(rules), {name: document.text for name, document in found})


@cache
def built_in() -> RuleSet:
    """The rules about the service itself."""
    document = documents.parse(_BUILT_IN.read_text(encoding="utf-8"), f"built-in/{_BUILT_IN.name}")
    return RuleSet(parse_rules(document), {document.file: document.text})


def with_built_in(chosen: RuleSet) -> RuleSet:
    """An operator's rules, and the built-in ones that they do not replace by a rule of the same id."""
    own = {rule.id for rule in chosen.rules}
    added = tuple(rule for rule in built_in().rules if rule.id not in own)
    return RuleSet((*chosen.rules, *added), {**chosen.texts, **(built_in().texts if added else {})})


def parse_rules(*found: Document, window: timedelta = DEFAULT_WINDOW, known: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The rules of documents at hand; raise FileProblems with every mistake in them.

    `known`: ids of rules elsewhere that `inhibited_by` may name.
    """
    problems: list[Problem] = []
    rules = _rules(found, window, problems, known)
    if problems:
        raise FileProblems(problems)
    return tuple(rules)


def _rules(found: Sequence[Document], window: timedelta, problems: list[Problem], known: Iterable[str]) -> list[Rule]:
    rules: list[Rule] = []
    places: dict[str, str] = {}
    inhibitors: list[tuple[Document, int, RuleShape]] = []
    for document in found:
        for index, shape in _shapes(document, problems):
            rule = _rule(document, index, shape, window, problems)
            if shape.id in places:
                message = f"rule {shape.id!r} exists already at {places[shape.id]}"
                problems.append(document.problem(("rules", index, "id"), "duplicate-id", message))
            else:
                at = document.problem(("rules", index, "id"), "", "")
                places[shape.id] = f"{at.file}:{at.line}"
            inhibitors.append((document, index, shape))
            rules += [rule] if rule else []
    problems += _unknown_inhibitors(inhibitors, {*places, *known})
    return rules


def _shapes(document: Document, problems: list[Problem]) -> Iterator[tuple[int, RuleShape]]:
    """The entries that have the right shape; one with mistakes does not hide those of the others."""
    content = document.content
    entries = content.get("rules") if isinstance(content, dict) else None
    if not isinstance(entries, list) or set(content) != {"rules"}:
        try:
            documents.validate(document, RulesFile)
        except FileProblems as error:
            problems += error.problems
        return
    for index, entry in enumerate(entries):
        try:
            yield index, documents.validate(document, RuleShape, entry, ("rules", index))
        except FileProblems as error:
            problems += error.problems


def _rule(document: Document, index: int, shape: RuleShape, window: timedelta, problems: list[Problem]) -> Rule | None:
    """The rule of a shape, None when one of its expressions or templates is wrong."""
    at = ("rules", index)
    before = len(problems)
    expressions: dict[str, Expression] = {}
    texts: dict[str, tuple[tuple[str | int, ...], str]] = {"when": ((*at, "when"), shape.when)}
    texts |= {level: ((*at, "levels", level), text) for level, text in shape.levels.items()}
    if shape.recover_when is not None:
        texts["recover_when"] = ((*at, "recover_when"), shape.recover_when)
    for key, (path, text) in texts.items():
        expression, mistakes = _expression(text, shape, window)
        problems += [document.problem(path, m.code, m.message, offset=m.offset) for m in mistakes]
        if expression is not None:
            expressions[key] = expression
    problems += _template_problems(document, at, shape)
    problems += _where_problems(document, at, shape)
    if len(problems) > before:
        return None
    line = document.problem((*at, "id"), "", "").line
    return build(shape, expressions, document.file, line)


def _expression(text: str, shape: RuleShape, window: timedelta) -> tuple[Expression | None, list[Mistake]]:
    try:
        expression = Expression(text, parse(text))
    except ExpressionError as error:
        return None, [error.mistake]
    return expression, check_condition(expression.root, shape.on, window)


def _template_problems(document: Document, at: tuple[str | int, ...], shape: RuleShape) -> Iterator[Problem]:
    written = _descend(document.content, at)["message"]
    for key in ("summary", "cause", "runbook"):
        texts: Mapping[str, str] = getattr(shape.message, key)
        per_language = isinstance(written.get(key), dict)
        for language, text in list(texts.items())[: None if per_language else 1]:
            path = (*at, "message", key, *((language,) if per_language else ()))
            for mistake in check_template(text, shape.on):
                yield document.problem(path, mistake.code, mistake.message, offset=mistake.offset)


def _where_problems(document: Document, at: tuple[str | int, ...], shape: RuleShape) -> Iterator[Problem]:
    keys = {
        "source": (),
        "site": ("site",),
        "station": ("site", "station"),
        "connector": ("site", "station", "connector", "current"),
    }
    for key, value in shape.where.items():
        path = (*at, "where", key)
        if key not in keys[shape.on]:
            yield document.problem(path, "unknown-key", f"a {shape.on} has no {key!r}", at_key=True)
        elif key == "current":
            for one in [value] if isinstance(value, str) else value:
                if one not in {"AC", "DC"}:
                    yield document.problem(path, "choice", f"current is AC or DC, never {one!r}")


def _unknown_inhibitors(shapes: list[tuple[Document, int, RuleShape]], known: Collection[str]) -> Iterator[Problem]:
    for document, index, shape in shapes:
        for position, name in enumerate(shape.inhibited_by):
            if name not in known:
                message = f"there is no rule {name!r}{documents.nearest(name, known)}"
                yield document.problem(("rules", index, "inhibited_by", position), "unknown-rule", message)


def _descend(content: object, path: tuple[str | int, ...]) -> dict[str, dict[str, object]]:
    for part in path:
        content = content[part]  # type: ignore[index]
    assert isinstance(content, dict)
    return content
