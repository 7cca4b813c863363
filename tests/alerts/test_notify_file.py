"""notify.yaml: every mistake at its place, and which way an alert goes."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from monitor import documents
from monitor.alerts.model import Alert
from monitor.alerts.notify_file import load, parse
from monitor.alerts.routes import Receiver, Routes
from monitor.errors import FileProblems

ROOT = Path(__file__).parents[2]

ROTA = (
    "rotas: {on-call: {zone: Europe/Stockholm, handover: Mon 09:00, people: [a@x.se], start: 2026-01-05}}\n"
    "default: {to: on-call}\n"
)

MISTAKES = [
    ("receivers: {noc: {mail: [a@b.se], lang: sv}}\ndefault: {to: noc}", "1:35: unknown key 'lang'; did you mean"),
    ("receivers: {noc: {mail: [noc]}}\ndefault: {to: noc}", "1:26: mail[0]: 'noc' is not a mail address"),
    ('receivers: {noc: {mail: ["a@b.se\\nBcc: x@y.se"]}}\ndefault: {to: noc}', "is not a mail address"),
    ("receivers: {noc: {mail: []}}\ndefault: {to: noc}", "1:18: noc: nobody is reached; write for example"),
    ("receivers: {noc: {}}\ndefault: {to: noc}", "1:18: noc: nobody is reached; write for example mail"),
    ("receivers: {noc: {webhook: {url: x.se/hook}}}\ndefault: {to: noc}", "1:34: url: 'x.se/hook' is not a web"),
    ("receivers: {noc: {webhook: {url: https://x.se, secret_file: no.secret}}}\ndefault: {to: noc}",
     "1:61: no.secret cannot be read: "),
    ("receivers: {noc: {mail: [a@b.se], language: de}}\ndefault: {to: noc}", "1:45: language: "),
    ("receivers: {noc: {mail: [a@b.se]}}\ndefault: {to: nco}", "2:15: there is no receiver 'nco'; did you mean 'noc'?"),
    ("receivers: {noc: {mail: [a@b.se]}}", "1:1: 'default' is missing"),
    ("default: {to: noc}", "1:15: there is no receiver 'noc'"),
    ("routes:\n  - to: field\n", "2:9: there is no receiver 'field'"),
    ("routes:\n  - {to: a, match: {level: criticl}}\n", "2:28: there is no level 'criticl'; did you mean 'critical'?"),
    ("routes:\n  - {to: a, match: {site: 5}}\n", "2:27: site: write one text, or a list of them"),
    ("routes:\n  - {to: a, contine: true}\n", "2:13: unknown key 'contine'; did you mean 'continue'?"),
    ("routes:\n  - {to: a, group_wait: 30}\n", "2:25: group_wait: 30 has no unit; write for example 30s"),
    ("routes:\n  - {to: a, group_wait: soon}\n", "2:25: group_wait: 'soon' is not a duration"),
    ("routes:\n  - {to: a, group_interval: 0s}\n", "2:29: group_interval: must be longer than 0"),
    ("routes:\n  - {to: a, repeat_interval: 1m}\n", "2:30: repeat_interval: must not be shorter than group_interval"),
    ("routes:\n  - {to: a, group_by: [level]}\n", "2:24: group_by[0]: alerts cannot be grouped by level"),
    ("default: {to: a, match: {site: x}}", "1:18: unknown key 'match'"),
    ("default: {to: a, mute: {}}", "1:24: 'zone' is missing here"),
    ("default: {to: a, mute: {zone: Stockholm}}", "1:31: zone: 'Stockholm' is no IANA time zone"),
    ('default: {to: a, mute: {zone: UTC, from: 22.00}}', "1:42: from: 22.0 is not a time of day; write for example"),
    ('default: {to: a, mute: [{zone: UTC, days: [lör]}]}', "1:44: days[0]: there is no 'lör'; known: fri, mon"),
    ("default: {to: a, escalate: {after: 15m, to: b}}", "1:45: there is no receiver 'b'"),
    ("default: {to: a, escalate: [{after: 15m, to: a}]}", "1:46: 'a' is told already; name another receiver"),
    ("default: {to: a, escalate: {after: 15, to: b}}", "1:36: after: 15 has no unit"),
    ("receivers: {noc: {apprise: s3cret}}\ndefault: {to: noc}", "1:28: apprise: is no address for apprise; write for"),
    ("receivers: {noc: {apprise_file: no.url}}\ndefault: {to: noc}", "1:33: no.url cannot be read: "),
    ("receivers: {noc: {apprise: ntfy://x/y, apprise_file: no.url}}\ndefault: {to: noc}", "write one of them"),
    ("reports: [{to: x}]", "1:16: there is no receiver 'x'"),
    ("receivers: {h: {webhook: {url: https://x.se}}}\ndefault: {to: h}\nreports: [{to: h}]", "3:16: reports go by"),
    ("receivers: {h: {mail: [a@b.se]}}\ndefault: {to: h}\nreports: [{to: h, day: 31}]", "3:24: day: "),
    ("reports: [{to: x, at: 7}]", "1:23: at: 7 is not a time of day"),
    ("maintenance: [{name: Test, windows: {zone: UTC}}]", "1:15: 'match' is missing here"),
    ("maintenance: [{name: Test, match: {}, windows: {zone: UTC}}]", "1:35: match: "),
    ("maintenance: [{name: Test, match: {site: x}, windows: []}]", "1:55: windows: "),
    ("maintenance: [{name: Test, match: {site: x}, windows: {days: [tue]}}]", "1:55: 'zone' is missing here"),
    ("maintenance: [{name: Test, match: {level: criticl}, windows: {zone: UTC}}]", "1:43: there is no level 'criticl'"),
    ("maintenance: [{name: Test, match: {site: x}, windows: {zone: UTC}, until: x}]", "1:68: unknown key 'until'"),
    (ROTA.replace("Mon 09:00", "09:00"), "1:53: handover: '09:00' is not a weekday and a time"),
    (ROTA.replace("2026-01-05", "in May"), "start: 'in May' is not a date; write for example 2026-01-05"),
    (ROTA.replace("[a@x.se]", "[]"), "people: "),
    (ROTA + "receivers: {on-call: {mail: [a@x.se]}}", "1:9: 'on-call' is a receiver too"),
    (ROTA.replace("}}", ", overrides: [{from: 2026-02-02T09:00, to: 2026-02-02T09:00, who: b@x.se}]}}"),
     "to: must be later than from"),
    (ROTA.replace("}}", ", overrides: [{from: 2026-02-02T09:00, to: 2026-02-04T09:00, who: b@x.se}, "
     "{from: 2026-02-03T10:00, to: 2026-02-05T09:00, who: c@x.se}]}}"),
     "b@x.se and c@x.se stand in at the same time, from 2026-02-03T09:00Z"),
    ("receivers: [", "expected the node content"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES, ids=[mistake[1] for mistake in MISTAKES])
def test_a_mistake_is_named_at_its_place(text: str, expected: str) -> None:
    with pytest.raises(FileProblems) as caught:
        parse(documents.parse(text, "notify.yaml"))
    assert any(expected in str(problem).removeprefix("notify.yaml:") for problem in caught.value.problems), caught.value


def test_all_mistakes_are_named_at_once() -> None:
    text = "default: {to: noc, group_wait: 5, mute: {}, escalate: {to: b}}\nreceivers: {noc: {mail: [x]}}\n"
    with pytest.raises(FileProblems) as caught:
        parse(documents.parse(text, "notify.yaml"))
    assert sorted(problem.code for problem in caught.value.problems) == [
        "missing-key", "missing-key", "value-error", "value-error",
    ]  # fmt: skip


def test_a_label_may_be_called_like_a_setting_to_come() -> None:
    text = "receivers: {a: {mail: [a@b.se]}}\nroutes: [{to: a, match: {mute: x}}]\ndefault: {to: a}"
    assert parse(documents.parse(text, "notify.yaml")).routes[0].match == {"mute": ("x",)}


def test_without_a_file_there_is_nobody_to_tell(tmp_path: Path, alert: Callable[..., Alert]) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing yet\n", encoding="utf-8")
    assert load(tmp_path / "notify.yaml") == load(tmp_path / "empty.yaml") == Routes()
    assert Routes().of(alert()) == ()


def test_the_shipped_file() -> None:
    routes = load(ROOT / "rules" / "notify.yaml")
    assert routes.receivers == {
        "noc": Receiver("noc", ("noc@example.org",), "en"),
        "field": Receiver("field", ("field@example.org",), "sv"),
    }
    assert routes.default is not None
    assert (routes.default.to, routes.default.group_wait) == ("noc", timedelta(seconds=30))


WAYS = """
receivers: {a: {mail: [a@x.se]}, b: {mail: [b@x.se]}, c: {mail: [c@x.se]}, noc: {mail: [noc@x.se]}}
routes:
  - {to: a, match: {site: "malmo*", level: critical}, continue: true}
  - {to: b, match: {team: [field, "f-*"]}}
  - {to: c, match: {level: [info], rule: slow}}
default: {to: noc}
"""


@pytest.mark.parametrize(
    ("changes", "to"),
    [
        ({"level": "critical"}, ["a", "b"]),
        ({"level": "warning"}, ["b"]),
        ({"level": "critical", "subject": "lund/l-1/1"}, ["b"]),
        ({"level": "critical", "labels": {}}, ["a"]),
        ({"labels": {"team": "f-west"}}, ["b"]),
        ({"labels": {"team": "noc"}}, ["noc"]),
        ({"level": "info", "labels": {}}, ["c"]),
        ({"level": "info", "rule": "fault"}, []),
    ],
)
def test_the_way_of_an_alert(alert: Callable[..., Alert], changes: dict[str, str], to: list[str]) -> None:
    routes = parse(documents.parse(WAYS, "notify.yaml"))
    assert [route.to for route in routes.of(alert(1, **changes))] == to
