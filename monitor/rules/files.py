"""rules/alerts/*.yaml -> rules. Every mistake of all files at once, or the rules of all of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from monitor import documents
from monitor.documents import Document
from monitor.errors import FileProblems, Problem
from monitor.rules.check import check_condition
from monitor.rules.keys import inhibitor_problems, label_problems, where_problems
from monitor.rules.model import Expression, Rule, RulesFile, RuleShape, build
from monitor.rules.syntax import ExpressionError, Mistake, parse
from monitor.rules.templates import check_template

_BUILT_IN = Path(__file__).parent / "built_in" / "service.yaml"
DEFAULT_WINDOW = timedelta(minutes=30)
"""Default of `evaluate.window`."""


@dataclass(frozen=True)
class RuleSet:
    """All rules in force, in the order of files and their entries, and the texts of the files by name."""

    rules: tuple[Rule, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    """Whether no rule was left out for a mistake in it: only then is a rule that is not here one that was deleted."""


@dataclass(frozen=True)
class Written:
    """A rule, and where it is written: entry `index` under `rules:` of a document."""

    document: Document
    index: int
    rule: Rule

    def problem(self, path: tuple[str | int, ...], code: str, message: str, **place: Any) -> Problem:
        """A mistake at a key of the rule."""
        return self.document.problem(("rules", self.index, *path), code, message, **place)


def load(folder: Path, window: timedelta = DEFAULT_WINDOW) -> RuleSet:
    """Read `folder`/alerts/*.yaml; a missing folder holds no rules; raise FileProblems with every mistake.

    `folder` is `paths.rules`, `window` is `evaluate.window`. Files are named as `alerts/charging.yaml`.
    """
    found, problems = load_good(folder, window)
    if problems:
        raise FileProblems(problems)
    return found


def load_good(folder: Path, window: timedelta = DEFAULT_WINDOW) -> tuple[RuleSet, list[Problem]]:
    """The rules that are free of mistakes, for a start at which there are no last good ones; and every mistake."""
    problems: list[Problem] = []
    found = read_folder(folder, problems)
    rules = tuple(each.rule for each in written(found, window, problems, built_in().rules))
    return RuleSet(rules, {document.file: document.text for document in found}, complete=not problems), problems


def read_folder(folder: Path, problems: list[Problem]) -> list[Document]:
    """The documents under `folder`/alerts; those that are no YAML are `problems`."""
    found: list[Document] = []
    for path in sorted((folder / "alerts").glob("*.yaml")):
        try:
            found.append(documents.read(path, name=path.relative_to(folder).as_posix()))
        except FileProblems as error:
            problems += error.problems
    return found


@cache
def built_in() -> RuleSet:
    """The rules about the service itself."""
    document = documents.parse(_BUILT_IN.read_text(encoding="utf-8"), f"built-in/{_BUILT_IN.name}")
    return RuleSet(parse_rules(document), {document.file: document.text})


def with_built_in(chosen: RuleSet) -> RuleSet:
    """An operator's rules, and the built-in ones that they do not replace by a rule of the same id."""
    own = {rule.id for rule in chosen.rules}
    added = tuple(rule for rule in built_in().rules if rule.id not in own)
    texts = {**chosen.texts, **(built_in().texts if added else {})}
    return RuleSet((*chosen.rules, *added), texts, chosen.complete)


def parse_rules(*found: Document, window: timedelta = DEFAULT_WINDOW, known: Iterable[Rule] = ()) -> tuple[Rule, ...]:
    """The rules of documents at hand; raise FileProblems with every mistake in them.

    `known`: rules elsewhere that `inhibited_by` may name.
    """
    problems: list[Problem] = []
    rules = written(found, window, problems, known)
    if problems:
        raise FileProblems(problems)
    return tuple(each.rule for each in rules)


def written(
    found: Sequence[Document], window: timedelta, problems: list[Problem], known: Iterable[Rule] = ()
) -> list[Written]:
    """The rules of documents; every mistake is added to `problems`, and its rule left out."""
    rules: list[Written] = []
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
            rules += [Written(document, index, rule)] if rule else []
    problems += inhibitor_problems(inhibitors, known)
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
    problems += where_problems(document, at, shape)
    problems += label_problems(document, at, shape)
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


def _descend(content: object, path: tuple[str | int, ...]) -> dict[str, dict[str, object]]:
    for part in path:
        content = content[part]  # type: ignore[index]
    assert isinstance(content, dict)
    return content
