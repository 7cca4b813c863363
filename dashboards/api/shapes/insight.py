"""Answers about how places perform. The figures of a row are those of `monitor.insight.figures`."""

from typing import Any, Literal

from pydantic import Field, create_model

from dashboards.api.shapes.common import Page, PlaceShape, Shape, Time
from monitor.insight.congestion import Bottleneck
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


class CongestionShape(Shape):
    """A pool: a site's EVSEs of one current and power class. Shares are between 0 and 1; unknown is null, never 0.

    `full_by_hour`, `load_by_hour`: for each hour of the week on the site's clock, Monday 00-01 first, the share of the
    time in which it was full, and how many EVSEs were taken on average; null: no such hour lies in the time.
    """

    site: str
    pool: str
    evses: int
    pool_full_share: float | None
    taken_share: float | None
    arrivals: int
    after_full: int
    peak_hour: int | None = Field(description="0 is Monday 00-01")
    peak_load: float | None
    stay_s: float | None
    wait_share: float | None
    wait_s: float | None
    evses_needed: int | None
    lost_sessions: float | None
    pool_idle_share: float | None
    bottleneck: Bottleneck | None
    full_by_hour: list[float | None]
    load_by_hour: list[float | None]


class ReturningShape(Shape):
    """Users by how often they came; null: fewer than 5 users. `known_share`: of sessions, those with a known user."""

    cells: dict[str, int | None]
    users: int | None
    known_share: float | None


class BehaviourShape(Shape):
    """How people use a site. Lists have an entry for each hour of the week, Monday 00-01 first."""

    arrivals: int
    arrivals_by_hour: list[float | None]
    stay_by_hour: list[float | None] = Field(description="seconds")
    energy_by_hour: list[float | None] = Field(description="Wh")
    idle_by_hour: list[float | None] = Field(description="share of the stays, 0 to 1")
    by_month: dict[str, int]
    stays: dict[str, int] = Field(description="sessions by minutes plugged in")
    energies: dict[str, int] = Field(description="sessions by kWh")
    soc_in: dict[str, int] = Field(description="sessions by percent")
    soc_out: dict[str, int] = Field(description="sessions by percent")
    problems: dict[str, int | None]
    returning: ReturningShape


class AnomalyShape(PlaceShape):
    """What changed at a connector: a figure, from what it was to what it is, since when, and when that was plain."""

    subject: str
    figure: Literal["average_power_w", "peak_power_w", "first_kwh_s", "failed_share"]
    since: Time
    found: Time
    before: float
    after: float


class EarnedShape(Shape):
    """Sums over sessions; money without VAT."""

    key: str
    sessions: int
    energy_wh: float
    amount: float
    per_kwh: float | None


class ElementShape(Shape):
    """What one price of one tariff earned without VAT. `element`: its index in the tariff, null of services and price
    limits; `quantity` in `unit` and `unit_price` are as on the bills.
    """

    tariff: str
    element: int | None
    dimension: str
    unit: Literal["kWh", "h", "session"]
    unit_price: float
    sessions: int
    quantity: float
    amount: float


class RevenueShape(Shape):
    """What sessions of one currency earned without VAT. `under_cost`: those that earned less than their energy
    cost, and how much less; null without `cost_per_kwh`. `hours`: by hour of plug-in on the site's clock. `elements`:
    the largest first; null where more than 20,000 sessions are asked for.
    """

    currency: str
    total: EarnedShape
    parts: dict[str, float]
    tariffs: list[EarnedShape]
    groups: list[EarnedShape]
    hours: list[EarnedShape]
    under_cost: EarnedShape | None
    elements: list[ElementShape] | None


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
