"""`laddvakt user`: who may log in, and the tokens of programs and screens. Works while the service runs."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import Any, get_args

import click

from monitor.access.model import Role, Scope
from monitor.cli.settings import config_option, load
from monitor.errors import InputError
from monitor.service import RealClock
from monitor.state.database import Database
from monitor.state.tokens import TokenStore
from monitor.state.users import UserStore

password_option = click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="file with the password [asked for on a terminal, else read from standard input]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="one JSON document")


@click.group()
def user() -> None:
    """Users, their passwords, and tokens of programs and screens."""


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice(get_args(Role)), help="[admin for the first user, else viewer]")
@password_option
@config_option
def add(name: str, role: Role | None, password_file: Path | None, config_file: Path | None) -> None:
    """Let NAME log in."""
    with _state(config_file) as (users, _, now):
        chosen: Role = role or ("viewer" if users.exist() else "admin")
        users.add(name, chosen, _password(password_file), actor=_actor(), at=now)
    click.echo(f"{name} may log in as {chosen}")


@user.command()
@click.argument("name")
@password_option
@config_option
def passwd(name: str, password_file: Path | None, config_file: Path | None) -> None:
    """Give NAME another password; every browser logged in as NAME has to log in again."""
    with _state(config_file) as (users, _, now):
        if users.find(name) is None:
            raise InputError(f"there is no user {name!r}; add one with: laddvakt user add {name}")
        users.set_password(name, _password(password_file), actor=_actor(), at=now)
    click.echo(f"{name} has another password")


@user.command()
@click.argument("name")
@config_option
def remove(name: str, config_file: Path | None) -> None:
    """Let NAME log in no more."""
    with _state(config_file) as (users, _, now):
        users.remove(name, actor=_actor(), at=now)
    click.echo(f"{name} is removed")


@user.command("list")
@json_option
@config_option
def list_(*, as_json: bool, config_file: Path | None) -> None:
    """Everybody who may log in."""
    with _state(config_file) as (users, _, _now):
        _tell(users.list(), as_json, lambda each: f"{each['name']}\t{each['role']}")


@user.command()
@click.argument("name", required=False)
@click.option("--scope", type=click.Choice(get_args(Scope)), default="write", show_default=True)
@json_option
@config_option
def token(name: str | None, scope: Scope, *, as_json: bool, config_file: Path | None) -> None:
    """Make a token for what NAME says and print it, once: it is stored as a hash."""
    with _state(config_file) as (_, tokens, now):
        made, secret = tokens.add(name or scope, scope, actor=_actor(), at=now)
    click.echo(json.dumps({"id": made.id, "name": made.name, "scope": scope, "token": secret}) if as_json else secret)


@user.command("tokens")
@json_option
@config_option
def tokens_(*, as_json: bool, config_file: Path | None) -> None:
    """All tokens with their last use, without their secrets."""
    with _state(config_file) as (_, tokens, _now):
        _tell(tokens.list(), as_json, lambda each: "\t".join(str(value or "-") for value in each.values()))


@user.command()
@click.argument("number", type=int)
@config_option
def revoke(number: int, config_file: Path | None) -> None:
    """Take the token NUMBER (of `laddvakt user tokens`) out of use."""
    with _state(config_file) as (_, tokens, now):
        if tokens.revoke(number, actor=_actor(), at=now) is None:
            raise InputError(f"there is no token {number}; see laddvakt user tokens")
    click.echo(f"token {number} is revoked")


@contextmanager
def _state(config_file: Path | None) -> Iterator[tuple[UserStore, TokenStore, datetime]]:
    database = Database(load(config_file).state_url)
    try:
        database.migrate()
        yield UserStore(database), TokenStore(database), RealClock().now()
    finally:
        database.close()


def _actor() -> str:
    """Who runs the command, as the audit log has it."""
    try:
        return f"{getuser()} (command line)"
    except (OSError, KeyError):  # a container's user may have no name
        return "command line"


def _password(file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise InputError(f"{file} cannot be read: {error.strerror}") from error
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _tell(rows: Sequence[Any], as_json: bool, line: Any) -> None:
    listed = [
        {key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(row).items()}
        for row in rows
    ]
    if as_json:
        click.echo(json.dumps(listed))
        return
    for each in listed:
        click.echo(line(each))
