"""The description of the API, for programs and as a page."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from dashboards.api.openapi import document
from dashboards.api.operation import api, operation


@operation("/openapi.json", answer=dict[str, Any])
def openapi() -> ResponseReturnValue:
    """The description of the API"""
    return document()


@api.get("/reference")
def reference() -> ResponseReturnValue:
    """The operations, as a page."""
    told = document()
    groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in told["paths"].items():
        for method, described in methods.items():
            groups.setdefault(described["tags"][0], []).append((method.upper(), path, described))
    return render_template("reference.html", told=told, groups=groups)


@api.get("/reference/shapes")
def shapes() -> ResponseReturnValue:
    """What bodies and answers hold, as a page."""
    return render_template("shapes.html", shapes=document()["components"]["schemas"])
