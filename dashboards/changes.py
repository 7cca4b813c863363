"""What every view that changes something begins with: who does it, and whether the request may come from there."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import abort, request
from flask.typing import ResponseReturnValue

from dashboards.writes import Refused, refuse_other_sites

P = ParamSpec("P")
NOBODY = "local"
"""Who decides while there are no users: somebody at this machine who gave no name."""


def changes(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Refuse what a page of another site makes a browser send."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            refuse_other_sites()
        except Refused as refused:
            abort(refused.status, refused.message)
        return view(*args, **kwargs)

    return guarded


def actor() -> str:
    """Who changes something, for the audit log: the name that was given, as long as there is no login."""
    given = request.get_json(silent=True) if request.is_json else request.form
    name = str(given.get("by") or "").strip() if given else ""
    return name[:100] or NOBODY
