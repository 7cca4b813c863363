"""The Swedish catalogue is whole: every text of pages and scripts is in it, translated, with the same placeholders."""

import io
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from dashboards.words import WORDS
from monitor.rules.names import NAMES
from tests.conftest import ROOT
from tests.dashboards.sample import SampleService

CATALOGUE = ROOT / "dashboards/translations/sv/LC_MESSAGES/messages.po"
TEMPLATES = sorted((ROOT / "dashboards/templates").glob("*.html"))
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
MAPPINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"]["mappings"]
REFUSING = [pattern for mapping in MAPPINGS if isinstance(mapping["pattern"], list) for pattern in mapping["pattern"]]
"""Modules of `monitor` whose errors answer forms: their texts are in the catalogue too."""
SAME = {"Laddvakt", "CSV", "JSON", "HTML", "OCPI", "CDR", "API", "openapi.json", "kWh", "s", "h", "min", "auto"}
"""What stands in templates outside of `_()` because it is the same in every language."""


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return read_po(io.BytesIO(CATALOGUE.read_bytes()), locale="sv")


@pytest.fixture(scope="module")
def extracted() -> set[str]:
    """The singular of every text in the sources."""
    keywords: dict[str, Any] = {
        "_": None, "gettext": None, "_l": None, "ngettext": (1, 2), "InputError": None, "Conflict": None
    }  # fmt: skip
    found = [*extract_from_dir(ROOT / "dashboards", METHODS, {}, keywords)]
    found += extract_from_dir(
        ROOT / "monitor", [(pattern.removeprefix("monitor/"), "python") for pattern in REFUSING], {}, keywords
    )
    texts = {text[0] if isinstance(text, tuple) else text for _, _, text, _, _ in found}
    return texts | {name.meaning for name in NAMES}


def test_the_catalogue_holds_every_text_of_the_sources_and_no_other(catalogue: Catalog, extracted: set[str]) -> None:
    kept = {message.id if isinstance(message.id, str) else message.id[0] for message in catalogue if message.id}
    assert sorted(extracted - kept) == [], "make translations, then translate what is new"
    assert sorted(kept - extracted) == [], "make translations"


def test_everything_is_translated_and_nothing_fuzzy(catalogue: Catalog) -> None:
    for message in catalogue:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(texts), message.id
        assert not message.fuzzy or not message.id, message.id


def test_placeholders_and_the_space_around_a_text_are_the_same(catalogue: Catalog) -> None:
    def holes(text: str) -> tuple[set[str], bool, bool]:
        return set(re.findall(r"%\(\w+\)[rs]|</?\w+>", text)), text[0] == " ", text[-1] == " "

    for message in catalogue:
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            assert {str(holes(text)) for text in texts} <= {str(holes(text)) for text in ids}, message.id
            assert not list(message.check(catalogue)), message.id


def test_what_is_compiled_is_what_is_written(catalogue: Catalog) -> None:
    made = io.BytesIO()
    write_mo(made, catalogue)
    assert made.getvalue() == CATALOGUE.with_suffix(".mo").read_bytes(), "make install"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_word_of_a_template_escapes_translation(path: Path) -> None:
    bare = re.sub(
        r"\{#.*?#\}|\{%-? *trans.*?endtrans *-?%\}|\{%.*?%\}", "", path.read_text(encoding="utf-8"), flags=re.S
    )
    bare = re.sub(r"\{\{.*?\}\}", "·", bare, flags=re.S)
    said = re.findall(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"', bare)
    said += re.sub(r"<(?:code|script|style)\b.*?</(?:code|script|style)>|<[^>]*>|&\w+;", "\n", bare, flags=re.S).split()
    words = {word for text in said for word in re.findall(r"[A-Za-zÅÄÖåäö][\w.]*", text)}
    assert words - SAME == set()


@pytest.mark.parametrize("kind", WORDS)
def test_every_word_of_the_tables_is_translated(app: Flask, catalogue: Catalog, kind: str) -> None:
    with app.test_request_context("/?lang=en"):
        english = [str(word) for word in WORDS[kind].values()]
    assert all(catalogue.get(word) for word in english)


def test_the_language_is_the_browsers_until_the_reader_chooses_another(client: FlaskClient) -> None:
    swedish = {"Accept-Language": "sv-SE,sv;q=0.9,en;q=0.5"}
    assert '<html lang="en"' in client.get("/").text
    assert '<html lang="sv"' in client.get("/", headers=swedish).text
    assert '<html lang="en"' in client.get("/?lang=en", headers=swedish).text
    assert '<html lang="en"' in client.get("/alerts", headers=swedish).text, "it is remembered"
    assert '<html lang="sv"' in client.get("/?lang=sv").text
    assert '<html lang="sv"' in client.get("/?lang=nonsense", headers={"Accept-Language": "de"}).text


def test_rules_and_alerts_speak_the_readers_language(client: FlaskClient, busy: SampleService) -> None:
    page = client.get(f"/alerts/{busy.alerts.list(rule='slow-charging')[0].id}?lang=sv").text
    assert "Långsam laddning" in page
    assert "Trolig orsak" in page
    assert "Långsam laddning" in client.get("/rules").text
    assert "Slow charging" in client.get("/rules?lang=en").text


def test_a_page_in_another_language_is_another_page(client: FlaskClient) -> None:
    english = client.get("/?lang=en").headers["ETag"]
    assert client.get("/?lang=sv", headers={"If-None-Match": english}).status_code == 200
    assert {"Accept-Language", "Cookie"} <= set(client.get("/").vary)


@pytest.mark.parametrize("path", ["/no-such-page", "/alerts/999"])
def test_errors_can_be_read_in_the_other_language_too(client: FlaskClient, path: str) -> None:
    page = client.get(path, headers={"Accept": "text/html", "Accept-Language": "sv"}).text
    assert '<html lang="sv"' in page
    assert 'hreflang="en"' in page
