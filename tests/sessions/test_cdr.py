"""A session as an OCPI CDR, read by an independent package (ocpi-types), and its credit CDR."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ocpi_types import v2_2_1, v2_3_0

from monitor import documents
from monitor.errors import InputError
from monitor.register import Register, RegisterFile
from monitor.sessions.billing import bill
from monitor.sessions.billing import priced as price_session
from monitor.sessions.cdr import credit, export
from monitor.sessions.cdr_check import check
from monitor.sessions.correction import Correction, corrected
from monitor.sessions.model import Session
from monitor.tariffs import cdr as cdrs
from monitor.tariffs import exact_json
from monitor.tariffs.files import TariffBook
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.priced_cdr import price_cdr
from monitor.tariffs.rounding import PER_TOTAL
from monitor.tariffs.versions import tariff_from_text, tariff_to_text

NOW = datetime(2026, 1, 10, tzinfo=UTC)
SITES = """
operator: {country_code: SE, party_id: LAV, name: Laddvakt}
sites:
  s:
    name: Site
    zone: Europe/Stockholm
    address: {street: Bangatan 1, city: Malmö, postal_code: "211 20", country: SWE, coordinates: [55.609, 13.001]}
    stations:
      ac:
        connectors:
          1: {current: AC, rated: 22 kW, phases: 3, standard: Type 2, evse_id: SE*LAV*E1001}
