"""The curve in a mail: drawn, described, in both languages, left out where it cannot be, and never too large."""

import io
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from monitor.errors import StoreUnavailable
from monitor.ids import Place
from monitor.notify.compose import MAX_BYTES, compose
from monitor.notify.curve import HEIGHT, WIDTH, Curve, _font, draw, stretch
from monitor.notify.words import WORDS

AT = datetime(2026, 1, 5, 12, 56, tzinfo=UTC)
URL, SENDER = "https://laddvakt.example.org", "alerts@example.org"


def falling(place: Place, start: datetime, end: datetime):
    """120 kW falling to 11, every 10 s, 150 kW offered."""
    steps = int((end - start).total_seconds() // 10)
    begin_us = int(start.timestamp() * 1e6)
    return [(begin_us + step * 10_000_000, 120e3 - 109e3 * step / steps, 150e3) for step in range(steps)]


def pictures(mail):
    received = message_from_bytes(mail.as_bytes(), policy=policy.default)
    return [part for part in received.walk() if part.get_content_type() == "image/png"]


@pytest.mark.parametrize(("language", "word"), [("en", "Power"), ("sv", "Effekt")], ids=["en", "sv"])
def test_it_stands_in_the_html_part_by_its_content_id_with_words(language, word, row, message, text_of):
    shown = message(row(), language=language)
    mail = compose(shown, URL, SENDER, samples=falling)

    (part,) = pictures(mail)
    assert part["Content-ID"] == "<curve0@laddvakt>"
    assert part.get_content_disposition() == "inline"
    html = text_of(mail, "html")
    assert 'src="cid:curve0@laddvakt"' in html
    assert f'alt="{word} 11,' in html
    assert ", 13:12-13:56" in html
    assert "cid:" not in text_of(mail)
    picture = Image.open(io.BytesIO(part.get_content()))
    assert picture.size == (WIDTH, HEIGHT)


def test_up_to_five_alerts_have_one_each_and_more_have_none(row, message):
    rows = [row(f"malmo-central/mc-1/{number}", alert=number) for number in range(1, 7)]

    five = compose(message(*rows[:5]), URL, SENDER, samples=falling)
    assert len(pictures(five)) == 5
    assert len(five.as_bytes()) < MAX_BYTES
    assert pictures(compose(message(*rows), URL, SENDER, samples=falling)) == []


def unreachable(place: Place, start: datetime, end: datetime):
    raise StoreUnavailable("the store is away")


@pytest.mark.parametrize("samples", [lambda *_: [], unreachable, None], ids=["no rows", "store away", "none wanted"])
def test_without_readings_the_mail_goes_without_it(samples, message, text_of):
    mail = compose(message(), URL, SENDER, samples=samples)
    assert pictures(mail) == []
    assert "<img" not in text_of(mail, "html")


def test_a_station_has_no_curve(row, message):
    assert pictures(compose(message(row("malmo-central/mc-1")), URL, SENDER, samples=falling)) == []


def test_the_font_has_the_letters_of_swedish():
    shapes = [bytes(_font(26).getmask(letter)) for letter in "aåäoöAÅÄOÖ\ufffe"]
    assert len(set(shapes)) == len(shapes)


@pytest.mark.parametrize("watts", [0.0, 3.0, 999.0, 1000.0, 350e3, 1e9])
def test_any_power_fits(watts):
    start, end = stretch(AT - timedelta(days=3), AT)
    begin_us = int(start.timestamp() * 1e6)
    samples = [(begin_us, watts, None), (begin_us + 1, None, None), (begin_us + 3_600_000_000, watts, None)]
    curve = Curve(samples, start, end, AT - timedelta(days=3), ZoneInfo("Europe/Stockholm"), watts / 2, watts * 2)
    assert draw(curve, dict(WORDS["sv"])).startswith(b"\x89PNG")
