"""The whole way, as its users go it: readings in by influxdb-client, a mail out by SMTP, a priced session on a page."""

import contextlib
import http.client
import itertools
import json
import re
import time
import urllib.error
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread

from influxdb_client import InfluxDBClient, Point
from influxdb_client.client.write_api import SYNCHRONOUS

from monitor.readings.running import find


def connector(measurement: str, at: datetime, number: str, **fields: object) -> Point:
    point = Point(measurement).tag("site", "lund").tag("station", "l-1").tag("connector", number).time(at)
    for name, value in fields.items():
        point.field(name, value)
    return point


def transaction(event: str, at: datetime, number: str, **fields: object) -> Point:
    return connector("transaction", at, number, **fields).tag("event", event)


def finished_session(ended: datetime) -> list[Point]:
    """20 kWh at 60 kW in 20 minutes on connector 1."""
    began = ended - timedelta(minutes=20)
    points = [
        connector("status", began - timedelta(minutes=1), "1", status="Preparing", error_code="NoError"),
        transaction("start", began, "1", session="77", user="04AABB", meter_wh=1_000_000.0),
        connector("status", began, "1", status="Charging", error_code="NoError"),
    ]
    points += [
        connector(
            "meter", began + timedelta(minutes=m), "1", power_w=60_000.0, energy_wh=1_000_000.0 + 1000 * m, session="77"
        )
        for m in range(21)
    ]
    return [
        *points,
        transaction("stop", ended, "1", session="77", meter_wh=1_020_000.0, reason="EVDisconnected"),
        connector("status", ended, "1", status="Finishing", error_code="NoError"),
        connector("status", ended + timedelta(seconds=30), "1", status="Available", error_code="NoError"),
    ]


def dead_session(began: datetime, now: datetime) -> list[Point]:
    """A car on connector 2 that gets next to nothing."""
    points = [
        transaction("start", began, "2", session="78", meter_wh=5000.0),
        connector("status", began, "2", status="Charging", error_code="NoError"),
    ]
    minutes = int((now - began) / timedelta(minutes=1))
    return points + [
        connector("meter", began + timedelta(minutes=m), "2", power_w=400.0, energy_wh=5000.0 + 7 * m, session="78")
        for m in range(minutes + 1)
    ]


def test_readings_become_an_alert_a_mail_and_a_priced_session_and_survive_kill_9(service, mailbox):
    service.start()
    now = datetime.now(UTC).replace(microsecond=0)
    with InfluxDBClient(service.url, token="any", org="o") as client:
        writer = client.write_api(write_options=SYNCHRONOUS)
        writer.write("b", record=finished_session(now - timedelta(minutes=30)))
        writer.write("b", record=dead_session(now - timedelta(minutes=12), now))
    found = find(service.folder / "var" / "readings.duckdb")
    assert (found.address, found.pid) == (service.url, service.process.pid)
    service.kill()  # right after the 204
    assert find(service.folder / "var" / "readings.duckdb") is None

    service.start()
    assert len(service.items("/api/v1/readings?measurement=meter&site=lund&station=l-1&connector=1")) == 21

    (alert,) = service.eventually(lambda: service.items("/api/v1/alerts?state=firing"), "an alert fires")
    assert (alert["rule"], alert["subject"], alert["level"]) == ("no-power", "lund/l-1/2", "critical")
    (mail,) = service.eventually(lambda: mailbox.mails, "a mail arrives")
    assert mail.recipients == ("noc@ops.example",)
    assert "lund" in mail.subject
    assert "Ingen effekt" in mail.text
    assert "ger 0,4 kW" in mail.text
    assert "http://pages.example/m/" in mail.text, "links that need no login"
    # 84 Wh at 5 kr.
    assert "Pris för kunden hittills: 0,42 kr" in mail.text
    assert "0,42" in service.get(f"/alerts/{alert['id']}").partition("price to the customer so far")[2][:80]

    session = service.eventually(
        lambda: next(
            (s for s in service.items("/api/v1/sessions") if s["total_incl_vat"] is not None and s["plug_out"]), None
        ),
        "the finished session is priced",
    )
    assert (session["connector"], session["energy_wh"], session["currency"]) == ("1", 20_000, "SEK")
    assert (float(session["total_excl_vat"]), float(session["total_incl_vat"])) == (80, 100)
    page = service.get(f"/sessions/{session['id']}")
    assert "20,0000" in page
    assert "100,00" in page

    service.kill()  # between ticks
    service.start()
    time.sleep(2.5)
    (again,) = service.items("/api/v1/alerts")
    assert {**again, "values": None} == {**alert, "values": None}
    assert len(mailbox.mails) == 1


