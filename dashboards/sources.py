"""What the pages ask of the service: nothing more than this, so that a test can give them a small one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, cast

from flask import current_app

from monitor.authoring.comparing import Comparisons
from monitor.authoring.in_force import InForce
from monitor.config import Settings
from monitor.ids import Place
from monitor.ingest.intake import Intake
from monitor.insight.picture import Picture
from monitor.readings.store import ReadingStore
from monitor.register import Register
from monitor.rules.answer import Flow
from monitor.sessions.model import Session
from monitor.state.alerts import AlertStore
from monitor.state.database import Database
from monitor.state.exclusions import ExclusionStore
from monitor.state.insight import InsightStore
from monitor.state.outbox import Outbox
from monitor.state.remarks import RemarkStore
from monitor.state.responses import ResponseStore
from monitor.state.review_queue import ReviewStore
from monitor.state.sessions import SessionStore
from monitor.state.tokens import TokenStore
from monitor.state.trend import Trend
from monitor.state.users import UserStore
from monitor.tariffs.files import TariffBook

KEY = "laddvakt"
"""Where the service stands in `app.extensions`."""
MAILBOX = "laddvakt-mailbox"
LOCAL_TOKEN = "laddvakt-local-token"  # noqa: S105 - where it stands, not what it is
"""The token that commands of the service's own user find beside the store: it may read and write readings."""


class Tick(Protocol):
    """One tick that is over."""

    @property
    def at(self) -> datetime:
        """Its slot."""
        ...

    @property
    def duration_s(self) -> float:
        """How long it took."""
        ...

    @property
    def failed(self) -> bool:
        """Whether anything failed."""
        ...


class Ticks(Protocol):
    """How the ticks have been going."""

    @property
    def recent(self) -> Sequence[Tick]:
        """The last ones, oldest first."""
        ...

    @property
    def last_at(self) -> datetime | None:
        """The slot of the newest tick."""
        ...

    @property
    def last_good_at(self) -> datetime | None:
        """The slot of the newest one in which nothing failed."""
        ...

    @property
    def last_duration_s(self) -> float | None:
        """How long it took."""
        ...

    @property
    def count(self) -> int:
        """Ticks since the start."""
        ...

    @property
    def missed(self) -> int:
        """Slots that were passed over because a tick was late."""
        ...

    @property
    def failed(self) -> int:
        """Ticks in which anything failed."""
        ...

    @property
    def total_s(self) -> float:
        """How long all of them took together."""
        ...

    @property
    def last_error(self) -> str:
        """Why the newest tick failed; empty when it did not."""
        ...


class Sender(Protocol):
    """What sends the messages of one channel."""

    @property
    def channel(self) -> str:
        """Its name: mail, chat, webhook."""
        ...

    @property
    def sent(self) -> int:
        """Messages that arrived since the start."""
        ...

    @property
    def failures(self) -> int:
        """Attempts that failed since the start."""
        ...


class Run(Protocol):
    """What one rule's last evaluation gave."""

    @property
    def at(self) -> datetime:
        """When it was."""
        ...

    @property
    def matches(self) -> int:
        """Subjects for which it was true."""
        ...

    @property
    def unknown(self) -> int:
        """Subjects of which it could not be said."""
        ...

    @property
    def error(self) -> str:
        """Why it failed; empty when it did not."""
        ...

    @property
    def duration_s(self) -> float:
        """Seconds that its statement took."""
        ...


class Rules(Protocol):
    """The rules in force and their last runs."""

    @property
    def in_force(self) -> InForce:
        """The operator's files, the last good ones, and what is wrong with the newer."""
        ...

    @property
    def runs(self) -> Mapping[str, Run]:
        """By rule."""
        ...


