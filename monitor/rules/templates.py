"""The check of a rule's texts: templates against the table of names and filters, before anything is rendered."""

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import TemplateError, nodes

from monitor.documents import nearest
from monitor.rules import names
from monitor.rules.hints import ALL_NAMES
from monitor.rules.message import GIVEN, environment, pool_of
from monitor.rules.model import LANGUAGES
from monitor.rules.names import POOLS, Subject
from monitor.rules.phrases import FILTERS
from monitor.rules.syntax import Mistake
from monitor.units import Dimension

FILTERED: dict[str, Dimension] = {"kw": "power", "kwh": "energy", "percent": "share", "duration": "time", "ago": "time"}
"""What our filters are for; `money` takes any number."""


@dataclass(frozen=True)
class _Word:
    """A name in the template's code: its offset, and the sign before it."""

    text: str
    offset: int
    after: str


def check_template(text: str, subject: Subject) -> list[Mistake]:
    """What is wrong with a template of a rule on `subject`: syntax, unknown names, filters without meaning."""
    chosen = environment(LANGUAGES[0])
    try:
        tree = chosen.parse(text)
    except TemplateError as error:
        return [_broken(text, error)]
    words = list(_words(text))
    mistakes = [
        *_unknown_names(tree, words, subject),
        *_unknown_filters(tree, words),
        *_pools_missing(tree, words, subject),
        *_wrong_filters(tree, words, subject),
    ]
    if not mistakes:
        try:
            chosen.compile(text)
        except TemplateError as error:
            mistakes.append(_broken(text, error))
    return sorted(set(mistakes), key=lambda mistake: mistake.offset)


def _broken(text: str, error: TemplateError) -> Mistake:
    message = f"{(error.message or 'is no template').rstrip('.')}; a value is written {{{{ power_w | kw }}}}"
    return Mistake(_line_start(text, getattr(error, "lineno", 1)), "template", message)


def _words(text: str) -> Iterator[_Word]:
    """The names in the code of a template, where they stand: text around it may have the same words."""
    position, before = 0, ""
    for _, kind, value in environment(LANGUAGES[0]).lex(text):
        offset = text.find(value, position)
        position = offset + len(value)
        if kind == "name":
            yield _Word(value, offset, before)
        if kind != "whitespace":
            before = value


def _unknown_names(tree: nodes.Template, words: list[_Word], subject: Subject) -> Iterator[Mistake]:
    stored = {node.name for node in tree.find_all(nodes.Name) if node.ctx in {"store", "param"}}
    known = {*names.known(subject), *GIVEN}
    allowed = known | stored | set(POOLS if subject in {"station", "site"} else ())
    for unknown in {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"} - allowed:
        for offset in _places(words, unknown):
            yield Mistake(
                offset, "unknown-name", f"a {subject} has no {unknown!r}{nearest(unknown, known) or ALL_NAMES}"
            )


def _unknown_filters(tree: nodes.Template, words: list[_Word]) -> Iterator[Mistake]:
    allowed = environment(LANGUAGES[0]).filters
    for unknown in {node.name for node in tree.find_all(nodes.Filter)} - set(allowed):
        for word in words:
            if word.text == unknown and word.after == "|":
                yield Mistake(word.offset, "unknown-filter", f"unknown filter {unknown!r}{nearest(unknown, FILTERS)}")


def _pools_missing(tree: nodes.Template, words: list[_Word], subject: Subject) -> Iterator[Mistake]:
    """A name with a pool has to be called with one: bare it would print a function."""
    called = [call.node for call in tree.find_all(nodes.Call) if pool_of(call) is not None]
    for node in tree.find_all(nodes.Name):
        name = names.find(node.name, subject)
        if name is not None and name.pool and not any(node is one for one in called):
            message = f"{node.name!r} needs a pool: write {node.name}(DC) or {node.name}(AC)"
            yield Mistake(_places(words, node.name)[0], "pool", message)


def _wrong_filters(tree: nodes.Template, words: list[_Word], subject: Subject) -> Iterator[Mistake]:
    """`{{ soc | kw }}` would print a number that means nothing."""
    for node in tree.find_all(nodes.Filter):
        of = node.node.node if isinstance(node.node, nodes.Call) else node.node
        name = names.find(of.name, subject) if isinstance(of, nodes.Name) else None
        wanted = FILTERED.get(node.name)
        if name is not None and wanted is not None and name.dimension != wanted:
            message = f"{node.name} is for {wanted}; {name.name} is a {name.dimension}"
            places = [word.offset for word in words if word.text == node.name and word.after == "|"]
            yield Mistake(places[0], "filter-unit", message)


def _places(words: list[_Word], name: str) -> list[int]:
    return [word.offset for word in words if word.text == name and word.after not in {".", "|", "is"}] or [0]


def _line_start(text: str, line: int) -> int:
    return sum(len(one) + 1 for one in text.split("\n")[: line - 1])