PRICES = """
tariffs:
  - id: dc
    currency: SEK
    elements:
      - restrictions: {reservation: RESERVATION}
        price_components: [{type: FLAT, price: 8, vat: 25}, {type: TIME, price: 24, vat: 25}]
      - price_components: [{type: ENERGY, price: 4, vat: 25}, {type: PARKING_TIME, price: 48, vat: 25}]
assign: [{tariff: dc}]
"""


def full_car(began: datetime, services: str) -> list[Point]:
    """10 kWh in 10 minutes, then a quarter of an hour in which the full car asks for nothing."""
    full, ended = began + timedelta(minutes=10), began + timedelta(minutes=25)
    meter = [
        connector("meter", began + timedelta(minutes=m), "1", power_w=60_000.0 if m < 10 else 0.0,
                  energy_wh=5000.0 + 1000 * min(m, 10), session="9")
        for m in range(26)
    ]  # fmt: skip
    return [
        transaction("start", began, "1", session="9", meter_wh=5000.0),
        connector("status", began, "1", status="Charging", error_code="NoError"),
        *meter,
        connector("status", full, "1", status="SuspendedEV", error_code="NoError"),
        transaction("stop", ended, "1", session="9", meter_wh=15_000.0, services=services),
        connector("status", ended, "1", status="Available", error_code="NoError"),
    ]


def test_a_reservation_occupancy_and_what_was_sold_beside_are_each_a_line_of_the_bill(service):
    (service.folder / "rules" / "tariffs" / "t.yaml").write_text(PRICES)
    service.start()
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=60)
    reserved = {"reserved_from": (began - timedelta(minutes=30)).isoformat()}
    sold = json.dumps([{"name": "Biltvätt", "price": 80, "vat": 25}, reserved])
    with InfluxDBClient(service.url, token="any", org="o") as client:
        client.write_api(write_options=SYNCHRONOUS).write("b", record=full_car(began, sold))
    session = service.eventually(
        lambda: next((s for s in service.items("/api/v1/sessions") if s["total_incl_vat"] is not None), None),
        "the session is priced",
    )
    cdr = json.loads(service.get(f"/sessions/{session['id']}/cdr.json"))
    # 10 kWh and a quarter of an hour; the reservation's fee and half an hour; the wash.
    parts = {name: cdr[f"total_{name}_cost"]["excl_vat"] for name in ("energy", "parking", "reservation", "fixed")}
    assert parts == {"energy": 40, "parking": 12, "reservation": 20, "fixed": 80}
    assert session["total_incl_vat"] == (40 + 12 + 20 + 80) * 1.25
    page = service.get(f"/sessions/{session['id']}")
    for line in ("Energy", "Occupancy", "Reservation", "Reservation fee", "Extra service"):
        assert re.search(rf'<th scope="row"[^>]*>{line}\b', page), line
    assert "Biltvätt" in page


def test_a_broken_rule_file_leaves_the_last_good_rules_in_force_and_is_shown(service):
    service.start()
    path = service.folder / "rules" / "alerts" / "a.yaml"
    path.write_text(path.read_text().replace("avg(power_w", "avg(powr_w"))
    page = service.eventually(
        lambda: "powr_w" in (page := service.get("/rules")) and "did you mean" in page and page,
        "the mistake is on the page",
    )
    assert "no-power" in page
    assert "a.yaml" in page


GONE = (urllib.error.URLError, ConnectionError, http.client.RemoteDisconnected)
"""Nothing was begun: a client would try again."""


def until_gone(work: Callable[[int], None]) -> None:
    """Call `work` with 0, 1, 2, ... until nobody listens any more."""
    with contextlib.suppress(*GONE):
        for number in itertools.count():
            work(number)


def test_answers_under_way_at_sigterm_arrive_whole_and_what_was_acknowledged_is_kept(service):
    service.start()
    acknowledged: list[int] = []
    broken: list[str] = []

    def write(number: int) -> None:
        service.write(f"meter,site=lund,station=l-1,connector=1 power_w={number}.0 {1_790_000_000 + number}")
        acknowledged.append(number)

    def read(_: int) -> None:
        try:
            if not service.get("/").endswith("</html>"):
                broken.append("a page without its end")
        except http.client.IncompleteRead as error:
            broken.append(repr(error))

    clients = [Thread(target=until_gone, args=[work]) for work in (write, read, read)]
    for client in clients:
        client.start()
    service.eventually(lambda: len(acknowledged) > 50, "readings are being written")
    code, seconds = service.terminate()
    for client in clients:
        client.join(10)
    assert (code, broken) == (0, [])
    assert seconds < 5
    service.start()
    stored = service.get("/api/v1/readings?measurement=meter&from=0", accept="text/csv").count("\n")
    assert stored >= len(acknowledged) > 50
