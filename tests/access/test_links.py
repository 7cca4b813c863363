"""A link is for one action, one alert and one address, and nobody else can make one."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.access.links import LASTS, Link, Links

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_what_was_signed_is_read() -> None:
    links = Links(b"k" * 32)
    text = links.sign("acknowledge", 17, "noc@x.se", NOON)
    assert links.read(text) == Link("acknowledge", 17, "noc@x.se", NOON + LASTS)
    assert text == links.sign("acknowledge", 17, "noc@x.se", NOON)
    assert text.isascii()
    assert set("/+=%") & set(text) == set()


@pytest.mark.parametrize("position", range(0, 60, 7))
def test_a_changed_letter_makes_it_worthless(position: int) -> None:
    text = Links(b"k" * 32).sign("acknowledge", 17, "noc@x.se", NOON)
    changed = text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]
    assert Links(b"k" * 32).read(changed) is None


@pytest.mark.parametrize(
    "text", ["", ".", "a.b", "x" * 5000, "\x00", "ä.ö"], ids=["empty", "dot", "ab", "long", "nul", "umlaut"]
)
def test_what_is_no_link_is_none(text: str) -> None:
    assert Links(b"k" * 32).read(text) is None


def test_another_key_reads_nothing() -> None:
    assert Links(b"l" * 32).read(Links(b"k" * 32).sign("silence", 1, "a@b.se", NOON + timedelta(days=1))) is None
