"""The schema for editors: what is shipped passes it, planted mistakes do not."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from monitor import documents
from monitor.authoring.schema import KINDS, schema_of

SHIPPED = Path(__file__).parents[2] / "rules"
GOOD = """
rules:
  - id: good
    title: {en: Good, sv: Bra}
    on: connector
    where: {site: ["malmo-*"], current: DC}
    when: soc < 10 %
    levels: {info: soc < 8 %}
    for: 1m30s
    no_data: {after: 10m, then: keep}
    labels: {team: field}
    message: {summary: low, cause: {en: "{{ diagnosis }}"}}
"""
NOTIFY = """
receivers: {noc: {mail: [noc@example.org]}}
routes:
  - match: {site: "malmo-*"}
    to: noc
    group_wait: 30s
    mute: {days: [sat, sun], from: "22:00", to: "06:00", zone: Europe/Stockholm}
    escalate: {after: 15m, to: on-call}
default: {to: noc}
rotas:
  on-call: {zone: Europe/Stockholm, handover: "Mon 09:00", people: [a@example.org], start: 2026-01-05}
"""


def valid(kind: str, text: str) -> bool:
    content = json.loads(json.dumps(documents.parse(text, "f").content, default=_iso))
    schema = schema_of(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).is_valid(content)


def _iso(value: Any) -> str:
    assert isinstance(value, date | datetime)
    return value.isoformat()


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.yaml")), ids=lambda path: path.name)
def test_what_is_shipped_passes(path: Path) -> None:
    kind = {"sites.yaml": "sites", "notify.yaml": "notify"}.get(path.name, path.parent.name)
    if kind == "tariffs":
        pytest.skip("tariffs are OCPI's, and have its schema")
    assert valid("rules" if kind == "alerts" else kind, path.read_text(encoding="utf-8"))


def test_every_key_passes() -> None:
    assert valid("rules", GOOD)
    assert valid("notify", NOTIFY)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("on: connector", "on: conector"),
        ("when: soc < 10 %", "wehn: soc < 10 %"),
        ("for: 1m30s", "for: 90"),
        ("for: 1m30s", "for: 90 seconds"),
        ("then: keep", "then: hold"),
        ("levels: {info:", "levels: {fatal:"),
        ("id: good", "id: Good Rule"),
        ("en: Good, sv: Bra", "en: Good, de: Gut"),
        ("message: {summary: low", "message: {sumary: low"),
        ("labels: {team: field}", "labels: {team: 3}"),
        ("where: {site:", "where: {sites:"),
    ],
)
def test_a_mistake_fails(good: str, bad: str) -> None:
    assert good in GOOD
    assert not valid("rules", GOOD.replace(good, bad))


def test_mistakes_of_other_files_fail() -> None:
    assert not valid("sites", "sites: {a: {stations: {b: {max_power: 300}}}}")
    assert not valid("notify", NOTIFY.replace("group_wait: 30s", "group_wait: 30"))
    assert set(KINDS) == {"rules", "notify", "sites", "tests"}
