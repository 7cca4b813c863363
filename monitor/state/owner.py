"""Which service holds a lease: several may share a state database, and each has a folder of its own."""

from pathlib import Path

from monitor import key_file


def service_id(var: Path) -> str:
    """The name of the service of this folder, the same after a restart; made the first time."""
    lost = "remove it and start again: what was being sent is sent again when its lease is over"
    return key_file.read_or_make(var / "service.id", purpose="names this service", remedy=lost).decode()[:16]
