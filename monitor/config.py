"""`laddvakt.toml` and `LADDVAKT_*` environment variables -> one frozen `Settings`.

`monitor.config_tree` reads both; here stands what may be in them, with its default and what it means.
"""

import os
from collections import abc
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from monitor import config_tree
from monitor.config_tree import Origins, Tree
from monitor.documents import nearest
from monitor.errors import FileProblems, Problem
from monitor.units import parse_duration


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]


class Section(BaseModel):
    """A table of the file. Numbers and booleans may come as text, because the environment knows only text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SECRET = "secret"  # noqa: S105 - a mark, no password
"""The mark of settings that nobody shows; the documentation names their `<key>_file` beside them."""


def _secret(description: str) -> Any:
    return Field("", description=description, json_schema_extra={SECRET: True})


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class Paths(Section):
    """Where things are, relative to the configuration file."""

    rules: Path = Field(Path("rules"), description="folder of the operator's files: alerts, tariffs, sites, notify")
    var: Path = Field(Path("var"), description="folder that the service writes: readings, state, locks")


class Store(Section):
    """The readings store."""

    kind: Literal["embedded", "influxdb"] = Field(
        "embedded", description="embedded: one DuckDB file under paths.var; influxdb: the server of [influxdb]"
    )


class InfluxDB(Section):
    """The server when store.kind is influxdb."""

    url: str = Field("http://127.0.0.1:8086", description="address of InfluxDB 1.6 to 3")
    org: str = Field("", description="organisation (2.x)")
    bucket: str = Field("charging", description="bucket (2.x), database (3.x), database or database/policy (1.x)")
    token: str = _secret("token (2.x, 3.x)")
    username: str = Field("", description="user (1.x)")
    password: str = _secret("password (1.x)")
    version: str = Field("auto", description="auto: what the server says of itself; else 1.6, 1.8, 2, 3, or clustered")
    create: bool = Field(True, description="make the bucket or database when it is not there")
    ca_file: str = Field("", description="certificates of an authority of your own, for https")
    timeout: Duration = Field(timedelta(seconds=10), description="how long one answer may take")


class Spool(Section):
    """Where batches wait while InfluxDB is away: paths.var/spool."""

    limit: int = Field(2**30, description="largest size on disk in bytes; beyond it writes are answered by 503")


class MappedMeasurement(Section):
    """What a measurement is called in an InfluxDB that others write to; what is not given has our name."""

    measurement: str = Field("", description="its name there")
    tags: dict[str, str] = Field({}, description='our tag = theirs (or a text field of theirs): station = "charger_id"')
    constants: dict[str, str] = Field({}, description='tags that all rows share: site = "malmo-central"')
    fields: dict[str, str] = Field({}, description='our field = theirs: power_w = "power_kw"')
    factors: dict[str, float] = Field({}, description="their number x factor = ours: power_w = 1000")


class Mapping(Section):
    """Foreign schemas, read as ours; per measurement a table [mapping.meter] and so on."""

    meter: MappedMeasurement = Field(MappedMeasurement(), description="meter readings")
    status: MappedMeasurement = Field(MappedMeasurement(), description="statuses")
    transaction: MappedMeasurement = Field(MappedMeasurement(), description="starts and stops")
    link: MappedMeasurement = Field(MappedMeasurement(), description="heartbeats, boots, connections")


class State(Section):
    """The SQL database for everything that is not a reading."""

    url: str = _secret("SQLAlchemy address, which may hold a password; empty: SQLite in paths.var")


class Evaluate(Section):
    """When and on what rules are evaluated."""

    interval: Duration = Field(
        timedelta(seconds=30), description="time between two evaluations (slots are its multiples)"
    )
    settle: Duration = Field(
        timedelta(seconds=5), description="how far behind the slot `now` is, so that readings have arrived"
    )
    window: Duration = Field(timedelta(minutes=30), description="longest look back of a rule over readings")
    window_limit: int = Field(8 * 2**30, description="largest file of the window beside InfluxDB, in bytes")
    lateness: Duration = Field(
        timedelta(minutes=5), description="how late rows in InfluxDB may be and still be found within a minute or two"
    )


def _network(value: str) -> str:
    ip_network(value, strict=False)
    return value


Networks = Annotated[list[Annotated[str, AfterValidator(_network)]], BeforeValidator(_listed)]


class Web(Section):
    """The pages and the write endpoint."""

    listen: str = Field("127.0.0.1:8080", description="address and port")
    public_url: str = Field("", description="how people reach the pages, for links in mails; empty: the listen address")
    threads: int = Field(8, ge=8, description="threads of the web server")
    max_body: int = Field(64 * 2**20, description="largest body of readings in bytes, after decompression")
    request_timeout: Duration = Field(timedelta(seconds=60), description="how long a request may take to arrive whole")
    admin_password_file: str = Field("", description="file with the password of the first admin, whose name is admin")
    write_token_file: str = Field("", description="file with a token that may write readings")
    trusted_proxies: Networks = Field(
        [], description="addresses or networks of proxies whose X-Forwarded-For, -Proto and -Host are believed"
    )
    key: str = _secret("key of cookies and signed links; empty: paths.var/web.key, made by itself")
    public_badges: bool = Field(
        False, description="whether anybody may have /badge/SITE.svg, which says how many connectors of a site are free"
    )
    public_page: bool = Field(
        False, description="whether anybody may see /public, which says the same of every site in the register"
    )
    login_lasts: Duration = Field(timedelta(days=7), description="how long a login lasts")


def _web_address(value: str) -> str:
    if value and not (value.startswith(("http://", "https://")) and urlsplit(value).hostname):
        raise ValueError(f"{value!r} is not a web address; write for example https://hc-ping.com/...")
    return value


HeartbeatUrl = Annotated[str, AfterValidator(_web_address)]


class Notify(Section):
    """How people are told, but for mail."""

    private_addresses: bool = Field(False, description="whether webhooks may lead into the own network")
    heartbeat_url: HeartbeatUrl = _secret(
        "asked for after each good tick, so that somebody notices when none comes; empty: none"
    )


class Mail(Section):
    """The mail server."""

    host: str = Field("", description="SMTP server; empty: mails wait in the outbox")
    port: int = Field(25, description="SMTP port")
    tls: Literal["none", "starttls", "implicit"] = Field("none", description="transport security")
    username: str = Field("", description="login name, if the server wants one")
    password: str = _secret("password")
    sender: str = Field("", description="From address; empty: laddvakt at the host's name")


class Sessions(Section):
    """How sessions are cut and billed."""

    zone: str = Field("Europe/Stockholm", description="IANA time zone of sites that name none")
    grace: Duration = Field(
        timedelta(minutes=10), description="how long after plug-out a session stays open for late readings"
    )
    bill_until: Literal["plug_out", "stopped"] = Field("plug_out", description="the end of the billed time")
    neither: Annotated[tuple[Literal["SuspendedEVSE", "Faulted", "Unavailable"], ...], BeforeValidator(_listed)] = (
        Field(
            ("SuspendedEVSE", "Faulted", "Unavailable"),
            description="statuses whose time is neither charging nor parking; those left out are parking",
        )
    )
    least_current: float = Field(
        6.0, ge=0, description="A per phase on AC: with less offered, SuspendedEV is neither, not parking"
    )


class Tariffs(Section):
    """How sessions are priced. OCPI leaves rounding to law and contract."""

    rounding: Literal["total", "line"] = Field("total", description="round the totals alone, or each line of a bill")
    halves: Literal["half-up", "half-even"] = Field("half-up", description="what happens to a half")
    digits: int = Field(4, ge=0, le=12, description="decimals of rounded lines, and of money in OCPI objects")


class Privacy(Section):
    """What is kept of people."""

    users: Literal["hash", "plain"] = Field(
        "hash", description="identity tokens of users: hash (with a key, where they come in) or plain"
    )
    key: str = _secret("key of the hash; empty: paths.var/user.key, made by itself")


def _kept(value: object) -> object:
    return timedelta() if value == "" else _duration(value)


def _at_least_a_day(span: timedelta) -> timedelta:
    if span and span < timedelta(days=1):
        raise ValueError("keep a day or more, or 0s for ever: rules and sessions under way need their rows")
    return span


Kept = Annotated[timedelta, BeforeValidator(_kept), AfterValidator(_at_least_a_day)]


class Retention(Section):
    """How long what is kept. 0s: for ever. Once a day what is older goes, in InfluxDB too, where it can delete."""

    meter: Kept = Field(timedelta(), description="meter readings; 0s: for ever")
    status: Kept = Field(timedelta(), description="statuses; the last one of each connector stays known")
    transaction: Kept = Field(timedelta(), description="starts and stops")
    link: Kept = Field(timedelta(), description="heartbeats, boots, connections")
    user: Kept = Field(
        timedelta(), description="users in starts and stops (embedded store) and in closed sessions; the rest stays"
    )


class Settings(Section):
    """Everything that can be configured."""

    paths: Paths = Paths()
    store: Store = Store()
    influxdb: InfluxDB = InfluxDB()
    spool: Spool = Spool()
    mapping: Mapping = Mapping()
    state: State = State()
    evaluate: Evaluate = Evaluate()
    web: Web = Web()
    mail: Mail = Mail()
    notify: Notify = Notify()
    sessions: Sessions = Sessions()
    tariffs: Tariffs = Tariffs()
    privacy: Privacy = Privacy()
    retention: Retention = Retention()

    @property
    def readings_file(self) -> Path:
        """Where the embedded store is; beside it stands who has it open."""
        return self.paths.var / "readings.duckdb"

    @property
    def state_url(self) -> str:
        """The database address in force."""
        return self.state.url or f"sqlite:///{self.paths.var / 'state.sqlite'}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches the web server."""
        return self.listen_address[0] in {"127.0.0.1", "::1", "localhost"}

    @property
    def public_url(self) -> str:
        """How people reach the pages, without a slash at the end."""
        return (self.web.public_url or f"http://{self.web.listen}").rstrip("/")

    @property
    def listen_address(self) -> tuple[str, int]:
        """Host and port of the web server."""
        host, _, port = self.web.listen.rpartition(":")
        return host.strip("[]") or "127.0.0.1", int(port)


