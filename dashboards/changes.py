"""Who changes something, for the audit log."""

from flask import request

from dashboards.principals import principal


def actor() -> str:
    """Who is logged in; while there are no users, the name that was given in `by`, if any."""
    who = principal()
    if who.kind != "open":
        return who.name
    given = request.get_json(silent=True) if request.is_json else request.form
    name = str(given.get("by") or "").strip() if isinstance(given, dict) else ""
    return name[:100] or who.name
