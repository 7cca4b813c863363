"""How the service is, as its page has it."""

from flask.typing import ResponseReturnValue

from dashboards.api.operation import operation
from dashboards.api.shapes.health import HealthShape
from dashboards.health_page import health_page
from dashboards.sources import service


@operation("/health", answer=HealthShape)
def health() -> ResponseReturnValue:
    """Each part of the service with its figures"""
    page = health_page(service())
    parts = [
        {
            "name": part.name,
            "state": part.symbol,
            "facts": [{"name": name, "value": value} for name, value in part.facts],
        }
        for part in page.parts
    ]
    return {"state": page.symbol, "title": page.title, "parts": parts}
