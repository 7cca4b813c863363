"""`--html`: one file that needs nothing else, and in which hostile names stay text."""

import re
from html.parser import HTMLParser

from tests.authoring.backtest.conftest import RULES, SITES, Desk

SPAN = ("--from", "2026-05-04T12:00Z", "--to", "2026-05-04T14:00Z")
HOSTILE = "<script>alert(1)</script>\"'"


class Tags(HTMLParser):
    """What stands in a page: tags, and attributes that could load or run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.doubtful: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.doubtful += [each for each in attrs if each[0].startswith("on") or each[0] in {"src", "href", "action"}]


def page(desk: Desk, *words: str) -> str:
    path = desk.folder / "report.html"
    found = desk.run(*SPAN, "--html", str(path), *words)
    assert found.exit_code == 0, found.output
    return path.read_text(encoding="utf-8")


def test_it_stands_alone_with_a_timeline_and_every_episode(desk: Desk) -> None:
    desk.heartbeats(130, "malmo/m-1")
    desk.charging("malmo/m-1/1", [120.0] * 20 + [30.0] * 20 + [120.0] * 20)
    desk.store()
    text = page(desk)
    found = Tags(text)
    assert not found.tags & {"script", "link", "img", "iframe", "object"}
    assert found.doubtful == []
    assert "url(" not in text
    [bar] = re.findall(r'<rect class="warning bar" x="([\d.]+)" y="3" width="([\d.]+)"', text)
    assert [round(float(each)) for each in bar] == [220, 125]
    assert "avg(power_w, 5m) 30,0 kW" in text
    assert "2026-05-04 14:26:25" in text


def test_a_hostile_name_stays_text(desk: Desk) -> None:
    desk.write("sites.yaml", SITES.replace("m-1:", f"{HOSTILE!r}:".replace("\\'", "''")))
    subject = "malmo/%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%27/1"
    desk.row("status", 10, subject, status="Faulted")
    desk.store()
    text = page(desk)
    assert "script" not in Tags(text).tags
    assert Tags(text).doubtful == []
    assert "alert(1)" in text


def test_what_another_version_changes_is_told(desk: Desk) -> None:
    desk.heartbeats(130, "malmo/m-1")
    desk.charging("malmo/m-1/1", [120.0] * 20 + [66.0] * 20 + [120.0] * 20)
    desk.store()
    other = desk.folder / "other.yaml"
    other.write_text(RULES.replace("0.5 * expected_w", "0.6 * expected_w"), encoding="utf-8")
    assert "<h2>New against the other version</h2>" in page(desk, str(other), "--against", str(desk.folder / "rules"))
