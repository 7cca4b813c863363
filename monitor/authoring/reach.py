"""Routes that no alert can take, and texts that a receiver cannot read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from monitor.alerts.routes import Route, Routes
from monitor.documents import Document, nearest
from monitor.errors import Problem
from monitor.notify.chat import known
from monitor.register import Register
from monitor.rules.answer import LEVELS
from monitor.rules.files import Written
from monitor.rules.model import Rule

Match = Mapping[str, Sequence[str]]

_PLACE = ("site", "station", "connector", "subject")


def unreachable(document: Document, routes: Routes, rules: Sequence[Rule], register: Register) -> Iterator[Problem]:
    """Warnings at routes that an earlier one keeps from every alert, or that match no alert of any of `rules`.

    Without `rules` only the former is looked at.
    """
    for index, route in enumerate(routes.routes):
        earlier = next((n for n, other in enumerate(routes.routes[:index]) if _hides(other, route)), None)
        reason = "" if earlier is None else f"routes[{earlier}] takes every alert before it (without `continue: true`)"
        reason = reason or (_matches_nothing(route.match, rules, register) if rules else "")
        if reason:
            yield document.problem(("routes", index), "unreachable-route", f"is never taken: {reason}",
                                   severity="warning")  # fmt: skip


def idle_maintenance(
    document: Document, routes: Routes, rules: Sequence[Rule], register: Register
) -> Iterator[Problem]:
    """Warnings at maintenance that is about no alert of any of `rules`; without rules nothing is known."""
    for index, each in enumerate(routes.maintenance if rules else ()):
        if reason := _matches_nothing(each.match, rules, register):
            message = f"{each.name!r} is about no alert: {reason}"
            yield document.problem(("maintenance", index), "idle-maintenance", message, severity="warning")


def unknown_services(document: Document, routes: Routes) -> Iterator[Problem]:
    """Errors at addresses that apprise cannot use. They may hold a token, so they are not shown."""
    for name, receiver in routes.receivers.items():
        if receiver.apprise and not known(receiver.apprise):
            key = "apprise" if "apprise" in document.content["receivers"][name] else "apprise_file"
            message = "is no address that apprise knows: see https://github.com/caronc/apprise/wiki"
            yield document.problem(("receivers", name, key), "unknown-service", message)


def missing_languages(written: Written, routes: Routes) -> Iterator[Problem]:
    """Warnings at texts that are written per language, but not in that of a receiver."""
    content = written.document.content["rules"][written.index]
    texts: list[tuple[tuple[str, ...], object]] = [(("title",), content["title"])]
    texts += [(("message", key), text) for key, text in content["message"].items()]
    for path, text in texts:
        for receiver in routes.receivers.values():
            if isinstance(text, Mapping) and receiver.language not in text:
                message = f"has no {receiver.language!r}, the language of receiver {receiver.name!r}"
                yield written.problem(path, "missing-language", message, at_key=True, severity="warning")
                break


def _hides(first: Route, second: Route) -> bool:
    """Whether `first` ends the search for every alert that `second` would take."""
    if first.goes_on:
        return False
    if "info" in second.match.get("level", ()) and "info" not in first.match.get("level", ()):
        return False
    return all(
        name in second.match and all(any(_covers(glob, inner) for glob in globs) for inner in second.match[name])
        for name, globs in first.match.items()
    )


def _covers(glob: str, inner: str) -> bool:
    """Whether all that `inner` matches is matched by `glob`; False also where that is not obvious."""
    if glob in {inner, "*"}:
        return True
    plain = not set("?[") & set(glob) or not set("*?[") & set(inner)
    return plain and fnmatchcase(inner, glob)


def _matches_nothing(match: Match, rules: Sequence[Rule], register: Register) -> str:
    sites = set(register.file.sites)
    for name, globs in match.items():
        if name == "site" and sites and not _any(sites, globs):
            return f"sites.yaml has no site {' or '.join(map(repr, globs))}{_near(globs, sites)}"
        if name == "rule" and not _any((rule.id for rule in rules), globs):
            return f"there is no rule {' or '.join(map(repr, globs))}{_near(globs, (rule.id for rule in rules))}"
        if name not in {*_PLACE, "rule", "level"} and not any(name in rule.labels for rule in rules):
            labels = {label for rule in rules for label in rule.labels} | {*_PLACE, "rule", "level"}
            return f"no rule has a label {name!r}{nearest(name, labels)}"
    if not any(_may_take(match, rule) for rule in rules):
        return "no rule gives an alert with all of these"
    return ""


def _may_take(match: Match, rule: Rule) -> bool:
    levels = tuple(rule.levels) or (rule.severity,)
    if rule.no_data.then == "fire":
        levels = (*levels, rule.severity)
    for name, globs in match.items():
        if name in _PLACE:
            if rule.on == "source" and name != "subject":
                return False
            continue
        values = {"rule": (rule.id,), "level": levels}.get(name) or tuple(filter(None, [rule.labels.get(name)]))
        if not _any(values, globs):
            return False
    return "level" in match or any(level != LEVELS[0] for level in levels)


def _any(values: Iterable[str], globs: Iterable[str]) -> bool:
    wanted = tuple(globs)
    return any(fnmatchcase(value, glob) for value in values for glob in wanted)


def _near(globs: Sequence[str], values: Iterable[str]) -> str:
    hint = nearest(globs[0], values)
    return hint if "did you mean" in hint else ""
