"""Headers that keep a page from doing what it was not written to do, and a browser from showing an old one."""

from flask import Flask, Response, request

POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "frame-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
))  # fmt: skip
"""No inline script or style anywhere, nothing from other hosts."""

MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"
"""For the HTML of a mail in its frame alone: mails need inline styles; `sandbox` without a token lets nothing run."""


def install(app: Flask) -> None:
    """Put the headers on every answer that does not carry its own."""

    @app.after_request
    def headers(response: Response) -> Response:
        policy = response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "SAMEORIGIN" if "frame-ancestors 'self'" in policy else "DENY")
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if response.mimetype == "text/html":
            # One address has several bodies: the page and its fragment, in two languages; and none of them may be shown
            # again without asking.
            response.vary.update(("HX-Request", "Accept-Language", "Cookie"))
            response.headers.setdefault("Cache-Control", "private, no-cache")
        elif request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response
