"""The `--config` option that commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor import config
from monitor.config import Settings

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT = Path("laddvakt.toml")


def config_option(command: F) -> F:
    """`--config FILE`; without it laddvakt.toml of the current folder, and without that the defaults."""
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="configuration file [laddvakt.toml, if there is one]",
    )(command)


def load(config_file: Path | None) -> Settings:
    """The settings in force; raises FileProblems."""
    return config.load(chosen(config_file))


def chosen(config_file: Path | None) -> Path | None:
    """The configuration file that is read; None for the defaults."""
    return config_file or (DEFAULT if DEFAULT.exists() else None)
