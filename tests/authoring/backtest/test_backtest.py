"""`laddvakt rules backtest` over the embedded store: episodes, mails, other versions of the files, exit codes."""

import pytest

from monitor.errors import FileProblems, InputError
from tests.authoring.backtest.conftest import Desk

TEN = ("12:10", "12:11")


def slow_charge(desk: Desk) -> None:
    """From minute 20 to 40 a car in Malmö gets 30 of the 120 kW that it had; a fault in Lund from 50 to 60."""
    desk.heartbeats(130, "malmo/m-1", "lund/l-1")
    desk.row("status", -30, "malmo/m-1/2", status="Available")
    desk.row("status", -30, "lund/l-1/1", status="Available")
    desk.charging("malmo/m-1/1", [120.0] * 20 + [30.0] * 20 + [120.0] * 20)
    desk.row("status", 50, "lund/l-1/1", status="Faulted", error_code="GroundFailure")
    desk.row("status", 60, "lund/l-1/1", status="Available")
    desk.store()


def test_every_episode_and_mail(desk: Desk) -> None:
    slow_charge(desk)
    told = desk.told()
    assert told == {
        "episodes": [
            {
                "rule": "slow", "subject": "malmo/m-1/1", "level": "warning", "pending_at": "2026-05-04T12:23:25Z",
                "firing_at": "2026-05-04T12:26:25Z", "resolved_at": "2026-05-04T12:41:25Z",
            },
            {
                "rule": "broken", "subject": "lund/l-1/1", "level": "critical", "pending_at": "2026-05-04T12:50:25Z",
                "firing_at": "2026-05-04T12:50:25Z", "resolved_at": "2026-05-04T13:00:25Z",
            },
        ],
        "mails": [
            {"receiver": "noc", "at": "2026-05-04T12:26:25Z", "subject": "[FIRING 1] warning malmo/m-1: slow"},
            {"receiver": "noc", "at": "2026-05-04T12:41:25Z", "subject": "[RESOLVED 1] warning malmo/m-1: slow"},
            {"receiver": "boss", "at": "2026-05-04T12:50:55Z", "subject": "[FIRING 1] critical lund/l-1: broken"},
            {"receiver": "boss", "at": "2026-05-04T13:00:25Z", "subject": "[RESOLVED 1] critical lund/l-1: broken"},
        ],
    }  # fmt: skip


def test_the_report_says_who_is_woken_when_and_by_what(desk: Desk) -> None:
    slow_charge(desk)
    said = desk.run("--from", "2026-05-04T14:00", "--to", "2026-05-04T16:00").stdout
    for line in (
        "2026-05-04 14:00:00 to 2026-05-04 16:00:00, times in Europe/Stockholm",
        "2 episodes, 4 mails",
        (
            "  slow malmo/m-1/1 warning: true 2026-05-04 14:23:25, fired 2026-05-04 14:26:25, "
            "resolved 2026-05-04 14:41:25 (15m); worst: avg(power_w, 5m) 30,0 kW"
        ),
        "  broken lund/l-1/1 critical: fired 2026-05-04 14:50:25, resolved 2026-05-04 15:00:25 (10m)",
        "  noc: 2, of which 0 at night; at most 2 a day (2026-05-04)",
        "    by hour: 14 2",
        "       1  slow",
        "       1  lund",
        "       1  lund/l-1/1",
    ):
        assert line in said.splitlines(), said


def test_a_night_is_told_apart(desk: Desk) -> None:
    desk.heartbeats(900, "lund/l-1")
    desk.row("status", 600, "lund/l-1/1", status="Faulted")
    desk.store()
    said = desk.run("--from", "2026-05-04T21:00Z", "--to", "2026-05-05T02:10Z").stdout
    assert "  boss: 2, of which 2 at night; at most 2 a day (2026-05-05)" in said.splitlines()
    assert "    by hour: none by day; at night 00 1, 04 1" in said.splitlines()


def test_one_rule_alone(desk: Desk) -> None:
    slow_charge(desk)
    told = desk.told("--rule", "broken")
    assert {episode["rule"] for episode in told["episodes"]} == {"broken"}
    assert {mail["receiver"] for mail in told["mails"]} == {"boss"}
    with pytest.raises(InputError, match=r"there is no rule 'brokn' about places; did you mean 'broken'"):
        desk.told("--rule", "brokn")