def load(path: Path | None = None, environment: abc.Mapping[str, str] = os.environ) -> Settings:
    """Read the file (none: defaults) and the environment; raise FileProblems with every mistake.

    Relative paths count from the file's folder, so that the service may be started from anywhere.
    """
    tree = config_tree.read(path, environment, variables())
    problems = [*tree.problems]
    try:
        settings = Settings.model_validate(tree.values)
    except ValidationError as error:
        problems += [_problem(tree, details) for details in error.errors()]
    if problems:
        raise FileProblems(problems)
    base = path.parent if path else Path()
    paths = Paths(rules=base / settings.paths.rules, var=base / settings.paths.var)
    files = ("admin_password_file", "write_token_file")
    found = {name: str(base / path) for name in files if (path := getattr(settings.web, name))}
    return settings.model_copy(update={"paths": paths, "web": settings.web.model_copy(update=found)})


def doubts(path: Path | None, settings: Settings) -> list[Problem]:
    """Warnings about settings that are valid and still not what anybody wants."""
    if not settings.mail.host or settings.web.public_url:
        return []
    message = "mail.host is set but web.public_url is not: links in mails lead to the listen address"
    place = Origins(path).place(("mail", "host"))
    return [Problem(*place, "no-public-url", message, "warning")]


@dataclass(frozen=True)
class Setting:
    """One setting as the documentation has it: `path` is its place, ("mail", "host")."""

    path: tuple[str, ...]
    field: FieldInfo
    default: Any

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return config_tree.PREFIX + "__".join(self.path).upper()

    @property
    def secret(self) -> bool:
        """Whether its value is nobody's business."""
        extra = self.field.json_schema_extra
        return isinstance(extra, dict) and bool(extra.get(SECRET))


