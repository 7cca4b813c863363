"""What queries and bodies hold: each parameter once, with its range and its meaning."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from dashboards.api.operation import Asked
from dashboards.parameters import COMMENT_MAX, LIMIT_DEFAULT, LIMIT_MAX, read_lines, read_moment
from monitor.access.model import Role, Scope
from monitor.alerts.remarks import Verdict
from monitor.insight.performance import By
from monitor.insight.picture import Standing
from monitor.insight.seasons import Season
from monitor.rules.answer import Level
from monitor.sessions.model import BillingState, Flag
from monitor.state.alert_order import Sort
from monitor.state.review_queue import Kind


def _shown(value: str) -> str:
    if "\x00" in value:
        raise ValueError("holds a NUL character")
    return value


def _line(value: str) -> str:
    line = " ".join(value.split())
    if not line.isprintable():
        raise ValueError("holds characters that cannot be shown")
    return line


Text = Annotated[str, Field(max_length=500), AfterValidator(_shown)]
Line = Annotated[str, Field(max_length=200), AfterValidator(_line)]
Lines = Annotated[str, Field(max_length=COMMENT_MAX), AfterValidator(read_lines)]
_MOMENT = {
    "type": "string",
    "description": "RFC 3339 with an offset, or epoch seconds",
    "examples": ["2026-03-01T12:00:00Z"],
}
Moment = Annotated[datetime, BeforeValidator(read_moment), WithJsonSchema(_MOMENT)]
Limit = Annotated[int, Field(ge=1, le=LIMIT_MAX, description="how many items an answer holds at most")]
Number = Annotated[int, Field(ge=1, le=2**53 - 1)]
Format = Annotated[Literal["json", "csv"] | None, Field(description="csv: the whole range as a stream; also by Accept")]
Site = Annotated[Text | None, Field(description="key of a site")]
Station = Annotated[Text | None, Field(description="name of a station, beside site")]
Connector = Annotated[Text | None, Field(description="name of a connector, beside site and station")]
Start = Annotated[Moment | None, Field(alias="from", description="inclusive")]
_BEHIND = "id of the last item of the page before, as `next` has it"
ORDER = Field(description="by which value; with `-` before it the other way round")
End = Annotated[Moment | None, Field(alias="to", description="exclusive")]


class Paged(Asked):
    """One page of a list; the answer's `next` is the address of the following one, or null."""

    limit: Limit = LIMIT_DEFAULT


class AlertsQuery(Paged):
    """Without `state`: active alerts and those resolved since `from`, else in the last 24 h."""

    state: Literal["active", "pending", "firing", "resolved", "all"] | None = None
    level: Level | None = None
    site: Site = None
    rule: Annotated[Text | None, Field(description="id of a rule")] = None
    start: Start = None
    sort: Annotated[
        Sort | None,
        Field(
            description="worst: firing, pending, resolved; worse before milder; then the oldest. -id: newest first, "
            "which is the order without it. id: oldest first"
        ),
    ] = None
    before: Annotated[Number | None, Field(description="only smaller ids, in the order -id")] = None
    after: Annotated[Number | None, Field(description="id of an alert: those behind it, as `next` has it")] = None
    format: Format = None


class SessionsQuery(Paged):
    """Sessions whose plug-in lies in the range; within a site or a state by plug-in."""

    start: Start = None
    end: End = None
    site: Site = None
    station: Station = None
    connector: Connector = None
    group: Annotated[Text | None, Field(description="a group of users")] = None
    flag: Annotated[Flag | None, Field(description="sessions with this flag")] = None
    state: BillingState | None = None
    tariff: Annotated[Text | None, Field(description="id of the tariff that priced them")] = None
    q: Annotated[Text | None, Field(description="part of an id, a transaction or a customer")] = None
    sort: Annotated[Literal["plug_in", "-plug_in", "id", "-id", "site", "-site", "state", "-state"], ORDER] = "-plug_in"
    before: Annotated[Text | None, Field(description=_BEHIND)] = None
    format: Format = None


class ReadingsQuery(Paged):
    """Rows of one measurement. Without `sort`: from `from` on in order of time, without `from` the newest first."""

    measurement: Literal["meter", "status", "transaction", "link"] = "meter"
    site: Site = None
    station: Station = None
    connector: Connector = None
    start: Start = None
    end: End = None
    sort: Annotated[Literal["time", "-time"] | None, ORDER] = None
    cursor: Annotated[Text | None, Field(description="as `next` has it")] = None
    format: Format = None


