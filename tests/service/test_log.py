"""The log of a running service: one line of JSON an event that matters, with the fields that docs/metrics.md names."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from monitor.demo.mailbox import Mailbox
from tests.conftest import ROOT
from tests.service.conftest import RULES, Running

DOCUMENT = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def events(service: Running, name: str) -> list[dict[str, Any]]:
    """What was logged under a name; every line is a JSON object."""
    lines = [json.loads(line) for line in (service.folder / "log").read_text().splitlines()]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    return [line for line in lines if line["event"] == name]


def test_one_line_an_event_from_start_to_stop(service: Running, mailbox: Mailbox) -> None:
    mailbox.stop()  # the first mail finds nobody
    service.start()
    (started,) = events(service, "started")
    assert started["level"] == "info"
    assert started["rules"] == 4  # ours, and three about the service itself

    now = int(datetime.now(UTC).timestamp())
    place = "site=lund,station=l-1,connector=1"
    service.write(
        f'transaction,{place},event=start session="7",meter_wh=0 {now - 700}\n'
        f'status,{place} status="Charging",error_code="NoError" {now - 700}\n'
        + "\n".join(f'meter,{place} power_w=300,session="7" {now - 700 + 60 * n}' for n in range(12))
    )
    (fired,) = service.eventually(lambda: events(service, "alert firing"), "an alert is logged")
    assert (fired["rule"], fired["subject"]) == ("no-power", "lund/l-1/1")
    failed = service.eventually(lambda: events(service, "message not sent"), "a mail that fails is logged")[0]
    assert (failed["level"], failed["channel"], failed["receiver"], failed["final"]) == (
        "warning",
        "mail",
        "noc",
        False,
    )
    assert failed["error"]

    rules = service.folder / "rules" / "alerts" / "a.yaml"
    rules.write_text(RULES.replace("severity", "severty"))
    refused = service.eventually(lambda: events(service, "file not taken"), "a mistake is logged")[0]
    assert refused["level"] == "warning"
    assert re.search(r"a\.yaml:\d+:\d+: .*severity", refused["problem"])
    rules.write_text(RULES)
    service.eventually(
        lambda: [each for each in events(service, "files taken") if each["mistakes"] == 0], "mended files are logged"
    )

    code, _ = service.terminate()
    assert code == 0
    assert len(events(service, "stopped")) == 1
    logged = {json.loads(line)["event"] for line in (service.folder / "log").read_text().splitlines()}
    assert {name for name in logged if f"`{name}`" not in DOCUMENT} == set()


def test_a_message_that_arrives_is_logged_with_its_alerts(service: Running, mailbox: Mailbox) -> None:
    service.start()
    now = int(datetime.now(UTC).timestamp())
    place = "site=lund,station=l-1,connector=2"
    service.write(
        f'transaction,{place},event=start session="8",meter_wh=0 {now - 700}\n'
        f'status,{place} status="Charging",error_code="NoError" {now - 700}\n'
        + "\n".join(f'meter,{place} power_w=300,session="8" {now - 700 + 60 * n}' for n in range(12))
    )
    (sent,) = service.eventually(lambda: events(service, "message sent"), "a mail that arrived is logged")
    assert (sent["channel"], sent["receiver"], sent["firing"]) == ("mail", "noc", 1)
    assert mailbox.mails
