"""`laddvakt check --sample`: to whom an alert would be told, when and why."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli import commands
from monitor.errors import InputError

RULES = """
rules:
  - id: slow-charging
    title: {en: Slow charging, sv: Långsam laddning}
    on: connector
    when: power_w < 5 kW
    levels: {warning: power_w < 5 kW, critical: power_w < 2 kW}
    for: 3m
    keep_firing_for: 2m
    inhibited_by: [station-offline]
    labels: {team: field-service}
    message: {summary: slow}
  - {id: station-offline, title: Offline, on: station, when: not online, message: {summary: gone}}
"""
SITES = """
sites:
  lund: {name: Lund, zone: Europe/Stockholm, stations: {l-1: {connectors: {1: {current: DC, rated: 150 kW}}}}}
  malmo-central: {zone: Europe/Stockholm, stations: {mc-1: {connectors: {1: {current: DC, rated: 150 kW}}}}}
"""
NOTIFY = """
receivers:
  noc: {mail: [noc@x.se]}
  field: {mail: [field@x.se], language: sv}
  boss: {mail: [boss@x.se]}
rotas:
  on-call: {zone: Europe/Stockholm, handover: "Mon 09:00", people: [first@x.se, second@x.se], start: 2026-01-05}
routes:
  - {match: {team: nobody}, to: boss}
  - match: {team: field-service, level: critical}
    to: field
    mute: {from: "22:00", to: "06:00", zone: Europe/Stockholm}
    escalate: {after: 15m, to: on-call}
default: {to: noc, repeat_interval: 6h}
"""
SATURDAY = "2026-03-28T18:00"
"""In Malmö; at two o'clock in the coming night its clocks skip an hour."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A few files laid out as `rules/`."""
    (tmp_path / "alerts").mkdir()
    for name, text in {"alerts/a": RULES, "sites": SITES, "notify": NOTIFY}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path, sample: str, *words: str) -> Result:
    return CliRunner().invoke(commands, ["check", str(folder), "--sample", sample, *words], catch_exceptions=False)


def told(folder: Path, sample: str, *words: str) -> dict[str, Any]:
    found = run(folder, sample, "--at", SATURDAY, "--json", *words)
    assert found.exit_code == 0, found.output
    document: dict[str, Any] = json.loads(found.stdout)
    assert document["errors"] == []
    whole: dict[str, Any] = document["sample"]
    return whole


def story(found: dict[str, Any]) -> list[str]:
    """`17:03:30 field firing`: time in UTC, receiver, kind."""
    return [f"{m['at'][11:19]} {m['receiver']} {m['kind']}" for m in found["messages"]]


SLOW = "rule=slow-charging,site=malmo-central,level=critical"


def test_escalation_mute_window_and_repeats_by_the_wall_clock_across_its_change(folder: Path) -> None:
    found = told(folder, SLOW, "--hours", "16")
    assert (found["subject"], found["labels"]) == ("malmo-central/mc-1/1", {"team": "field-service"})
    assert found["firing_at"] == "2026-03-28T17:03:00Z"
    (route,) = found["routes"]
    assert (route["name"], route["to"], route["escalations"]) == (
        "route 2",
        "field",
        [{"after_s": 900, "to": "on-call"}],
    )
    # From 22:00 CET to 06:00 CEST: seven hours. The escalation of a muted route is muted too.
    assert route["muted"] == [{"from": "2026-03-28T21:00:00Z", "to": "2026-03-29T04:00:00Z"}]
    assert story(found) == [
        "17:03:30 field firing",
        "17:18:00 on-call firing",
        "04:00:00 field repeat",
        "04:00:00 on-call repeat",
        "08:00:00 field repeat",
        "08:00:00 on-call repeat",
    ]
    assert found["messages"][1]["why"] == "nobody has acknowledged it for 15m, escalation of route 2"


def test_the_turn_of_a_rota_is_handed_over(folder: Path) -> None:
    found = told(folder, SLOW, "--hours", "48")
    people = [m["address"] for m in found["messages"] if m["receiver"] == "on-call"]
    assert people[0] == "second@x.se"
    assert [turn["who"] for turn in found["turns"]["on-call"]] == ["second@x.se", "first@x.se"]
    assert found["turns"]["on-call"][1]["from"] == "2026-03-30T07:00:00Z"
    began = next(m for m in found["messages"] if m["address"] == "first@x.se")
    assert began["at"] == "2026-03-30T07:00:00Z"
    assert began["why"] == "the turn of this person has begun"


def test_what_begins_in_a_mute_window_is_told_when_it_ends(folder: Path) -> None:
    found = told(folder, SLOW, "--hours", "16", "--at", "2026-03-28T23:00")
    first = found["messages"][0]
    assert (first["at"], first["why"]) == ("2026-03-29T04:00:00Z", "the mute window is over")


