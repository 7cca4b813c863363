"""Names and texts come from chargers and files: none of them may forge a header, a tag or a line, or swell the mail."""

from email import message_from_bytes, policy

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from monitor.ids import Place
from monitor.notify.clean import clean, web_address
from monitor.notify.compose import MAX_BYTES, compose

URL = "https://laddvakt.example.org"
SENDER = "alerts@example.org"
HOSTILE = [
    "mc-1\r\nBcc: thief@example.org",
    "mc-1\n\n<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "⚡" * 300,
    "m" * 300,
    "mc\u202e1-cm\u2028mc\x85\x00\x1b[31m",
    "=?utf-8?q?forged?=",
    "a/b%2F",
    "\ud800",
    "=cmd()",
]


@pytest.fixture
def named(row, message):
    """A message in which every name and text is `name`."""

    def build(name: str, rows: int = 2, **changes: object):
        texts = {"title": name, "summary": name, "cause": name, "runbook": name}
        each = [row(Place(name, name, name).subject, rule=name, reason=name, **texts) for _ in range(rows)]
        places = {"site_name": name, "contact": name, "access": name, "links": {name: name}, "receiver": name}
        return message(*each, **{"key": name, "thread": name + "1", "group": {"site": name}, **places, **changes})

    return build


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_no_name_forges_a_header_or_a_tag(name, named, text_of):
    wire = compose(named(name), URL, SENDER).as_bytes()
    received = message_from_bytes(wire, policy=policy.default)

    assert set(received.keys()) == {
        "From", "To", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
        "X-Auto-Response-Suppress", "List-Id", "Subject", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert not received.defects
    assert not any(value.defects for value in received.values())
    html = text_of(received, "html")
    assert "<script" not in html
    assert "<img" not in html
    assert "49" not in text_of(received)
    assert "thief" not in {address.addr_spec for address in received["To"].addresses}


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_is_inert_in_the_curve_and_in_the_log(name, named, capsys):
    samples = [(int(named(name).at.timestamp() * 1e6) - 1, 3000.0, None)]
    mail = compose(named(name), URL, SENDER, samples=lambda *_: samples)
    structlog.wrap_logger(structlog.PrintLogger(), [structlog.processors.JSONRenderer()]).warning("sent", site=name)

    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert [part["Content-ID"] for part in pictures] == ["<curve0@laddvakt>", "<curve1@laddvakt>"]
    assert len({part.get_content() for part in pictures}) == 1  # no name is in it
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_long_name_is_cut_and_the_cut_is_seen(named, text_of):
    mail = compose(named("m" * 300), URL, SENDER)

    assert "m" * 59 + "…" in mail["Subject"]
    assert len(mail["Subject"]) < 250
    assert "m" * 119 + "…" in text_of(mail)


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("name", ["x", "⚡", "<", "å ", "=" * 2], ids=ascii)
def test_five_thousand_alerts_with_endless_texts_stay_under_100_kb(name, language, named, text_of):
    mail = compose(named(name * 5000, rows=20, firing=5000, language=language), URL, SENDER)

    assert len(mail.as_bytes()) < MAX_BYTES
    text = text_of(mail)
    shown = text.count("▲")
    assert 8 <= shown <= 20
    assert f"{5000 - shown:,}".replace(",", "\N{NO-BREAK SPACE}") in text


def test_more_rows_than_twenty_are_not_shown(row, message, text_of):
    mail = compose(message(*[row(f"malmo-central/mc-{i}/1") for i in range(30)]), URL, SENDER)

    assert text_of(mail).count("▲") == 20
    assert "and 10 more: https://laddvakt.example.org/alerts?site=malmo-central" in text_of(mail)


@given(st.text(), st.integers(2, 50))
def test_clean_gives_one_printable_line_of_at_most_the_limit(text, limit):
    line = clean(text, limit)

    assert len(line) <= limit
    assert line.splitlines() in ([], [line])
    line.encode()
    assert clean(line, limit) == line


NO_LINKS = ("javascript:alert(1)", "http://[", "//x", "https://", "ftp://x", "https://x y", "http://x\n")


@pytest.mark.parametrize("text", NO_LINKS)
def test_only_whole_web_addresses_become_links(text):
    assert web_address(text) == ""
