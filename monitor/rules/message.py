"""What a rule says about an alert: Jinja templates, checked against the table of names when they are loaded."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.ids import Place
from monitor.rules import names
from monitor.rules.answer import Level, Texts, Value
from monitor.rules.model import LANGUAGES, Rule
from monitor.rules.names import POOLS, Subject
from monitor.rules.phrases import DIAGNOSIS_NAMES, diagnosis, filters, said
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
def environment(language: str) -> ImmutableSandboxedEnvironment:
    """Where templates of one language run: no attributes of ours, no globals, a name that is not there fails."""
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
    return environment(language).from_string(text)


def pool_of(call: nodes.Call) -> str | None:
    """The pool that a call in a template names: `full_for(DC)`; None for any other call."""
    argument = call.args[0] if len(call.args) == 1 else None
    return argument.name if isinstance(argument, nodes.Name) and argument.name in POOLS else None


@cache
def values_used(text: str, subject: Subject) -> frozenset[str]:
    """Keys of `Answer.values` that a template needs: names, and names with their pool as `full_for(DC)`."""
    tree = environment(LANGUAGES[0]).parse(text)
    used = {node.name for node in tree.find_all(nodes.Name)}
    pools = {f"{call.node.name}({pool})" for call in tree.find_all(nodes.Call)
             if (pool := pool_of(call)) and isinstance(call.node, nodes.Name)}  # fmt: skip
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
    given = _given(rule, subject, level, values, since)
    return {language: _render(rule, subject, level, given, language) for language in LANGUAGES}


def failure(text: str, rule: Rule, subject: str, values: Mapping[str, Value | Money], language: str) -> str:
    """Why a template of the rule fails with these values; empty when it does not."""
    given = _given(rule, subject, rule.severity, values, datetime(2026, 3, 2, 12, tzinfo=UTC))
    try:
        _fill(text, _context(rule, given, language), language)
    except Exception as error:  # as in `_render`
        return f"{type(error).__name__}: {error}"
    return ""


def _given(
    rule: Rule, subject: str, level: Level, values: Mapping[str, Value | Money], since: datetime
) -> dict[str, Any]:
    return {
        "session_price": None,
        **_pools(rule.on, values),
        **dict(zip(("site", "station", "connector"), Place.parse(subject), strict=True)),
        **values,
        **{pool: pool for pool in POOLS},
        "level": level,
        "since": since,
    }


def _context(rule: Rule, given: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {**given, "title": _in_language(rule.title, language), "diagnosis": diagnosis(given, language)}


def _render(rule: Rule, subject: str, level: Level, given: Mapping[str, Any], language: str) -> Texts:
    context, message = _context(rule, given, language), rule.message
    title = context["title"]
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