def every_setting(section: Section | None = None, at: tuple[str, ...] = ()) -> abc.Iterator[Setting]:
    """All that can be set, in the order of the file."""
    section = section or Settings()
    for key, field in type(section).model_fields.items():
        default = getattr(section, key)
        if isinstance(default, Section):
            yield from every_setting(default, (*at, key))
        else:
            yield Setting((*at, key), field, default)


def variables() -> list[str]:
    """The names of all environment variables that set something."""
    return [setting.variable for setting in every_setting()]


def _problem(tree: Tree, details: Any) -> Problem:
    path = tuple(str(part) for part in details["loc"])
    place = tree.origins.place(path)
    told = tree.origins.told(path)
    if details["type"] == "extra_forbidden":
        message = f"unknown setting {'.'.join(path)!r}{nearest(path[-1], _known(path[:-1]))}{told}"
        return Problem(*place, "unknown-key", message)
    message = f"{'.'.join(path)}: {details['msg'].removeprefix('Value error, ')}{told}"
    return Problem(*place, details["type"].replace("_", "-"), message)


def _known(path: tuple[str, ...]) -> abc.Iterable[str]:
    """What may stand in the section at `path`."""
    section: Section = Settings()
    for part in path:
        section = getattr(section, part)
    return type(section).model_fields
