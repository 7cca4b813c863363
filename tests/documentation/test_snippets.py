"""Whatever the documentation says to type or to paste: commands and options that exist, addresses that answer, files
that are taken, links that lead somewhere.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest
from flask import Flask
from ruamel.yaml import YAML

from dashboards import create_app
from monitor import config, documents
from monitor.alerts import notify_file
from monitor.authoring.check import check_documents
from monitor.cli import commands
from tests.conftest import ROOT
from tests.dashboards import sample

FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TELEGRAFS = "Telegraf's own configuration: tests/operate holds docker/telegraf.conf against ours"
NOT_OURS = {
    ("docs/telegraf.md", "[[outputs.influxdb_v2]]"): TELEGRAFS,
    ("docs/metrics.md", "scrape_configs:"): "Prometheus' own; its rules are tested in tests/operate/test_metrics.py",
    ("docs/from-prometheus.md", "groups:"): "the rule as Prometheus has it; what becomes of it is checked below",
    ("docs/rules.md", "rules:"): "every key at once, with `...` for what is said elsewhere: tests/rules has each",
}
"""Blocks that are of another program or no whole file, by file and first line, and what holds them."""
ENDS = {"|", "||", "&&", ">", ">>", "&", ";"}


@dataclass(frozen=True)
class Block:
    file: str
    language: str
    text: str

    @property
    def first(self) -> str:
        return next((line for line in self.text.splitlines() if line.strip()), "").split("#")[0].strip()


def blocks() -> Iterator[Block]:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            yield Block(path.relative_to(ROOT).as_posix(), language, body)


BLOCKS = list(blocks())


def lines_of(program: str) -> list[tuple[str, list[str]]]:
    """Every use of a program in a block: the file, and its arguments."""
    found = []
    for block in BLOCKS:
        if block.language not in {"sh", ""}:
            continue
        lines = iter(block.text.replace("\\\n", " ").splitlines())
        for line in lines:
            if re.match(rf"(\S*/)?{program}\s", line):
                words = words_of(line, lines) if block.language else line.split("  ")[0].split()
                stop = next((n for n, word in enumerate(words) if word in ENDS), len(words))
                found.append((block.file, words[1:stop]))
    return found


def words_of(line: str, following: Iterator[str]) -> list[str]:
    """As a shell has them; quotes may go on over lines."""
    while True:
        try:
            return shlex.split(line, comments=True)
        except ValueError:
            line += "\n" + next(following)


def resolved(arguments: list[str]) -> tuple[click.Command, click.Context, list[str]]:
    command, context = commands, click.Context(commands, info_name="laddvakt")
    while isinstance(command, click.Group):
        name, *arguments = arguments
        inner = command.get_command(context, name)
        assert inner is not None, f"there is no command {name!r}"
        command, context = inner, click.Context(inner, info_name=name, parent=context)
    return command, context, arguments


def test_there_is_something_to_look_at() -> None:
    assert len(lines_of("laddvakt")) >= 25
    assert len(lines_of("curl")) >= 5


@pytest.mark.parametrize(("file", "arguments"), [
    pytest.param(*each, id=f"{each[0]}-{n}") for n, each in enumerate(lines_of("laddvakt"))
])  # fmt: skip
def test_every_command_exists_with_its_options(file: str, arguments: list[str]) -> None:
    command, context, rest = resolved(arguments)
    command.make_parser(context).parse_args([*rest])


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with sample.empty_service(tmp_path_factory.mktemp("snippets")) as empty:
        yield create_app(empty)


@pytest.mark.parametrize(("file", "arguments"), [
    pytest.param(*each, id=f"{each[0]}-{n}") for n, each in enumerate(lines_of("curl"))
])  # fmt: skip
def test_every_address_is_one_of_ours(app: Flask, file: str, arguments: list[str]) -> None:
    address = next(word for word in arguments if word.startswith("http"))
    sends = {"--json", "-d", "--data-binary", "--data", "-F"} & set(arguments)
    method = arguments[arguments.index("-X") + 1] if "-X" in arguments else "POST" if sends else "GET"
    app.url_map.bind("localhost").match(urlsplit(address.strip("\"'")).path, method=method)


@pytest.mark.parametrize("block", [
    pytest.param(block, id=f"{block.file}-{n}") for n, block in enumerate(BLOCKS)
    if block.language in {"toml", "yaml", "json"} and (block.file, block.first) not in NOT_OURS
])  # fmt: skip
def test_what_is_to_be_pasted_is_taken(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if block.language == "toml":
        for name in re.findall(r'_file = "([^"]+)"', block.text):
            (tmp_path / name).write_text("secret")
        (tmp_path / "laddvakt.toml").write_text(block.text)
        config.load(tmp_path / "laddvakt.toml", {})
    elif block.language == "json":
        for document in re.split(r"\n(?=[\[{])", block.text.strip()):
            json.loads(document)
    elif block.first == "receivers:":
        for name in re.findall(r"_file: ([\w.]+)", block.text):
            (tmp_path / name).write_text("secret")
        monkeypatch.chdir(tmp_path)
        routes = notify_file.parse(documents.parse(block.text, "notify.yaml"), secrets=tmp_path)
        assert routes.receivers
    elif block.first == "rules:":
        settings = config.Settings(paths=config.Paths(rules=tmp_path))
        assert check_documents([documents.parse(block.text, "a.yaml")], settings) == ()
    else:
        assert YAML(typ="safe").load(block.text)


def test_nothing_is_left_out_that_is_not_there() -> None:
    assert {(block.file, block.first) for block in BLOCKS} >= NOT_OURS.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http", "#", "mailto:")):
            assert (path.parent / target.split("#")[0]).exists(), f"{path.name} leads to {target}"


def test_every_make_target_is_there() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    said = {
        match for path in FILES for match in re.findall(r"`?\bmake ([a-z][\w-]*)`", path.read_text(encoding="utf-8"))
    }
    said |= {arguments[0] for _, arguments in lines_of("make")}
    assert said
    assert said <= targets