def test_files_at_hand_stand_before_those_in_force(desk: Desk) -> None:
    slow_charge(desk)
    mine = desk.folder / "mine.yaml"
    mine.write_text("""
rules:
  - {id: weak, title: t, on: connector, when: power_w < 40 kW and status == "Charging", inhibited_by: [broken],
     message: {summary: s}}
""", encoding="utf-8")  # fmt: skip
    notify = desk.folder / "other.yaml"
    notify.write_text("receivers: {me: {mail: [me@x.se]}}\ndefault: {to: me}\n", encoding="utf-8")
    told = desk.told(str(mine), str(notify))
    assert [(each["rule"], each["subject"]) for each in told["episodes"]] == [("weak", "malmo/m-1/1")]
    assert {mail["receiver"] for mail in told["mails"]} == {"me"}
    mine.write_text("rules:\n  - {id: weak}\n", encoding="utf-8")
    with pytest.raises(FileProblems, match=r"mine\.yaml:2:5: 'title' is missing"):
        desk.told(str(mine))


def test_an_inhibited_alert_is_an_episode_without_mail(desk: Desk) -> None:
    desk.write("alerts/all.yaml", """
rules:
  - {id: down, title: t, on: station, when: 'any(status == "Faulted")', message: {summary: s}}
  - {id: broken, title: t, on: connector, when: status == "Faulted", inhibited_by: [down], message: {summary: s}}
""")  # fmt: skip
    slow_charge(desk)
    told = desk.told("--rule", "broken")
    assert (len(told["episodes"]), told["mails"]) == (1, [])


def test_too_many_mails_for_one_day_end_with_1(desk: Desk) -> None:
    slow_charge(desk)
    span = ("--from", "2026-05-04T12:00Z", "--to", "2026-05-04T14:00Z")
    assert desk.run(*span, "--max-mails-per-day", "2").exit_code == 0
    found = desk.run(*span, "--max-mails-per-day", "1")
    assert found.exit_code == 1
    assert "boss: 2 mails on 2026-05-04, more than 1" in found.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--from", "noon"), "--from 'noon' is no time; write for example 2026-03-01T12:00:00Z"),
        (("--from", "2026-05-04", "--since", "3d"), "--from and --since say the same; give one of them"),
        (("--from", "2026-05-04", "--to", "2026-05-03"), "--from has to be before --to"),
    ],
    ids=["no-time", "two-begins", "backwards"],
)
def test_usage(desk: Desk, words: tuple[str, ...], message: str) -> None:
    found = desk.run(*words)
    assert found.exit_code == 2
    assert message in found.stderr


def test_nothing_is_saved(desk: Desk) -> None:
    slow_charge(desk)
    before = {path: path.stat().st_mtime_ns for path in (desk.folder / "rules").rglob("*")}
    desk.told()
    assert {path: path.stat().st_mtime_ns for path in (desk.folder / "rules").rglob("*")} == before
    assert not (desk.folder / "var" / "state.sqlite").exists()


def test_what_came_late_counts_from_its_own_time_unless_asked_otherwise(desk: Desk) -> None:
    desk.heartbeats(130, "lund/l-1")
    desk.row("status", 10, "lund/l-1/1", received=40, status="Faulted")
    desk.row("status", 60, "lund/l-1/1", status="Available")
    desk.store()
    begun = [desk.told(*words)["episodes"][0]["firing_at"] for words in ((), ("--as-received",))]
    assert begun == ["2026-05-04T12:10:25Z", "2026-05-04T12:40:25Z"]


def test_a_rule_that_was_not_true_for_long_enough_is_counted(desk: Desk) -> None:
    desk.heartbeats(130, "malmo/m-1")
    desk.charging("malmo/m-1/1", [120.0] * 20 + [30.0] * 5 + [120.0] * 20)
    desk.store()
    said = desk.run("--from", "2026-05-04T12:00Z", "--to", "2026-05-04T14:00Z").stdout
    assert "       0  slow (1 more did not last as long as `for`)" in said.splitlines()


def test_without_a_store_it_says_so(desk: Desk) -> None:
    with pytest.raises(InputError, match="there is no readings store"):
        desk.told()
