"""The answer about the service itself."""

from dashboards.api.shapes.common import Shape


class Fact(Shape):
    """One line."""

    name: str
    value: str


class PartShape(Shape):
    """A part of the service: resolved is fine, warning wants a look, critical is broken."""

    name: str
    state: str
    facts: list[Fact]


class HealthShape(Shape):
    """How the service is."""

    state: str
    title: str
    parts: list[PartShape]
