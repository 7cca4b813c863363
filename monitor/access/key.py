"""The key of cookies and signed links."""

from pathlib import Path

from monitor import key_file
from monitor.config import Web

KEY_FILE = "web.key"
"""In `paths.var`: whoever has it can make links of mails. Logins stand in the database, so it alone opens none."""


def web_key(web: Web, var: Path) -> bytes:
    """`web.key`, else that of `var/web.key`, which is made the first time; raises InputError, StoreUnavailable."""
    if web.key:
        return key_file.checked(web.key, "web.key")
    lost = "remove it and start again: everybody logs in anew, links of mails already sent do not work"
    return key_file.read_or_make(var / KEY_FILE, purpose="signs cookies and links", remedy=lost)
