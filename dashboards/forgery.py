"""Changes that a page of another site makes through somebody's browser are refused.

Every browser says where a change comes from (Origin, Sec-Fetch-Site); changes by a login's cookie also need the token
that only our own pages know. Programs with a token of theirs, and curl on an open service, send neither.
"""

from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import Forbidden

from dashboards import logins
from dashboards.principals import shows_token
from dashboards.sources import service
from monitor.access.model import Principal

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"same-origin", "none"})


def refuse_other_sites() -> None:
    """Raise Forbidden when a page of another site has made the request."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is not None and urlsplit(origin).netloc not in _hosts():
        raise Forbidden(f"writes from pages of {origin} are not taken")
    if site is not None and site not in _OURS:
        raise Forbidden("writes from pages of other sites are not taken")


def refuse_without_token(principal: Principal) -> None:
    """Raise Forbidden when the change comes from a browser and does not carry the token of our pages."""
    if shows_token() or not (principal.kind in {"user", "wall"} or _from_browser()):
        return
    if not logins.csrf_fits(request.headers.get("X-CSRF-Token") or request.form.get("csrf_token")):
        raise Forbidden("the form is not of this login; load the page again and send it once more")


def _from_browser() -> bool:
    return any(name in request.headers for name in ("Origin", "Sec-Fetch-Site"))


def _hosts() -> set[str]:
    return {request.host, urlsplit(service().settings.web.public_url).netloc} - {""}