def test_maintenance_is_named_with_its_hours_and_as_the_reason_of_what_is_told_after_it(folder: Path) -> None:
    window = '{from: "17:00", to: "20:00", zone: Europe/Stockholm}'
    with (folder / "notify.yaml").open("a", encoding="utf-8") as file:
        file.write(f'maintenance: [{{name: Grid test, match: {{site: "malmo-*"}}, windows: {window}}}]\n')
    found = told(folder, SLOW, "--hours", "3")
    hours = {"name": "Grid test", "from": "2026-03-28T17:03:00Z", "to": "2026-03-28T19:00:00Z"}
    assert found["maintained"] == [hours]
    first = found["messages"][0]
    assert (first["at"], first["why"]) == ("2026-03-28T19:00:00Z", "the maintenance 'Grid test' is over")
    text = run(folder, SLOW, "--at", SATURDAY, "--hours", "1").output
    assert "not told during the maintenance 'Grid test': Sat 2026-03-28 18:03:00 to Sat" in text
    assert "nobody is told of it: the maintenance 'Grid test' is under way" in text
    assert told(folder, SLOW.replace("malmo-central", "lund"), "--hours", "3")["maintained"] == []


def test_who_sees_to_it_is_not_reminded_and_nobody_is_escalated_to(folder: Path) -> None:
    found = told(folder, SLOW, "--acknowledged-after", "10m", "--lasts", "9h", "--hours", "24")
    assert story(found) == ["17:03:30 field firing", "04:00:00 field resolved"]


def test_its_end_is_told_after_keep_firing_for(folder: Path) -> None:
    found = told(folder, "rule=slow-charging,site=malmo-central,level=warning", "--lasts", "30m")
    assert story(found) == ["17:03:30 noc firing", "17:32:00 noc resolved"]
    assert found["resolved_at"] == "2026-03-28T17:32:00Z"


def test_a_sample_without_a_rule_has_any_labels_and_fires_at_once(folder: Path) -> None:
    found = told(folder, "team=nobody,site=malmo-central", "--hours", "1")
    assert (found["rule"], found["firing_at"], story(found)) == ("sample", found["true_at"], ["17:00:30 boss firing"])


def test_why_nobody_is_told(folder: Path) -> None:
    assert told(folder, "level=info")["silent_because"] == "level info is told only where a route's match names it"
    brief = told(folder, SLOW, "--lasts", "1m")
    assert (brief["firing_at"], brief["silent_because"]) == (None, "it does not hold for as long as the rule wants")
    quiet = told(folder, SLOW, "--at", "2026-03-28T23:00", "--hours", "2")
    assert quiet["silent_because"] == "its routes are muted"
    (folder / "notify.yaml").unlink()
    assert told(folder, SLOW)["silent_because"] == "notify.yaml has no route for it and no default"


def test_the_text_reads_like_the_files(folder: Path) -> None:
    text = run(folder, SLOW, "--at", SATURDAY, "--hours", "16").stdout
    assert "sample: slow-charging at malmo-central/mc-1/1, critical (team=field-service)" in text
    assert (
        "true from Sat 2026-03-28 18:00:00, fires Sat 2026-03-28 18:03:00 (for: 3m); times in Europe/Stockholm" in text
    )
    assert "route 2 (team: field-service, level: critical) to field: grouped by site, group_wait 30s" in text
    assert "; after 15m without acknowledgement also on-call" in text
    assert "muted Sat 2026-03-28 22:00:00 to Sun 2026-03-29 06:00:00" in text
    assert "on-call: second@x.se until " in text
    assert "Sat 2026-03-28 18:03:30  field <field@x.se>  [LARM 1] kritiskt malmo-central/mc-1: slow-charging" in text
    assert "route 2 takes it, group_wait 30s" in text
    assert "not told while one of these fires there or above: station-offline" in text


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ("rule=slow-chargin", "there is no rule 'slow-chargin'; did you mean 'slow-charging'?"),
        ("rule=slow-charging,level=critcal", "rule slow-charging is never 'critcal'; did you mean 'critical'?"),
        ("level=bad", "there is no level 'bad'"),
        ("rule=slow-charging,site=malmo-centrl", "no site 'malmo-centrl'; did you mean 'malmo-central'?"),
        ("rule=slow-charging,taem=x", "rule slow-charging has no label 'taem'; did you mean 'team'?"),
        ("slow-charging", "'slow-charging' is not key=value"),
    ],
    ids=["rule", "level", "no level", "site", "label", "no key"],
)
def test_what_the_files_do_not_know_is_named_with_the_nearest(folder: Path, sample: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        run(folder, sample)
    assert said in str(raised.value)


def test_calls_that_make_no_sense_are_exit_2(folder: Path) -> None:
    assert run(folder, SLOW, "--at", "noon").exit_code == 2
    assert run(folder, SLOW, "--lasts", "4").exit_code == 2
    assert run(folder / "notify.yaml", SLOW).exit_code == 2


def test_files_with_mistakes_are_told_of_and_no_sample_is_played(folder: Path) -> None:
    (folder / "notify.yaml").write_text(NOTIFY.replace("to: boss", "to: bss"), encoding="utf-8")
    done = run(folder, SLOW)
    assert done.exit_code == 1
    assert "there is no receiver 'bss'" in done.stdout
    assert "sample:" not in done.stdout
