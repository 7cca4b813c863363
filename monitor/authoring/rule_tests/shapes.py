"""What an author writes in rules/tests/*.yaml."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model

from monitor.alerts.notify_shapes import NotifyFile
from monitor.documents import Strict
from monitor.readings.schema import METER
from monitor.register import Site
from monitor.rules.answer import Level
from monitor.rules.model import Span

State = Literal["inactive", "pending", "firing", "resolved", "no_data", "never"]


class SeriesShape(Strict):
    """The long form of a series, which else is its values as text or a list of parts: they begin at `from`, one each
    `every`; `received`: when all of them came.
    """

    values: str
    begins: Span = Field(default=timedelta(0), alias="from")
    every: Span | None = None
    received: Span | None = None


def _series(value: object) -> object:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return {"values": value} if isinstance(value, str) else value


Series = Annotated[
    SeriesShape, BeforeValidator(_series, json_schema_input_type=str | float | list[str | float] | SeriesShape)
]
_NUMBERS: dict[str, Any] = {
    field.name: (Series | None, Field(default=None)) for field in METER.fields if field.kind == "number"
}


class OutletBase(Strict):
    """What a connector, or a station (its connector 0), said. Statuses and events of the link by time."""

    status: dict[str, str] = Field(default_factory=dict)
    link: dict[str, Literal["boot", "connected", "disconnected", "heartbeat"]] = Field(default_factory=dict)
    heartbeats: "HeartbeatsShape | None" = None


class HeartbeatsShape(Strict):
    """A heartbeat each `every`, from `from` until `until`, by default over the whole test."""

    every: Span
    begins: Span = Field(default=timedelta(0), alias="from")
    until: Span | None = None


OutletBase.model_rebuild()
OutletShape = create_model("OutletShape", __base__=OutletBase, **_NUMBERS)


class SessionShape(Strict):
    """A transaction at a connector. Without `until` it goes on; `energy` is the register's difference at its end."""

    at: str
    begins: Span = Field(default=timedelta(0), alias="from")
    until: Span | None = None
    user: str | None = None
    reason: str | None = None
    energy: str | None = None


class HistoryShape(Strict):
    """What finished sessions say of a connector, by the names that rules have for it; times as of the test's start."""

    usual_power_w: str | float | None = None
    slow_share_10: str | float | None = None
    failed_share_10: str | float | None = None
    users_10: int | None = None
    since_delivered: Span | None = None
    usual_gap: Span | None = None
    last_stop_reason: str | None = None


class ExpectShape(Strict):
    """What a rule's alert is `at` a time, or at every evaluation `from` one `until` another, else over the whole test.

    Without `subject`: of every subject. `never` is neither pending nor firing.
    """

    rule: str
    state: State
    subject: str | None = None
    at: Span | None = None
    begins: Span | None = Field(default=None, alias="from")
    until: Span | None = None
    level: Level | None = None
    labels: dict[str, str] = Field(default_factory=dict)


class MailShape(Strict):
    """Messages that are planned. `to`: a receiver or an address. Whatever is left out may be anything; `count` is by
    default one or more.
    """

    to: str
    at: Span | None = None
    begins: Span | None = Field(default=None, alias="from")
    until: Span | None = None
    subject: str | None = None
    language: str | None = None
    count: int | None = None


class TestShape(Strict):
    """One test."""

    __test__ = False

    name: str
    start: datetime | None = None
    lasts: Span | None = None
    every: Span = timedelta(minutes=1)
    rules: list[str] = Field(default_factory=list)
    readings: dict[str, OutletShape] = Field(default_factory=dict)
    sessions: list[SessionShape] = Field(default_factory=list)
    history: dict[str, HistoryShape] = Field(default_factory=dict)
    expect: list[ExpectShape] = Field(default_factory=list)
    mails: list[MailShape] | None = None


class TestsFile(Strict):
    """A file under rules/tests/. `sites` and `notify` stand in for sites.yaml and notify.yaml."""

    __test__ = False

    sites: dict[str, Site] | None = None
    notify: NotifyFile | None = None
    tests: list[TestShape] = Field(min_length=1)