class Service(Protocol):
    """The running service."""

    @property
    def settings(self) -> Settings:
        """Every setting in force."""
        ...

    @property
    def demo(self) -> bool:
        """Whether this is the demo: every page says so."""
        ...

    @property
    def speed(self) -> float:
        """How many of the service's seconds pass in a real one."""
        ...

    @property
    def store(self) -> ReadingStore:
        """The readings."""
        ...

    @property
    def intake(self) -> Intake:
        """The way in for readings, with its counts."""
        ...

    @property
    def register(self) -> Register:
        """The register of sites."""
        ...

    @property
    def tariffs(self) -> TariffBook:
        """The tariffs and their assignments."""
        ...

    @property
    def alerts(self) -> AlertStore:
        """Stored alerts."""
        ...

    @property
    def sessions(self) -> SessionStore:
        """Stored sessions."""
        ...

    @property
    def reviews(self) -> ReviewStore:
        """Bills that wait for a person, and the decisions about them."""
        ...

    @property
    def trend(self) -> Trend:
        """The network's key figures of the last days."""
        ...

    @property
    def insight(self) -> InsightStore:
        """Figures of past sessions."""
        ...

    @property
    def exclusions(self) -> ExclusionStore:
        """Outages that do not count against uptime."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Messages on their way."""
        ...

    @property
    def users(self) -> UserStore:
        """Who may log in."""
        ...

    @property
    def tokens(self) -> TokenStore:
        """What programs and screens show instead."""
        ...

    @property
    def responses(self) -> ResponseStore:
        """Acknowledgements and silences."""
        ...

    @property
    def remarks(self) -> RemarkStore:
        """Comments and verdicts."""
        ...

    @property
    def database(self) -> Database:
        """The state database, for the audit log."""
        ...

    @property
    def key(self) -> bytes:
        """What cookies and links are signed with."""
        ...

    @property
    def comparisons(self) -> Comparisons:
        """Past sessions priced again, made in the background."""
        ...

    @property
    def flow(self) -> Flow | None:
        """What came in by the newest tick; None before the first and while the store is away."""
        ...

    @property
    def picture(self) -> Picture | None:
        """The newest tick's picture of all connectors; None before the first."""
        ...

    @property
    def rules(self) -> Rules:
        """The rules and how they run."""
        ...

    @property
    def workers(self) -> Sequence[Sender]:
        """One for each channel."""
        ...

    @property
    def ticks(self) -> Ticks:
        """How the ticks have been going."""
        ...

    def session(self, session_id: str) -> Session | None:
        """One session whole, with the price so far while it is under way; None when there is none of this id."""
        ...

    def session_at(self, place: Place) -> Session | None:
        """The session under way at a connector, with its price so far; None: no car is there."""
        ...

    def why(self, rule: str, subject: str, at: datetime | None = None) -> dict[str, Any]:
        """Why a rule says of a subject what it says; raises InputError when one of them does not exist."""
        ...

    def now(self) -> datetime:
        """The service's present."""
        ...


class Mail(Protocol):
    """One mail as the demo's mail server received it."""

    @property
    def id(self) -> int:
        """Counts from 1 in the order of arrival."""
        ...

    @property
    def received_at(self) -> datetime:
        """By the service's clock."""
        ...

    @property
    def sender(self) -> str:
        """The envelope's sender."""
        ...

    @property
    def recipients(self) -> tuple[str, ...]:
        """The envelope's recipients."""
        ...

    @property
    def subject(self) -> str:
        """Decoded."""
        ...

    @property
    def text(self) -> str:
        """The text part, or an empty one."""
        ...

    @property
    def html(self) -> str:
        """The HTML part, or an empty one."""
        ...

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """In the mail's own order."""
        ...


class Mailbox(Protocol):
    """The demo's mailbox."""

    @property
    def mails(self) -> tuple[Mail, ...]:
        """Newest first."""
        ...

    def get(self, mail_id: int) -> Mail | None:
        """One mail."""
        ...


def service() -> Service:
    """The service of the application that answers this request."""
    return cast("Service", current_app.extensions[KEY])


def mailbox() -> Mailbox | None:
    """The demo's mailbox; None outside the demo."""
    return cast("Mailbox | None", current_app.extensions.get(MAILBOX))
