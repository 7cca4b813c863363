"""What the on-call engineer reads, and in which order."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest
from jinja2 import DictLoader, Environment

from monitor.access.links import Links
from monitor.errors import InputError
from monitor.notify.compose import compose
from monitor.units import Money

URL = "https://laddvakt.example.org"
SENDER = "alerts@example.org"

THOUSANDS = "5\N{NO-BREAK SPACE}000"
SUBJECTS = {
    "one alert": (
        "[FIRING 1] critical malmo-central/mc-1: slow-charging",
        "[LARM 1] kritiskt malmo-central/mc-1: slow-charging",
    ),
    "one station": ("[FIRING 2] critical malmo-central/mc-1", "[LARM 2] kritiskt malmo-central/mc-1"),
    "one rule": ("[FIRING 2] critical malmo-central: slow-charging", "[LARM 2] kritiskt malmo-central: slow-charging"),
    "firing and resolved": (
        "[FIRING 1, RESOLVED 1] warning malmo-central: slow-charging",
        "[LARM 1, LÖST 1] varning malmo-central: slow-charging",
    ),
    "all resolved": (
        "[RESOLVED 1] critical malmo-central/mc-1: slow-charging",
        "[LÖST 1] kritiskt malmo-central/mc-1: slow-charging",
    ),
    "repeat": (
        "[STILL FIRING 1] critical malmo-central/mc-1: slow-charging",
        "[LARM KVARSTÅR 1] kritiskt malmo-central/mc-1: slow-charging",
    ),
    "site": ("[FIRING 1] info malmo-central: site-congested", "[LARM 1] info malmo-central: site-congested"),
    "two sites": ("[FIRING 2] critical 2 sites: slow-charging", "[LARM 2] kritiskt 2 anläggningar: slow-charging"),
    "thousands": (f"[FIRING {THOUSANDS}] critical malmo-central", f"[LARM {THOUSANDS}] kritiskt malmo-central"),
    "thousands anywhere": (f"[FIRING {THOUSANDS}] critical 1+ sites", f"[LARM {THOUSANDS}] kritiskt 1+ anläggningar"),
}


@pytest.fixture
def situations(row, message):
    return {
        "one alert": message(row()),
        "one station": message(row(), row("malmo-central/mc-1", "station-offline", level="warning")),
        "one rule": message(row(), row("malmo-central/mc-2/1")),
        "firing and resolved": message(
            row(level="warning"), row("malmo-central/mc-2/1", resolved_after=timedelta(minutes=9))
        ),
        "all resolved": message(row(resolved_after=timedelta(minutes=9)), kind="resolved"),
        "repeat": message(row(), kind="repeat"),
        "site": message(row("malmo-central", "site-congested", level="info")),
        "two sites": message(row(), row("lund-nova/ln-1/1")),
        "thousands": message(row(), firing=5000, group={"site": "malmo-central"}),
        "thousands anywhere": message(row(), firing=5000),
    }


@pytest.mark.parametrize("situation", SUBJECTS)
def test_the_subject_says_state_count_level_place_and_rule(situation, situations, message):
    planned = situations[situation]
    swedish = message(*planned.rows, **{**vars(planned), "rows": planned.rows, "language": "sv"})

    assert (compose(planned, URL, SENDER)["Subject"], compose(swedish, URL, SENDER)["Subject"]) == SUBJECTS[situation]


def test_the_text_says_measured_and_expected_then_cause_since_link_contact_access_links(row, message, text_of):
    text = text_of(compose(message(row(runbook="https://example.org/slow")), URL, SENDER))

    assert text.splitlines()[:15] == [
        "▲ CRITICAL: Slow charging",
        "Malmö Central / mc-1 / 1",
        "Firing: 1",
        "",
        "Gives 11,2 kW, 118 kW expected",
        "Probable cause: Power module dead",
        "Since: 2026-01-05 13:42 CET, 14 min ago",
        "Open the alert: https://laddvakt.example.org/alerts/17",
        "What to do: https://example.org/slow",
        "",
        "Contact: Site host, 040-12 34 56",
        "Access: Gate code at the kiosk",
        "csms: https://csms.example.org/mc-1",
        "",
        "-- ",
    ]


def test_swedish_is_whole(row, message, text_of):
    rows = (
        row(title="Långsam laddning", summary="Ger 11,2 kW, väntat 118 kW", cause="Trasig kraftmodul"),
        row("malmo-central/mc-2/1", resolved_after=timedelta(minutes=9), reason="rule changed"),
    )
    mail = compose(message(*rows, language="sv_SE", firing=30, group={"site": "malmo-central"}), URL, SENDER)

    text = text_of(mail)
    for line in (
        "▲ KRITISKT: Långsam laddning",
        "Larm: 30, Löst: 1",
        "Trolig orsak: Trasig kraftmodul",
        "Började: 2026-01-05 13:42 CET, för 14 min sedan",
        "Löst: 2026-01-05 13:51 CET, efter 9 min",
        "Skäl: regeln har ändrats",
        "Öppna larmet: https://laddvakt.example.org/alerts/17",
        "Tillträde: Gate code at the kiosk",
        "och 29 till: https://laddvakt.example.org/alerts?site=malmo-central",
        "Till noc, 2026-01-05 13:56 CET. Tider i Europe/Stockholm.",
    ):
        assert line in text.splitlines()
    assert '<html lang="sv">' in text_of(mail, "html")
    for english in ("Since", "cause", "Contact", "Access:", "ago", "resolved", "Firing", "Open"):
        assert english not in text.replace("Gate code", "")


def test_an_unknown_language_is_english(message, text_of):
    assert "Probable cause" in text_of(compose(message(language="fi"), URL, SENDER))


def test_times_are_the_sites_with_the_zone_beside_them(row, message, text_of):
    summer = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
    for zone, shown in (
        ("Europe/Stockholm", "12:00 CEST"),
        ("Asia/Kolkata", "15:30 IST"),
        ("America/Sao_Paulo", "07:00 UTC-03:00"),
    ):
        assert f"2026-07-01 {shown}. Times are in {zone}." in text_of(
            compose(message(at=summer, zone=zone), URL, SENDER)
        )


def test_html_says_the_same_with_level_as_colour_shape_and_word(row, message, text_of):
    html = text_of(compose(message(row()), URL, SENDER), "html")

    assert "▲&nbsp;critical" in html
    assert 'class="card lead critical"' in html
    assert 'href="https://laddvakt.example.org/alerts/17"' in html
    assert '<meta name="color-scheme" content="light dark">' in html
    # The first words of the body are the preheader: what inboxes show beside the subject.
    assert html.split("<body>")[1].split("</div>")[0].endswith(">Gives 11,2 kW, 118 kW expected")


def test_html_is_balanced_and_loads_nothing(row, message, text_of):
    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open, self.sources = [], []

        def handle_starttag(self, tag, attrs):
            self.sources += [value for name, value in attrs if name in {"src", "srcset", "background"}]
            if tag not in {"meta", "br"}:
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    reader = Reader()
    reader.feed(text_of(compose(message(row(), row("malmo-central/mc-2/1")), URL, SENDER), "html"))

    assert reader.open == []
    assert reader.sources == []


def test_without_a_public_address_there_are_no_dead_links(row, message, text_of):
    mail = compose(message(row(), firing=30, links={}), "", SENDER)

    assert "and 29 more" in text_of(mail)
    assert "href" not in text_of(mail, "html")
    assert "/alerts" not in text_of(mail)


def test_only_web_addresses_among_a_sites_links_are_shown(message, text_of):
    links = {"map": "https://map.example.org/malmo", "odd": "javascript:alert(1)", "phone": "tel:040123456"}
    mail = compose(message(links=links), URL, SENDER)

    assert '<a href="https://map.example.org/malmo">map</a>' in text_of(mail, "html")
    assert "javascript" not in text_of(mail, "html")
    assert "tel:" not in text_of(mail)


def test_several_sites_are_told_apart(row, message, text_of):
    text = text_of(compose(message(row(), row("lund-nova/ln-1/1"), site_name=""), URL, SENDER))

    assert "malmo-central / mc-1 / 1" in text
    assert "lund-nova / ln-1 / 1" in text
    assert "Firing: 2 · 2 sites" in text


def test_message_id_and_thread_follow_from_the_keys(message):
    first = compose(message(), URL, SENDER)
    again = compose(message(), "https://elsewhere.example.org", SENDER)
    second = compose(message(key="noc/malmo-central/2"), URL, SENDER)

    assert first["Message-ID"] == again["Message-ID"]
    assert first["Message-ID"].endswith("@example.org>")
    assert "References" not in first
    assert second["Message-ID"] != first["Message-ID"]
    assert second["References"] == second["In-Reply-To"] == first["Message-ID"]


def test_headers(message):
    mail = compose(message(), URL, "Driftcentralen Öst <alerts@example.org>")

    assert mail["From"] == "Driftcentralen Öst <alerts@example.org>"
    assert mail["To"] == "noc@example.org"
    assert mail["Date"].datetime == datetime(2026, 1, 5, 12, 56, tzinfo=UTC)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<noc.laddvakt.example.org>"


NO_ADDRESSES = ("", "noc", "noc@", "a@b.c, d@e.f", "jöur@example.org", "noc@example.org\nBcc: x@example.org")


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_named(address, message):
    with pytest.raises(InputError, match="is not a mail address"):
        compose(message(address=address), URL, SENDER)


@pytest.mark.parametrize("broken", ["mail.txt.j2", "mail.html.j2"])
def test_a_template_that_fails_gives_the_built_in_text_and_says_so(broken, row, message, text_of):
    sources = {"mail.txt.j2": "fine", "mail.html.j2": "fine"} | {broken: "{{ letter.no_such_thing.at_all }}"}
    rows = (row(), row("malmo-central/mc-2/1", title="Connector faulted", alert=18))

    mail = compose(message(*rows), URL, SENDER, Environment(loader=DictLoader(sources)))

    assert mail["Subject"] == "[FIRING 2] critical malmo-central: slow-charging"
    text = text_of(mail)
    assert "The mail template failed" in text
    assert "no_such_thing" in text
    for needed in (
        "Gives 11,2 kW, 118 kW expected",
        "Power module dead",
        "Connector faulted",
        "/alerts/18",
        "Gate code",
    ):
        assert needed in text
    assert mail.get_body(("html",)) is None


def test_the_mail_survives_the_wire(row, message, text_of):
    sent = compose(message(row(summary="Ger 11,2 kW ⚡ — väntat 118 kW")), URL, SENDER)
    received = message_from_bytes(sent.as_bytes(), policy=policy.default)

    assert "Ger 11,2 kW ⚡ — väntat 118 kW" in text_of(received)
    assert max(len(line) for line in sent.as_bytes().split(b"\r\n")) <= 998


def test_signed_links_of_the_first_alert_are_for_this_address_alone(row, message, text_of):
    links = Links(b"k" * 32)
    planned = message(row(), row("malmo-central/mc-2/1"))
    mail = compose(planned, URL, SENDER, links=links)
    for part in ("plain", "html"):
        said = text_of(mail, part)
        found = [links.read(text) for text in re.findall(re.escape(URL) + r"/m/([\w.-]+)", said)]
        assert [(link.action, link.alert, link.address) for link in found if link] == [
            (action, planned.rows[0].alert, planned.address) for action in ("acknowledge", "silence", "alert")
        ]
        assert f"{URL}/alerts/{planned.rows[1].alert}" in said


def test_a_resolved_alert_has_nothing_to_be_done(row, message, text_of):
    over = row(resolved_after=timedelta(minutes=5))
    said = text_of(compose(message(over, firing=0, resolved=1), URL, SENDER, links=Links(b"k" * 32)))
    assert said.count("/m/") == 1


def test_what_the_customers_session_costs_so_far_is_said(row, message, text_of):
    costly = replace(row(), price=Money(Decimal("187.30"), "SEK"))
    mail = compose(message(costly, row("malmo-central/mc-2/1")), "", "laddvakt@example.org")
    assert text_of(mail).count("Price to the customer so far: 187,30 kr") == 1
    assert "Price to the customer so far:</b> 187,30 kr" in text_of(mail, "html")
    untaxed = replace(row(), price=Money(Decimal(20), "SEK", taxed=False))
    mail = compose(message(untaxed, language="sv"), "", "laddvakt@example.org")
    assert "Pris för kunden hittills: 20 kr utan skatt" in text_of(mail)


DIGESTS = {
    "en": ("[SUMMARY: FIRING 1, RESOLVED 1]", "this stands for 7 messages from 2026-01-05 12:56 CET on"),
    "sv": ("[SAMMANFATTNING: LARM 1, LÖST 1]", "detta ersätter 7 meddelanden från 2026-01-05 12:56 CET"),
}


@pytest.mark.parametrize("language", DIGESTS)
def test_a_digest_says_that_it_is_one(language, row, message, text_of):
    rows = row(), row("malmo-central/mc-1/2", alert=18, resolved_after=timedelta(minutes=3))
    since = message().at - timedelta(hours=1)
    mail = compose(message(*rows, kind="digest", stands_for=7, since=since, language=language), URL, SENDER)

    subject, note = DIGESTS[language]
    assert mail["Subject"].startswith(subject)
    assert note in text_of(mail)
    assert note in text_of(mail, "html")


def test_a_shipped_runbook_is_a_page_of_the_service(row, message, text_of):
    mail = compose(message(row(runbook="docs/runbooks.md#slow-charging")), URL, SENDER)

    assert 'href="https://laddvakt.example.org/runbooks#slow-charging"' in text_of(mail, "html")
    assert "What to do: https://laddvakt.example.org/runbooks#slow-charging" in text_of(mail)
