"""Where a webhook leads: its address looked up once, judged, and connected to just so.

Whoever writes notify.yaml must not reach what only this machine reaches: cloud metadata, databases without a login. A
name is resolved here and the connection goes to that very address, so a name that answers differently later (DNS
rebinding) gains nothing.
"""

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

import urllib3

from monitor.errors import DeliveryRefused, DeliveryUnavailable


@dataclass(frozen=True)
class Destination:
    """One https or http address with the numeric address it stands for now."""

    url: SplitResult
    address: str

    @classmethod
    def of(cls, url: str, *, private: bool) -> "Destination":
        """Look it up; raises DeliveryUnavailable when the name is unknown, DeliveryRefused for a private address."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise DeliveryUnavailable(f"webhook {_shown(parts)}: {host} cannot be looked up: {error}") from error
        address = str(found[0][4][0])
        if not private and _own(address):
            raise DeliveryRefused(
                f"webhook {_shown(parts)} leads to {address}, which is not a public address; where that is meant, set "
                "notify.private_addresses = true in laddvakt.toml"
            )
        return cls(parts, address)

    @property
    def path(self) -> str:
        """What is asked for, with its query."""
        return (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")

    @property
    def host_header(self) -> str:
        """Name and port as written, without user and password."""
        return self.url.netloc.rpartition("@")[2]

    @property
    def shown(self) -> str:
        """The address for pages and logs: without what may be secret in it."""
        return _shown(self.url)

    def connections(self, timeout: urllib3.Timeout) -> urllib3.HTTPConnectionPool:
        """A pool to the looked-up address, whose certificate has to be that of the name."""
        if self.url.scheme == "https":
            return urllib3.HTTPSConnectionPool(
                self.address, self.url.port or 443, timeout=timeout,
                server_hostname=self.url.hostname, assert_hostname=self.url.hostname,
            )  # fmt: skip
        return urllib3.HTTPConnectionPool(self.address, self.url.port or 80, timeout=timeout)


def leads_home(host: str) -> bool:
    """Whether the name is of an address in the own network; False also for what is no name at all."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(_own(str(each[4][0])) for each in found)


def _own(address: str) -> bool:
    """Whether a numeric address, which may name an interface, is not public."""
    return not ip_address(address.partition("%")[0]).is_global


def _shown(url: SplitResult) -> str:
    return f"{url.scheme}://{url.hostname}{f':{url.port}' if url.port else ''}/…"
