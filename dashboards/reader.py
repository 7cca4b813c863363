"""What a reader has chosen: the language of the words (`?lang=`, remembered), and the zone of the times (`?zone=`)."""

from collections.abc import Mapping
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask, Response, has_request_context, request

Language = Literal["en", "sv"]
ZoneChoice = Literal["site", "mine", "utc"]

LOCALES: Final[Mapping[str, str]] = {"en": "en_SE", "sv": "sv_SE"}
"""English words with Swedish numbers and ISO dates."""
LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "sv": "Svenska"}
"""Each by its own name, as whoever cannot read the other one looks for it."""
ZONES: Final[tuple[ZoneChoice, ...]] = get_args(ZoneChoice)

LANGUAGE_COOKIE: Final = "laddvakt-language"
ZONE_COOKIE: Final = "laddvakt-zone"
"""Where static/theme.js tells the browser's zone: no header does."""
_REMEMBERED_S: Final = 400 * 86_400
_NO_PAGES: Final = frozenset({"api", "static"})


def install(app: Flask) -> None:
    """Remember the language, and let the chosen zone stand in the address of every page that is linked to."""

    @app.after_request
    def remember(response: Response) -> Response:
        asked = request.args.get("lang", "")
        if asked in LOCALES:
            response.set_cookie(
                LANGUAGE_COOKIE, asked, max_age=_REMEMBERED_S, secure=request.is_secure, httponly=True, samesite="Lax"
            )
        return response

    @app.url_defaults
    def carry(endpoint: str, values: dict[str, object]) -> None:
        chosen = zone_asked()
        if chosen and endpoint.partition(".")[0] not in _NO_PAGES:
            values.setdefault("zone", chosen)


def language() -> str:
    """By the address, else as the browser was told before, else the first of its own languages that there is."""
    for known in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if known in LOCALES:
            return str(known)
    # Not by `best_match`, which would pass over en-GB for a Swedish that is wanted less.
    wanted = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((tag for tag in wanted if tag in LOCALES), "en")


def zone_asked() -> str | None:
    """What the address says of the zone; None where it says nothing that there is."""
    asked = request.args.get("zone") if has_request_context() else None
    return asked if asked in ZONES else None


def shown_zone(own: ZoneInfo) -> ZoneInfo:
    """The zone in which times are written whose own zone is `own`: that one unless the reader wants another."""
    match zone_asked():
        case "utc":
            return ZoneInfo("UTC")
        case "mine":
            return _browsers_zone() or own
        case _:
            return own


def stamp() -> str:
    """Changes with whatever of the reader's choice does not stand in the address."""
    return f"{language()} {request.cookies.get(ZONE_COOKIE, '') if zone_asked() == 'mine' else ''}"


def _browsers_zone() -> ZoneInfo | None:
    try:
        return ZoneInfo(request.cookies.get(ZONE_COOKIE, ""))
    except (ValueError, OSError, ZoneInfoNotFoundError):  # not a name, a folder of the database, no such zone
        return None