"""
TOKEN = {"token_type": "RFID", "contract_id": "SE-ABC-C12345678-9", "auth_method": "WHITELIST", "auth_reference": "r1"}
MODELS = [pytest.param("2.2.1", v2_2_1.Cdr, id="2.2.1"), pytest.param("2.3.0", v2_3_0.Cdr, id="2.3.0")]


@pytest.fixture
def sites() -> Register:
    return Register(documents.validate(documents.parse(SITES, "sites.yaml"), RegisterFile))


@pytest.fixture
def priced(paper: Any, charger: Any, book: TariffBook, sites: Register) -> Session:
    visit = charger.visit()
    for row in visit.rows:
        if row.measurement == "transaction" and row.fields.get("event") == "start":
            row.fields.update(TOKEN, user="u1")
    (session,) = paper.write(visit).read(200)
    return bill(session, book, sites, "plug_out")


@pytest.fixture
def exported(priced: Session, book: TariffBook, sites: Register) -> Callable[..., Any]:
    def make(session: Session = priced, register: Register = sites, **options: Any) -> Any:
        return export(session, book.tariffs["ac"], register, "plug_out", policy=PER_TOTAL, now=NOW, **options)

    return make


@pytest.mark.parametrize(("version", "model"), MODELS)
def test_an_independent_package_reads_it(version: str, model: Any, exported: Callable[..., Any]) -> None:
    made = exported(version=version)
    # Sockets and cables of AC connectors are not in the register: named, and given here for the other package.
    assert made.missing == ("cdr_location.connector_format",)
    complete = json.loads(exact_json.dumps(made.cdr))
    complete["cdr_location"]["connector_format"] = "SOCKET"
    read = model.from_dict(complete)
    assert read.to_dict() == complete
    assert (read.cdr_token.country_code, read.cdr_token.party_id) == ("SE", "ABC")
    assert read.cdr_location.connector_standard.value == "IEC_62196_T2"
    assert read.authorization_reference == "r1"


def test_amounts_of_both_versions(exported: Callable[..., Any]) -> None:
    old, new = exported().cdr, exported(version="2.3.0").cdr
    assert old["total_cost"] == {"excl_vat": 53, "incl_vat": Decimal("66.25")}
    assert new["total_cost"] == {
        "before_taxes": 53,
        "taxes": [{"name": "VAT", "percentage": 25, "amount": Decimal("13.25")}],
    }
    assert (old["total_energy"], old["total_time"], old["total_parking_time"]) == (
        11,
        Decimal("1.8333"),
        Decimal("0.8333"),
    )
    assert "total_reservation_cost" not in old
    assert new["tariffs"][0]["tax_included"] == "NO"
    assert "tax_included" not in old["tariffs"][0]


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_it_costs_the_same_when_it_is_priced_from_its_own_tariff(
    version: str, exported: Callable[..., Any], priced: Session, tmp_path: Path
) -> None:
    (tmp_path / "cdr.json").write_text(exact_json.dumps(exported(version=version).cdr), encoding="utf-8")
    (found,), _ = cdrs.read(tmp_path / "cdr.json")
    tariff = Tariff.model_validate(found.content["tariffs"][0])
    again = price_cdr(found, tariff, ZoneInfo("Europe/Stockholm"), PER_TOTAL)
    assert priced.bill is not None
    assert again.bill.total == priced.bill.total
    assert again.warnings == ()


def test_what_is_not_known_is_named_and_left_out(exported: Callable[..., Any], priced: Session) -> None:
    made = exported(replace(priced, details={}, user=None), Register())
    assert made.missing == (
        "country_code", "party_id", "cdr_token.country_code", "cdr_token.party_id", "cdr_token.uid", "cdr_token.type",
        "cdr_token.contract_id", "auth_method", "cdr_location.address", "cdr_location.city", "cdr_location.country",
        "cdr_location.coordinates", "cdr_location.evse_id", "cdr_location.connector_standard",
        "cdr_location.connector_format", "cdr_location.connector_power_type", "tariffs[0].country_code",
        "tariffs[0].party_id",
    )  # fmt: skip
    assert made.cdr["cdr_location"] == {"id": "s", "evse_uid": "ac-1", "connector_id": "1"}
    assert "auth_method" not in made.cdr


@pytest.mark.parametrize(("version", "model"), MODELS)
def test_the_credit_cdr_takes_the_total_back(version: str, model: Any, exported: Callable[..., Any]) -> None:
    sent = exported(version=version).cdr
    back = credit(sent, NOW)
    assert (back["id"], back["credit"], back["credit_reference_id"]) == (f"{sent['id']}-C", True, sent["id"])
    name = "excl_vat" if version == "2.2.1" else "before_taxes"
    assert back["total_cost"][name] == -53
    same = set(sent) - {"id", "total_cost", "last_updated"}
    assert {key: back[key] for key in same} == {key: sent[key] for key in same}
    complete = json.loads(exact_json.dumps(back))
    complete["cdr_location"]["connector_format"] = "SOCKET"
    assert model.from_dict(complete).credit is True


def test_a_session_without_a_price_has_no_cdr(exported: Callable[..., Any], priced: Session) -> None:
    with pytest.raises(InputError, match="has no price"):
        exported(replace(priced, bill=None))


def test_a_tariff_keeps_its_version_through_its_text(book: TariffBook) -> None:
    tariff = book.tariffs["ac"]
    assert tariff_from_text(tariff_to_text(tariff)) == tariff
    assert tariff_from_text(tariff_to_text(tariff)).version == tariff.version


def test_a_cdr_is_held_against_our_meter(exported: Callable[..., Any], priced: Session, tmp_path: Path) -> None:
    sent = json.loads(exact_json.dumps(exported().cdr))
    sent["charging_periods"][0]["dimensions"][0]["volume"] = 15
    (tmp_path / "cdr.json").write_text(json.dumps(sent), encoding="utf-8")
    (found,), _ = cdrs.read(tmp_path / "cdr.json")
    zone = ZoneInfo("Europe/Stockholm")
    theirs = price_cdr(found, Tariff.model_validate(found.content["tariffs"][0]), zone, PER_TOTAL)
    told = {(each.against, each.field) for each in check(theirs, zone, PER_TOTAL, priced)}
    # Its totals are what our meter says; its first period is not.
    assert ("price", "total_energy") in told
    assert ("price", "total_cost.excl_vat") in told
    assert {field for against, field in told if against == "meter"} == {"charging_periods[0].ENERGY"}
    grown = check(theirs, zone, PER_TOTAL, replace(priced, energy_wh=12_000.0))
    assert ("meter", "total_energy", 12) in {(each.against, each.field, each.ours) for each in grown}


@pytest.fixture
def decided(priced: Session, book: TariffBook, sites: Register) -> Session:
    """The session as a person corrected it."""
    found = corrected(replace(priced, bill=None), Correction(energy_wh=7_500.0, plug_out=priced.stopped))
    return price_session(found, book, sites, "plug_out")


@pytest.mark.parametrize(("version", "model"), MODELS)
def test_a_corrected_session_and_its_credit_validate_too(
    version: str, model: Any, decided: Session, exported: Callable[..., Any]
) -> None:
    made = exported(decided, version=version, cdr_id=f"{decided.id}-2")
    whole = json.loads(exact_json.dumps(made.cdr))
    whole["cdr_location"]["connector_format"] = "SOCKET"
    assert model.from_dict(whole).to_dict() == whole
    assert (whole["id"], whole["session_id"], whole["total_energy"]) == (f"{decided.id}-2", decided.id, 7.5)
    taken_back = json.loads(exact_json.dumps(credit(whole, NOW)))
    assert model.from_dict(taken_back).to_dict() == taken_back
    assert (taken_back["credit"], taken_back["credit_reference_id"]) == (True, f"{decided.id}-2")
    assert len(taken_back["id"]) <= 39
