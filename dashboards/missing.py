"""What is not here any more, or never was: said in its own words, with the way on."""

from typing import NoReturn

from flask import url_for
from werkzeug.exceptions import NotFound

from dashboards.language import gettext


class Missing(NotFound):
    """404 with the address and the label of the page where one goes on from there."""

    def __init__(self, description: str, further: tuple[str, str]) -> None:
        super().__init__(description)
        self.further = further


def no_alert(number: int) -> NoReturn:
    """There is no alert of this number."""
    told = gettext(
        "There is no alert %(number)s. Numbers are never given out twice: either the address is not whole, or it is of"
        " another service.", number=number,
    )  # fmt: skip
    raise Missing(told, (url_for("alerts.all_", state="all"), gettext("All alerts")))


def no_session(session_id: str) -> NoReturn:
    """There is no session of this name."""
    told = gettext(
        "There is no session %(id)s any more. Readings that came later may have shown that it was part of another one.",
        id=session_id,
    )  # fmt: skip
    raise Missing(told, (url_for("sessions.all_", q=session_id), gettext("Look for it among all sessions")))
