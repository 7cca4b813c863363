"""What a rule says about an alert: Jinja templates, checked against the table of names when they are loaded."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.documents import nearest
from monitor.ids import Place
from monitor.rules import names
from monitor.rules.answer import Level, Texts, Value
from monitor.rules.model import LANGUAGES, Rule
from monitor.rules.names import POOLS, Subject
from monitor.rules.phrases import DIAGNOSIS_NAMES, FILTERS, diagnosis, filters, said
from monitor.rules.syntax import Mistake
from monitor.units import Money

GIVEN = ("title", "level", "since", "diagnosis", "session_price")
"""What templates know beside the names of the subject. `session_price`: what the session under way costs so far."""

LONGEST = 600
"""Characters of one text; a mail has a row for each alert and has to stay small."""

_FAILED = {
    "en": "{title} at {subject} ({level}). The rule's own text failed: {error}",
    "sv": "{title} på {subject} ({level}). Regelns egen text misslyckades: {error}",
}


@cache
def _environment(language: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        finalize=lambda value: said(value, language),
    )
    environment.filters.update(filters(language))
    environment.globals.clear()
    return environment


@cache
def _template(language: str, text: str) -> Template:
    return _environment(language).from_string(text)


def check_template(text: str, subject: Subject) -> list[Mistake]:
    """What is wrong with a template of a rule on `subject`: syntax, unknown names, filters without meaning."""
    environment = _environment(LANGUAGES[0])
    try:
        environment.compile(text)
        tree = environment.parse(text)
    except TemplateError as error:
        reason = error.message or "is no template"
        if found := re.search(r"No filter named '(\w+)'", reason):
            reason = f"unknown filter {found[1]!r}{nearest(found[1], FILTERS)}"
            return [Mistake(_offset(text, found[1], 1), "unknown-filter", reason)]
        return [Mistake(_line_start(text, getattr(error, "lineno", 1)), "template", reason)]
    known = {*names.known(subject), *GIVEN}
    mistakes = [
        Mistake(
            _offset(text, node.name, node.lineno),
            "unknown-name",
            f"a {subject} has no {node.name!r}{nearest(node.name, known)}",
        )
        for node in tree.find_all(nodes.Name)
        if node.ctx == "load" and node.name not in known | _stored(tree) | set(POOLS if subject != "connector" else ())
    ]
    return mistakes + list(_pool_mistakes(tree, text, subject))


def _pool_mistakes(tree: nodes.Template, text: str, subject: Subject) -> Iterator[Mistake]:
    """A name with a pool has to be called with one: bare it would print a function."""
    called = [call.node for call in tree.find_all(nodes.Call) if _pool_of(call) is not None]
    for node in tree.find_all(nodes.Name):
        name = names.find(node.name, subject)
        if name is not None and name.pool and not any(node is one for one in called):
            message = f"{node.name!r} needs a pool: write {node.name}(DC) or {node.name}(AC)"
            yield Mistake(_offset(text, node.name, node.lineno), "pool", message)


def _pool_of(call: nodes.Call) -> str | None:
    argument = call.args[0] if len(call.args) == 1 else None
    return argument.name if isinstance(argument, nodes.Name) and argument.name in POOLS else None


def _stored(tree: nodes.Template) -> set[str]:
    return {node.name for node in tree.find_all(nodes.Name) if node.ctx in {"store", "param"}}


def _line_start(text: str, line: int) -> int:
    return sum(len(one) + 1 for one in text.split("\n")[: line - 1])


def _offset(text: str, word: str, line: int) -> int:
    found = re.compile(rf"\b{re.escape(word)}\b").search(text, _line_start(text, line))
    return found.start() if found else 0


@cache
def values_used(text: str, subject: Subject) -> frozenset[str]:
    """Keys of `Answer.values` that a template needs: names, and names with their pool as `full_for(DC)`."""
    tree = _environment(LANGUAGES[0]).parse(text)
    used = {node.name for node in tree.find_all(nodes.Name)}
    pools = {f"{call.node.name}({pool})" for call in tree.find_all(nodes.Call)
             if (pool := _pool_of(call)) and isinstance(call.node, nodes.Name)}  # fmt: skip
    needed = {*used, *(DIAGNOSIS_NAMES[subject] if "diagnosis" in used else ())}
    return frozenset(key for key in needed if (name := names.find(key, subject)) and not name.pool) | pools


def template_texts(rule: Rule) -> tuple[str, ...]:
    """Every template of a rule."""
    message = rule.message
    return tuple(text for texts in (message.summary, message.cause, message.runbook) for text in texts.values())


def render(
    rule: Rule, subject: str, level: Level, values: Mapping[str, Value | Money], since: datetime
) -> Mapping[str, Texts]:
    """The texts of one alert in every language. A template that fails is replaced by a built-in text that says so."""
    given = {
        "session_price": None,
        **_pools(rule.on, values),
        **dict(zip(("site", "station", "connector"), Place.parse(subject), strict=True)),
        **values,
        **{pool: pool for pool in POOLS},
        "level": level,
        "since": since,
    }
    return {language: _render(rule, subject, level, given, language) for language in LANGUAGES}


def _render(rule: Rule, subject: str, level: Level, given: Mapping[str, Any], language: str) -> Texts:
    title = _in_language(rule.title, language)
    context = {**given, "title": title, "diagnosis": diagnosis(given, language)}
    message = rule.message
    try:
        summary, cause, runbook = (
            _fill(_in_language(texts, language), context, language)
            for texts in (message.summary, message.cause, message.runbook)
        )
    except Exception as error:  # what an author's template can raise has no end; the alert must be told all the same
        reason = f"{type(error).__name__}: {error}"
        summary = _FAILED[language].format(title=title, subject=subject, level=level, error=reason)[:LONGEST]
        return Texts(title=title, summary=summary)
    return Texts(title=title, summary=summary, cause=cause, runbook=runbook)


def _fill(text: str, context: Mapping[str, object], language: str) -> str:
    filled = " ".join(_template(language, text).render(context).split())
    return filled if len(filled) <= LONGEST else filled[: LONGEST - 1] + "…"


def _in_language(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language) or next((texts[other] for other in LANGUAGES if other in texts), "")


def _pools(subject: Subject, values: Mapping[str, Value | Money]) -> dict[str, Callable[[str], Value | Money]]:
    """`full_for` and its like as functions of the pool's name."""

    def of(name: str) -> Callable[[str], Value | Money]:
        return lambda pool: values[f"{name}({pool})"]

    return {key: of(key) for key in names.known(subject) if (name := names.find(key, subject)) and name.pool}
