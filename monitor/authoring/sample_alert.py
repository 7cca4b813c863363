"""A sample alert as `laddvakt check --sample rule=slow-charging,site=malmo-central,level=critical` names it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Final

from monitor.alerts.model import Policy
from monitor.alerts.policy import policy_of
from monitor.authoring.in_force import InForce
from monitor.documents import nearest
from monitor.errors import InputError
from monitor.ids import SOURCES, Place
from monitor.register import Register
from monitor.rules.answer import LEVELS, Level
from monitor.rules.model import Rule

_PARTS: Final = ("site", "station", "connector")
_KEYS: Final = ("rule", "level", "subject", *_PARTS)
_NO_RULE: Final = Policy(
    rule="sample", severity="warning", hold_for=timedelta(0), keep_firing_for=timedelta(0),
    no_data_after=timedelta(minutes=10), no_data_then="keep", labels={}, condition="",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """An alert that might fire: of `rule`, or of none (then with labels of one's choice, at once)."""

    rule: Rule | None
    policy: Policy
    place: Place
    level: Level


def parse(text: str, files: InForce) -> Sample:
    """Read `key=value,...`: rule, level, subject or site, station, connector; what else there is are labels.

    What is left out is taken from the rule and from the first connector of the register that it selects. Raises
    InputError for what the files do not know, with the nearest that they do.
    """
    given = _pairs(text)
    rule = _rule(given, files)
    labels = {name: value for name, value in given.items() if name not in _KEYS}
    if rule is None:
        return Sample(None, _with_labels(_NO_RULE, labels), _place(given, None, files.register), _level(given, None))
    if unknown := next((name for name in labels if name not in rule.labels), None):
        known = (*_KEYS, *rule.labels)
        raise InputError(f"--sample: rule {rule.id} has no label {unknown!r}{nearest(unknown, known)}")
    policy = _with_labels(policy_of(rule), {**rule.labels, **labels})
    return Sample(rule, policy, _place(given, rule, files.register), _level(given, rule))


def _with_labels(policy: Policy, labels: Mapping[str, str]) -> Policy:
    return Policy(**{**vars(policy), "labels": dict(labels)})


def _pairs(text: str) -> dict[str, str]:
    found = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise InputError(
                f"--sample: {part!r} is not key=value; write for example rule=slow-charging,level=critical"
            )
        found[name] = value
    return found


def _rule(given: Mapping[str, str], files: InForce) -> Rule | None:
    if "rule" not in given:
        return None
    rules = {rule.id: rule for rule in files.rules.rules}
    if given["rule"] not in rules:
        raise InputError(f"--sample: there is no rule {given['rule']!r}{nearest(given['rule'], rules)}")
    return rules[given["rule"]]


def _level(given: Mapping[str, str], rule: Rule | None) -> Level:
    """The one that is named, else the worst that the rule has."""
    possible = (tuple(rule.levels) or (rule.severity,)) if rule else LEVELS
    if "level" not in given:
        return max(possible, key=LEVELS.index) if rule else "warning"
    found = next((level for level in possible if level == given["level"]), None)
    if found is None:
        whose = f"rule {rule.id} is never" if rule else "there is no level"
        raise InputError(f"--sample: {whose} {given['level']!r}{nearest(given['level'], possible)}")
    return found


def _place(given: Mapping[str, str], rule: Rule | None, register: Register) -> Place:
    if rule is not None and rule.on == "source":
        return Place.of_source(given.get("subject", SOURCES[0]).removeprefix("source:"))
    wanted = dict(zip(_PARTS, Place.parse(given["subject"]), strict=True)) if "subject" in given else {}
    wanted |= {name: given[name] for name in _PARTS if name in given}
    if wanted.get("site") and register.file.sites and wanted["site"] not in register.file.sites:
        known = register.file.sites
        raise InputError(f"--sample: sites.yaml has no site {wanted['site']!r}{nearest(str(wanted['site']), known)}")
    found = next(iter(_registered(wanted, rule, register)), Place("site", "station", "1"))
    depth = _PARTS.index(rule.on) + 1 if rule else len(_PARTS)
    return Place(*(str(wanted.get(name) or getattr(found, name)) for name in _PARTS[:depth]))


def _registered(wanted: Mapping[str, str | None], rule: Rule | None, register: Register) -> list[Place]:
    """Registered connectors at that place, those that the rule selects first."""
    here = [place for place, _ in register if all(getattr(place, n) == v for n, v in wanted.items() if v)]
    globs = {name: globs for name, globs in (rule.where if rule else {}).items() if name in _PARTS}

    def selected(place: Place) -> bool:
        return all(any(fnmatchcase(str(getattr(place, n)), g) for g in some) for n, some in globs.items())

    return sorted(here, key=lambda place: not selected(place))