class SitesQuery(Paged):
    """Sites by what is the matter with them."""

    state: Annotated[Standing | None, Field(description="sites with a connector in this state")] = None
    level: Annotated[Level | None, Field(description="sites with a firing alert of this level or worse")] = None
    current: Annotated[Literal["AC", "DC"] | None, Field(description="sites with a connector of this current")] = None
    q: Annotated[Text | None, Field(description="part of a name of a site or of its stations")] = None
    sort: Annotated[Literal["worst", "-worst", "site", "-site"], ORDER] = "worst"
    after: Annotated[int, Field(ge=0, le=10**9, description="how many to pass over, as `next` has it")] = 0


class ConnectorsQuery(Paged):
    """Connectors; `place` is site, station and connector."""

    site: Site = None
    station: Station = None
    state: Standing | None = None
    sort: Annotated[
        Literal[
            "place", "-place", "state", "-state", "power_w", "-power_w", "rated_w", "-rated_w", "soc", "-soc",
            "status_since", "-status_since", "reading_at", "-reading_at",
        ],
        ORDER,
    ] = "place"  # fmt: skip
    after: Annotated[int, Field(ge=0, le=10**9, description="how many to pass over, as `next` has it")] = 0


class UndeliveredQuery(Paged):
    """Newest first."""

    before: Annotated[Number | None, Field(description="only smaller ids, as `next` has it")] = None


class SilencesQuery(Paged):
    """Silences; those of one moment in the order of their ids."""

    state: Annotated[Literal["current", "all"], Field(description="current: not over yet")] = "current"
    sort: Annotated[Literal["id", "-id", "starts_at", "-starts_at", "ends_at", "-ends_at"], ORDER] = "-id"
    before: Annotated[Number | None, Field(description=_BEHIND)] = None


class AuditQuery(Paged):
    """Entries; ids are in the order of time."""

    actor: Annotated[Text | None, Field(description="who did it")] = None
    action: Annotated[Text | None, Field(description="what was done, for example alert.acknowledge")] = None
    subject: Annotated[Text | None, Field(description="id of what was changed")] = None
    sort: Annotated[Literal["id", "-id", "actor", "-actor", "subject", "-subject"], ORDER] = "-id"
    before: Annotated[Number | None, Field(description=_BEHIND)] = None


class UsersQuery(Asked):
    """All of them."""

    sort: Annotated[Literal["name", "-name", "role", "-role", "created_at", "-created_at"], ORDER] = "name"


class TokensQuery(Asked):
    """All of them, revoked ones too; those that were never used are last by `used_at`."""

    sort: Annotated[
        Literal["id", "-id", "name", "-name", "scope", "-scope", "created_at", "-created_at", "used_at", "-used_at"],
        ORDER,
    ] = "-id"


class RulesQuery(Asked):
    """All in force; `file` is as the files have them."""

    sort: Annotated[
        Literal[
            "file", "-file", "id", "-id", "severity", "-severity", "matches", "-matches", "duration_s", "-duration_s"
        ],
        ORDER,
    ] = "file"


class CdrQuery(Asked):
    """Which of several."""

    ocpi: Literal["2.2.1", "2.3.0"] | None = None
    id: Annotated[Text | None, Field(description="id of a CDR, credit CDRs too")] = None


class ReviewQuery(Paged):
    """Sessions that wait."""

    kind: Kind | None = None
    sort: Annotated[Literal["plug_in", "-plug_in"], ORDER] = "plug_in"
    after: Annotated[Text | None, Field(description=_BEHIND)] = None


class TariffsQuery(Paged):
    """All in force; `file` is as the files have them."""

    sort: Annotated[Literal["file", "-file", "id", "-id", "currency", "-currency"], ORDER] = "file"
    before: Annotated[Text | None, Field(description=_BEHIND)] = None
    format: Format = None


class CompareQuery(Asked):
    """Sessions by plug-in."""

    tariff: Annotated[Text | None, Field(description="id of a tariff in force; *: all with their assignments")] = None
    start: Start = None
    end: End = None
    site: Site = None
    group: Annotated[Text | None, Field(description="a group of users")] = None
    format: Format = None


class PerformanceQuery(Paged):
    """Finished sessions by plug-in; without `from` all, until now at most."""

    by: Annotated[By, Field(description="what a row is about")] = "connector"
    start: Start = None
    end: End = None
    site: Site = None
    sort: Annotated[
        Literal[
            "worst", "-worst", "place", "-place", "sessions", "-sessions", "energy_wh", "-energy_wh", "plugged_s",
            "-plugged_s", "charging_s", "-charging_s", "idle_s", "-idle_s", "success_rate", "-success_rate", "uptime",
            "-uptime", "full_share", "-full_share", "idle_share", "-idle_share", "utilisation", "-utilisation",
            "average_power_w", "-average_power_w", "faults", "-faults", "revenue_excl_vat", "-revenue_excl_vat",
        ],
        Field(
            description="worst: the least health first, then the most sessions, unknown last; with `-` before it the "
            "other way round"
        ),
    ] = "worst"  # fmt: skip
    after: Annotated[int, Field(ge=0, le=10**9, description="how many to pass over, as `next` has it")] = 0
    format: Format = None


