"""Damaged inputs of every kind: taken, or refused with an error of ours; never anything else, never for long."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from dashboards import create_app
from monitor import documents
from monitor.authoring.check import check_documents
from monitor.config import Paths, Settings
from monitor.errors import InputError, LaddvaktError
from monitor.ingest import line_protocol, session_table
from monitor.register import RegisterFile
from monitor.sessions.cdr_check import check
from monitor.tariffs import cdr as cdrs
from monitor.tariffs.foreign import TariffReader, choose
from monitor.tariffs.priced_cdr import price_cdr
from monitor.tariffs.rounding import Policy
from tests.conftest import ROOT
from tests.dashboards import sample
from tests.fuzz.mutations import damaged, fuzzed

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
PLACE = "site=lund,station=l-1,connector=1"
LINES = (
    f'meter,{PLACE} power_w=11000.5,energy_wh=120500i,session="7",soc=41 1777636800000000000',
    f'status,{PLACE} status="Charging",error_code="NoError" 1777636800000000000\nlink,site=a,station=b event="x"',
    f'transaction,{PLACE},event=stop session="7",meter_wh=1e3,reason="EV\\"x" 1777636800',
    "meter,site=a\\ b,station=s\\,1,connector=1 voltage_v=230,phases=3i,power_w=1u\n# note\n\n",
)
AT = "2026-05-01T11:00:00Z"
SAMPLE = {"timestamp": AT, "sampledValue": [{"value": "11000.5", "unit": "W", "measurand": "Power.Active.Import"}]}
OCPP = [
    json.dumps([2, str(number), action, payload])
    for number, (action, payload) in enumerate({
        "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
        "StartTransaction": {"connectorId": 1, "idTag": "A", "meterStart": 5, "timestamp": AT},
        "MeterValues": {"connectorId": 1, "transactionId": 7, "meterValue": [SAMPLE]},
        "StopTransaction": {"transactionId": 7, "meterStop": 9000, "timestamp": AT, "reason": "Local"},
        "TransactionEvent": {
            "eventType": "Updated", "timestamp": AT, "triggerReason": "MeterValuePeriodic", "seqNo": 3,
            "transactionInfo": {"transactionId": "t"}, "evse": {"id": 1, "connectorId": 1}, "meterValue": [SAMPLE],
        },
    }.items())
]  # fmt: skip
WRITTEN = [*(ROOT / "rules" / "alerts").glob("*.yaml"), *(ROOT / "rules" / "tariffs").glob("*.yaml")]
FILES = [
    path.read_text(encoding="utf-8")
    for path in sorted([*WRITTEN, ROOT / "rules" / "sites.yaml", ROOT / "rules" / "notify.yaml"])
]
HEADINGS = "session,site,station,connector,plug_in,plug_out,energy_wh,charging_s,user"
CSV = [
    f"{HEADINGS}\na-1,lund,l-1,1,2026-05-01T10:00:00+02:00,2026-05-01T12:00:00+02:00,11000,3600,04A1B2\n",
    f"{HEADINGS}\na-2,lund,l-1,1,2026-05-02 10:00,2026-05-02 11:00,5000,,\n",
    'session;plug_in;plug_out;site;station;connector\n"x ""y""";2026-10-25 02:30;2026-10-25 02:30;a;b;1\n',
]
EXPRESSIONS = (
    'status == "Charging" and session_age >= 5m and avg(power_w, 5m) < 0.5 * expected_w',
    "share(power_w < 5 kW, 30m) > 50 % or not (soc is missing)",
    'count(status in ("Faulted", "Unavailable")) / connectors between 10 % and 90 %',
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with sample.empty_service(tmp_path_factory.mktemp("fuzz")) as empty:
        yield create_app(empty).test_client()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of a folder without files: what is looked at stands for itself."""
    return Settings(paths=Paths(rules=tmp_path_factory.mktemp("rules")))


@fuzzed
@given(text=damaged(LINES), precision=st.sampled_from(("ns", "us", "ms", "s")))
def test_line_protocol(text: str, precision: line_protocol.Precision) -> None:
    parsed = line_protocol.parse(text.encode("utf-8", "surrogatepass"), precision, NOW)
    assert len(parsed.rejected) <= text.count("\n") + 1


@fuzzed
@given(body=st.binary(max_size=200))
def test_any_bytes_as_line_protocol(client: FlaskClient, body: bytes) -> None:
    assert client.post("/api/v2/write?org=o&bucket=b", data=body).status_code in {204, 400}


@fuzzed
@given(text=damaged(OCPP))
def test_ocpp_messages(client: FlaskClient, text: str) -> None:
    answer = client.post("/api/v1/ocpp/l-1", data=text.encode("utf-8", "surrogatepass"))
    assert answer.status_code < 500, text


@fuzzed
@given(text=damaged(FILES))
def test_files_of_rules_tariffs_sites_and_receivers(alone: Settings, text: str) -> None:
    try:
        problems = check_documents([documents.parse(text, "a.yaml")], alone)
    except InputError:
        return
    assert all(problem.message for problem in problems)


@fuzzed
@given(expression=damaged(EXPRESSIONS))
def test_expressions(alone: Settings, expression: str) -> None:
    rule = {"id": "a", "title": "t", "on": "connector", "when": expression, "message": {"summary": "s"}}
    text = json.dumps({"rules": [rule]})
    try:
        check_documents([documents.parse(text, "a.yaml")], alone)
    except InputError:
        return


@fuzzed
@given(text=damaged(CSV))
def test_sessions_as_csv(text: str) -> None:
    try:
        session_table.read(text.encode("utf-8", "surrogatepass"), {}, lambda _: STOCKHOLM, int(NOW.timestamp() * 1e6))
    except InputError:
        return


@pytest.fixture(scope="module")
def bills(shared: Path) -> tuple[str, ...]:
    """CDRs with their tariffs, of others."""
    found = tuple(path.read_text(encoding="utf-8") for path in sorted((shared / "ocpi").rglob("*cdr*.json")))
    assert found
    return found


@fuzzed
@given(data=st.data())
def test_cdrs_of_others(bills: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.json"
    path.write_bytes(data.draw(damaged(bills)).encode("utf-8", "surrogatepass"))
    try:
        found, _ = cdrs.read(path)
        for each in found:
            tariffs, said = TariffReader(leave_out=False).of_cdr(each)
            tariff, remarks = choose(each.cdr, tariffs, "f.json")
            check(price_cdr(each, tariff, STOCKHOLM, Policy(), (*said, *remarks)), STOCKHOLM, Policy())
    except LaddvaktError:
        return


def laughs() -> str:
    """Nine anchors, each of nine times the one before."""
    lines = ["l0: &l0 [x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines)


BOMBS = {
    "a billion laughs": laughs(),
    "an alias of itself": "a: &a [*a]",
    "nested lists": "[" * 5000,
    "nested maps": "a:\n" + "".join(f"{' ' * n}b{n}:\n" for n in range(1, 600)),
    "nested items": "rules: " + "- " * 3000,
    "nested keys": "? " * 3000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_yaml_that_is_a_bomb_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        documents.validate(documents.parse(text, "bomb.yaml"), RegisterFile)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 100_000], ids=["lists", "objects", "digits"])
def test_json_that_is_a_bomb_is_refused(client: FlaskClient, text: str) -> None:
    assert client.post("/api/v1/ocpp/l-1", data=text).status_code in {400, 413, 422}
