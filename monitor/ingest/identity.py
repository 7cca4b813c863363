"""Identity tokens of users (RFID numbers, app accounts) -> keyed hashes, once, where readings and sessions come in.

A hash is `u-` and twenty hexadecimal digits: sixteen of the hash, four of a second hash over those. Whoever has the key
can thereby tell that a token is hashed already, so that a row that was exported and comes in again keeps its user.
"""

import hashlib
import hmac
import re
from pathlib import Path

import pyarrow as pa

from monitor import key_file
from monitor.config import Privacy
from monitor.readings.store import Batch

KEY_FILE = "user.key"
"""In `paths.var`: whoever has it can find out which hash belongs to a token that he knows."""
_HASHED = re.compile(r"u-[0-9a-f]{20}")


class Identities:
    """Turns tokens into what is stored: `key` None keeps them as they are. Any thread may use it."""

    def __init__(self, key: bytes | None) -> None:
        self._key = key

    def stored(self, token: str) -> str:
        """What is stored for a token; nothing stays nothing, and what was hashed with this key stays as it is."""
        if self._key is None or not token or self._is_ours(token):
            return token
        digits = self._digits(token, 16)
        return f"u-{digits}{self._digits(digits, 4)}"

    def column(self, tokens: pa.Array | pa.ChunkedArray) -> pa.Array:
        """A whole column of tokens; each distinct one is hashed once."""
        whole = tokens.combine_chunks() if isinstance(tokens, pa.ChunkedArray) else tokens
        encoded = whole.cast(pa.string()).dictionary_encode()
        words = [None if token is None else self.stored(token) for token in encoded.dictionary.to_pylist()]
        return pa.array(words, pa.string()).take(encoded.indices)

    def hidden(self, batch: Batch) -> Batch:
        """The batch with the users of its transactions as they are stored."""
        table = batch.tables.get("transaction")
        if self._key is None or table is None or "user" not in table.column_names:
            return batch
        at = table.column_names.index("user")
        table = table.set_column(at, "user", self.column(table["user"]))
        return Batch({**batch.tables, "transaction": table}, batch.received_at)

    def _is_ours(self, token: str) -> bool:
        return bool(_HASHED.fullmatch(token)) and hmac.compare_digest(token[18:], self._digits(token[2:18], 4))

    def _digits(self, text: str, count: int) -> str:
        assert self._key is not None
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:count]


PLAIN = Identities(None)
"""Keeps tokens as they come."""


def identities(privacy: Privacy, var: Path) -> Identities:
    """As configured. The key is `privacy.key`, else that of `var/user.key`, which is made the first time.

    Raises InputError for a key that is too short, StoreUnavailable when the file can be neither read nor made.
    """
    if privacy.users == "plain":
        return PLAIN
    if privacy.key:
        return Identities(key_file.checked(privacy.key, "privacy.key"))
    lost = "restore it from a backup, with another one known users are strangers"
    return Identities(key_file.read_or_make(var / KEY_FILE, purpose="hashes users", remedy=lost))
