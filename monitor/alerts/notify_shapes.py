"""The shapes that `rules/notify.yaml` may have. design.md, section 10."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from monitor.alerts.rotas import DAYS
from monitor.documents import Strict, WrittenDuration
from monitor.register import Zone
from monitor.units import parse_duration

_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
_APPRISE = re.compile(r"[a-z][a-z0-9+]*://\S+", re.IGNORECASE)
_HANDOVER = re.compile(rf"({'|'.join(DAYS)})[a-z]*\s+(\d\d:\d\d)", re.IGNORECASE)


def _span(value: object) -> timedelta:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} has no unit; write for example 30s, 5m or 4h")  # noqa: TRY004 - pydantic wants ValueError
    return parse_duration(value)


def mail_address(value: str) -> str:
    """The value, if mail can be sent to it; raises ValueError with what would be right."""
    if not _ADDRESS.fullmatch(value):
        raise ValueError(f"{value!r} is not a mail address; write for example noc@example.org")
    return value


def _groupable(value: str) -> str:
    if value == "level":
        raise ValueError("alerts cannot be grouped by level, which changes while they fire")
    return value


def _listed(value: object) -> object:
    if not isinstance(value, str | list):
        raise ValueError(f"write one text, or a list of them, in quotes where it is a number, not {value!r}")  # noqa: TRY004 - as above
    return [value] if isinstance(value, str) else value


def _some(value: object) -> object:
    return [value] if isinstance(value, dict) else value


def _clock(value: object) -> time:
    try:
        return time.fromisoformat(value if isinstance(value, str) and len(value) == len("22:00") else "")
    except ValueError:
        raise ValueError(f'{value!r} is not a time of day; write for example "22:00", in quotes') from None


def _handover(value: object) -> tuple[int, time]:
    found = _HANDOVER.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{value!r} is not a weekday and a time; write for example "Mon 09:00"')
    return DAYS.index(found[1].lower()), _clock(found[2])


def _date(value: object) -> date:
    try:
        return value if type(value) is date else date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a date; write for example 2026-01-05") from None


def _moment(value: object) -> datetime:
    try:
        return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a moment; write for example 2026-12-24T09:00") from None


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not value.isprintable() or " " in value:
        raise ValueError(f"{value!r} is not a web address; write for example https://example.org/hook")
    return value


def _apprise(value: str) -> str:
    if not _APPRISE.match(value):  # the value may hold a token, so it is not shown
        raise ValueError("is no address for apprise; write for example ntfy://ntfy.sh/topic")
    return value


Span = Annotated[timedelta, BeforeValidator(_span, json_schema_input_type=WrittenDuration)]
Globs = Annotated[list[str], BeforeValidator(_listed, json_schema_input_type=str | list[str]), Field(min_length=1)]
Address = Annotated[str, AfterValidator(mail_address)]
Language = Literal["en", "sv"]


class WebhookShape(Strict):
    """Where messages are posted; signed with what `secret_file`, beside notify.yaml, holds."""

    url: Annotated[str, AfterValidator(_web_address)]
    secret_file: str = ""


class ReceiverShape(Strict):
    """One receiver: every address gets a mail of its own. What `apprise` says may stand in `apprise_file`."""

    mail: list[Address] = Field(default_factory=list)
    webhook: WebhookShape | None = None
    apprise: Annotated[str, AfterValidator(_apprise)] = ""
    apprise_file: str = ""
    language: Language = "en"

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.apprise and self.apprise_file:
            raise ValueError("has apprise and apprise_file; write one of them")
        if not self.mail and self.webhook is None and not self.apprise and not self.apprise_file:
            raise ValueError("nobody is reached; write for example mail: [noc@example.org], a webhook, or apprise")
        return self


class OverrideShape(Strict):
    """Somebody stands in; moments without an offset are in the rota's zone."""

    start: Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)] = Field(alias="from")
    end: Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)] = Field(alias="to")
    who: Address


class RotaShape(Strict):
    """A receiver that is a person by turns of a week."""

    zone: Zone
    handover: Annotated[tuple[int, time], BeforeValidator(_handover, json_schema_input_type=str)]
    people: list[Address] = Field(min_length=1)
    start: Annotated[date, BeforeValidator(_date, json_schema_input_type=str)]
    overrides: list[OverrideShape] = Field(default_factory=list)
    language: Language = "en"


class MuteShape(Strict):
    """When nothing is told: without `days` every day."""

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(default=list(DAYS), min_length=1)
    start: Annotated[time, BeforeValidator(_clock, json_schema_input_type=str)] = Field(default=time(0), alias="from")
    end: Annotated[time, BeforeValidator(_clock, json_schema_input_type=str)] = Field(default=time(0), alias="to")
    zone: Zone


class EscalateShape(Strict):
    """Who is told when nobody acknowledges for so long."""

    after: Span
    to: str


class TargetShape(Strict):
    """Where alerts go and in what portions."""

    to: str
    group_by: list[Annotated[str, AfterValidator(_groupable)]] = Field(default=["site"])
    group_wait: Span = timedelta(seconds=30)
    group_interval: Span = timedelta(minutes=5)
    repeat_interval: Span = timedelta(hours=4)
    mute: Annotated[list[MuteShape], BeforeValidator(_some, json_schema_input_type=MuteShape | list[MuteShape])] = (
        Field(default_factory=list)
    )
    escalate: Annotated[
        list[EscalateShape], BeforeValidator(_some, json_schema_input_type=EscalateShape | list[EscalateShape])
    ] = Field(default_factory=list)


class RouteShape(TargetShape):
    """A target for alerts that match. `match`: label or place -> a glob, or several of which one has to match."""

    match: dict[str, Globs] = Field(default_factory=dict)
    goes_on: bool = Field(default=False, alias="continue")


class MaintenanceShape(Strict):
    """What comes again, and of which alerts nothing is told while it lasts."""

    name: str = Field(min_length=1)
    match: dict[str, Globs] = Field(min_length=1)
    windows: Annotated[list[MuteShape], BeforeValidator(_some, json_schema_input_type=MuteShape | list[MuteShape])] = (
        Field(min_length=1)
    )


class MonthlyShape(Strict):
    """The report of the month that is over, by mail, for each site that `site` names."""

    to: str
    site: Globs = Field(default=["*"])
    day: int = Field(default=1, ge=1, le=28)
    at: Annotated[time, BeforeValidator(_clock, json_schema_input_type=str)] = time(7)


class NotifyFile(Strict):
    """The whole of notify.yaml."""

    receivers: dict[str, ReceiverShape] = Field(default_factory=dict)
    rotas: dict[str, RotaShape] = Field(default_factory=dict)
    routes: list[RouteShape] = Field(default_factory=list)
    default: TargetShape | None = None
    maintenance: list[MaintenanceShape] = Field(default_factory=list)
    reports: list[MonthlyShape] = Field(default_factory=list)
