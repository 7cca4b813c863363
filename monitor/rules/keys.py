"""What is wrong with the keys of a rule that hold no expression: `where`, `labels`, `inhibited_by`."""

from collections.abc import Iterable, Iterator, Mapping

from monitor.documents import Document, nearest
from monitor.errors import Problem
from monitor.rules.model import Rule, RuleShape
from monitor.rules.names import POOLS, SUBJECTS, Subject

SELECTED: Mapping[Subject, tuple[str, ...]] = {
    "source": (),
    "site": ("site",),
    "station": ("site", "station"),
    "connector": ("site", "station", "connector", "current"),
}
"""What `where` may select by."""

OWN_LABELS = ("site", "station", "connector", "subject", "rule", "level")
"""What routes and groups know of every alert: a label of that name would never be read."""

At = tuple[str | int, ...]


def where_problems(document: Document, at: At, shape: RuleShape) -> Iterator[Problem]:
    """Keys that the subject does not have, and currents that do not exist."""
    for key, value in shape.where.items():
        path = (*at, "where", key)
        if key not in SELECTED[shape.on]:
            known = SELECTED[shape.on]
            hint = f"; known: {', '.join(known)}" if known else ""
            yield document.problem(path, "unknown-key", f"a {shape.on} has no {key!r}{hint}", at_key=True)
        elif key == "current":
            for position, one in enumerate([value] if isinstance(value, str) else value):
                if one not in POOLS:
                    place = path if isinstance(value, str) else (*path, position)
                    yield document.problem(place, "choice", f"current is AC or DC, never {one!r}")


def label_problems(document: Document, at: At, shape: RuleShape) -> Iterator[Problem]:
    """Labels that change while the alert lasts, and those that would hide what every alert has."""
    for name, value in shape.labels.items():
        if "{{" in value or "{%" in value:
            message = "a label is fixed: its value may not change while an alert lasts; put what changes into `message`"
            offset = min(place for place in (value.find("{{"), value.find("{%")) if place >= 0)
            yield document.problem((*at, "labels", name), "changing-label", message, offset=offset)
        if name in OWN_LABELS:
            message = f"every alert has its own {name!r}; choose another name for the label"
            yield document.problem((*at, "labels", name), "own-label", message, at_key=True)


def inhibitor_problems(shapes: Iterable[tuple[Document, int, RuleShape]], known: Iterable[Rule]) -> Iterator[Problem]:
    """Inhibitors that do not exist, are the rule itself, or fire below it and so never inhibit it.

    `known`: rules elsewhere.
    """
    written = list(shapes)
    subjects = {**{rule.id: rule.on for rule in known}, **{shape.id: shape.on for _, _, shape in written}}
    for document, index, shape in written:
        for position, name in enumerate(shape.inhibited_by):
            path = ("rules", index, "inhibited_by", position)
            if name == shape.id:
                yield document.problem(path, "inhibits-itself", "a rule cannot inhibit itself; remove this")
            elif name not in subjects:
                message = f"there is no rule {name!r}{nearest(name, set(subjects) - {shape.id})}"
                yield document.problem(path, "unknown-rule", message)
            elif not _inhibits(subjects[name], shape.on):
                message = f"{name!r} never fires on a {shape.on} or above it, so it inhibits nothing here"
                yield document.problem(path, "never-inhibits", message)


def _inhibits(on: Subject, inhibited: Subject) -> bool:
    """Whether an alert on `on` can stand on the same subject as one on `inhibited`, its station or its site."""
    if "source" in {on, inhibited}:
        return on == inhibited
    return SUBJECTS.index(on) >= SUBJECTS.index(inhibited)
