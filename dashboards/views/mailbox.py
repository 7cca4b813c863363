"""The demo's mailbox: mails as they were received. Only registered in the demo."""

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from dashboards.security import MAIL_POLICY
from dashboards.sources import Mail
from dashboards.sources import mailbox as demo_mailbox

mailbox = Blueprint("mailbox", __name__, url_prefix="/mailbox")


@mailbox.get("")
def all_() -> ResponseReturnValue:
    """All mails, newest first."""
    box = demo_mailbox()
    return render_template("mailbox.html", mails=box.mails if box else ())


@mailbox.get("/<int:mail_id>")
def one(mail_id: int) -> ResponseReturnValue:
    """One mail."""
    return render_template("mail.html", mail=_mail(mail_id))


@mailbox.get("/<int:mail_id>/html")
def html(mail_id: int) -> ResponseReturnValue:
    """The HTML part alone, for its frame: nothing in it may run or fetch."""
    response = Response(_mail(mail_id).html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


def _mail(mail_id: int) -> Mail:
    box = demo_mailbox()
    return (box.get(mail_id) if box else None) or abort(404)
