"""Behind a proxy: X-Forwarded-For, -Proto and -Host are believed from trusted addresses and dropped from all others."""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_FORWARDED = ("FOR", "PROTO", "HOST", "PORT", "PREFIX", "BY")


def behind(app: "WSGIApplication", trusted: Sequence[str]) -> "WSGIApplication":
    """The application with what trusted proxies say of a request put in its place."""
    networks = [ip_network(each, strict=False) for each in trusted]

    def believed(text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in networks)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        told = {name: environ.pop(f"HTTP_X_FORWARDED_{name}", "") for name in _FORWARDED}
        environ.pop("HTTP_FORWARDED", None)
        if believed(environ.get("REMOTE_ADDR", "")):
            _believe(environ, told, believed)
        return app(environ, start_response)

    return answer


def _believe(environ: "WSGIEnvironment", told: dict[str, str], believed: Callable[[str], bool]) -> None:
    for hop in reversed(told["FOR"].split(",")):
        if _address(hop) is None:
            break
        environ["REMOTE_ADDR"] = str(_address(hop))
        if not believed(hop):  # what stands further left was said by somebody we do not know
            break
    scheme = told["PROTO"].rpartition(",")[2].strip().lower()
    if scheme in {"http", "https"}:
        environ["wsgi.url_scheme"] = scheme
    if host := told["HOST"].rpartition(",")[2].strip():
        environ["HTTP_HOST"] = host


def _address(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ip_address(text)
    except ValueError:
        return None
