"""Names and texts that chargers and operators wrote, made harmless and short enough for a mail."""

import re
from urllib.parse import urlsplit

_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
"""Control characters (CR and LF end a header), every kind of line end, and the spaces around them."""

_SHIPPED = "docs/runbooks.md"
"""How shipped rules name theirs."""

_REORDERING = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Marks that change the direction of the text after them: a name with one could make a line read as another."""


def clean(text: str, limit: int) -> str:
    """One printable line of at most `limit` characters; what was cut off shows as `…`."""
    printable = _REORDERING.sub("", text).encode("utf-8", "replace").decode()  # a lone surrogate cannot be encoded
    line = _UNPRINTABLE.sub(" ", printable).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def runbook_address(text: str, base: str) -> str:
    """Where a rule's runbook is: a shipped one is a page of the service; what else is written stays as it is."""
    _, shipped, anchor = text.partition(_SHIPPED)
    return f"{base}/runbooks{anchor}" if shipped and text.startswith(_SHIPPED) and base else text


def web_address(text: str) -> str:
    """The text when it is an http or https address without spaces, else "": nothing else becomes a link."""
    try:
        parts = urlsplit(text)
    except ValueError:  # such as an unclosed [ in the host
        return ""
    printable = text.isprintable() and " " not in text
    return text if printable and parts.scheme in {"http", "https"} and parts.netloc else ""