class CongestionQuery(Paged):
    """Whole local days within; without `from` all, without `to` until yesterday."""

    start: Start = None
    end: End = None
    site: Site = None
    target_wait_s: Annotated[float, Field(gt=0, le=86_400, description="mean wait that `evses_needed` would bring")] = (
        300
    )
    sort: Annotated[
        Literal[
            "worst", "-worst", "site", "-site", "lost_sessions", "-lost_sessions", "pool_full_share",
            "-pool_full_share", "wait_s", "-wait_s",
        ],
        Field(description="worst: what loses most sessions first; with `-` the other way round"),
    ] = "worst"  # fmt: skip
    after: Annotated[int, Field(ge=0, le=10**9, description="how many to pass over, as `next` has it")] = 0
    format: Format = None


class BehaviourQuery(Asked):
    """Finished sessions by plug-in; hours of the week over the whole local days within. `season`: of each year within,
    by whole months: winter is December to February.
    """

    start: Start = None
    end: End = None
    site: Site = None
    season: Season | None = None
    format: Format = None


class AnomaliesQuery(Asked):
    """The latest first."""

    site: Site = None
    format: Format = None


class RevenueQuery(Asked):
    """Finished sessions with a price, by plug-in."""

    start: Start = None
    end: End = None
    site: Site = None
    cost_per_kwh: Annotated[Decimal | None, Field(ge=0, le=1000, description="what a kWh costs, without VAT")] = None
    format: Format = None


class ExclusionBody(Asked):
    """What is excused, as NEVI allows it: the grid, the internet, vandalism, nature, planned maintenance."""

    site: Annotated[Line, Field(min_length=1)]
    station: Annotated[Line | None, Field(description="null: the whole site")] = None
    connector: Annotated[Line | None, Field(description="null: the whole station")] = None
    start: Moment
    end: Moment
    reason: Annotated[Line, Field(min_length=1)]


class AcknowledgeBody(Asked):
    """Who sees to it is whoever asks."""

    comment: Line = ""
    ticket: Line = ""
    assignee: Line = ""
    until: Annotated[Moment | None, Field(description="when it stops to count; null: with the alert")] = None


class CommentBody(Asked):
    """What to note; it may have several lines."""

    text: Annotated[Lines, Field(min_length=1)]


class VerdictBody(Asked):
    """Whether the alert was right: real, false, or known already."""

    verdict: Verdict
    comment: Line = ""


class SilenceBody(Asked):
    """What to mute, why and until when."""

    matchers: Annotated[
        dict[str, Annotated[list[Text], Field(min_length=1, max_length=100)]],
        Field(
            min_length=1, max_length=20, description="label, site, station, connector, rule, level or subject -> globs"
        ),
    ]
    reason: Annotated[Line, Field(min_length=1)]
    ends_at: Moment
    starts_at: Annotated[Moment | None, Field(description="null: now")] = None


class TokenBody(Asked):
    """A token for a program or a screen."""

    name: Annotated[Line, Field(min_length=1, max_length=64, description="what it is for")]
    scope: Scope


class UserBody(Asked):
    """A user."""

    name: Annotated[Line, Field(min_length=1, max_length=64)]
    role: Role
    password: Annotated[str, Field(min_length=10, max_length=1024)]


class PasswordBody(Asked):
    """Another password."""

    password: Annotated[str, Field(min_length=10, max_length=1024)]


class DecisionBody(Asked):
    """Why, and where a correction is decided, what is billed instead of what was measured."""

    reason: Annotated[Line, Field(min_length=1)]
    seen: Annotated[
        Text | None, Field(description="`seen` of the queue: refused (409) when the session changed since")
    ] = None
    by: Annotated[Line | None, Field(max_length=100, description="who decides, while there are no users")] = None
    energy_wh: Annotated[float | None, Field(ge=0, strict=True, allow_inf_nan=False, description="of a correction")] = (
        None
    )
    started: Annotated[Moment | None, Field(description="of a correction")] = None
    stopped: Annotated[Moment | None, Field(description="of a correction")] = None
    plug_out: Annotated[Moment | None, Field(description="of a correction")] = None
