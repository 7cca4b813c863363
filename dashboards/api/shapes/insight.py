"""Answers about how places perform. The figures of a row are those of `monitor.insight.figures`."""

from typing import Any

from pydantic import Field, create_model

from dashboards.api.shapes.common import Page, PlaceShape, Shape, Time
from monitor.insight.figures import BY_NAME, PERFORMANCE


class _Group(Shape):
    """What a row is about: a place, or what `label` names. Shares are between 0 and 1; unknown is null, never 0."""

    subject: str
    site: str | None
    station: str | None
    connector: str | None
    label: str | None = Field(description="of an EVSE, a vendor or a model")
    connectors: int
    currency: str | None
    faults_by_code: dict[str, int]


_FIGURES: dict[str, Any] = {
    name: (
        int if name == "sessions" else (int | None if BY_NAME[name].unit == "count" else float | None),
        Field(description=f"{BY_NAME[name].definition['en']} Unit: {BY_NAME[name].unit}."),
    )
    for name in PERFORMANCE
}
PerformanceShape = create_model("PerformanceShape", __base__=_Group, __doc__=_Group.__doc__, **_FIGURES)


class PerformancePage(Page[PerformanceShape]):
    """One page of rows. `start`, `end`: the time that they are of."""

    start: Time
    end: Time


class ExclusionShape(PlaceShape):
    """An outage that does not count against uptime."""

    id: int
    subject: str
    start: Time
    end: Time
    reason: str
    author: str


class FigureShape(Shape):
    """One figure. `better`: which way is good; null where neither is."""

    name: str
    kind: str
    unit: str
    label: dict[str, str]
    definition: dict[str, str]
    source: str
    better: str | None
