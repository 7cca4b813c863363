"""The shipped runbooks as sections with anchors: where mails and pages lead who asks what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import request
from markdown_it import MarkdownIt
from markupsafe import Markup

import monitor
from dashboards.places import is_web
from monitor.notify.clean import runbook_address


@dataclass(frozen=True)
class Runbook:
    """What one rule's alerts mean and what to do; `name` is the rule's."""

    name: str
    html: Markup


def runbooks() -> Sequence[Runbook]:
    """All of docs/runbooks.md, in its order."""
    _, *sections = f"\n{_file().read_text(encoding='utf-8')}".split("\n## ")
    render = MarkdownIt("commonmark", {"html": False}).render
    parts = (section.partition("\n") for section in sections)
    # Our own file, without HTML.
    return [Runbook(name.strip(), Markup(render(text))) for name, _, text in parts]  # noqa: S704  # nosec B704


def runbook_page(text: str) -> str:
    """The address of the runbook that a rule names; "" where the text is no address."""
    address = runbook_address(text, request.root_url.rstrip("/"))
    return address if is_web(address) else ""


def _file() -> Path:
    """Inside the package in an installed wheel, beside the code in a checkout."""
    package = Path(monitor.__file__).parent
    shipped = package / "runbooks.md"
    return shipped if shipped.exists() else package.parent / "docs" / "runbooks.md"
