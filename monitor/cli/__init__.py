"""The `laddvakt` command. Exit 0 fine, 1 the input is wrong, 2 usage, 3 a dependency is down."""

import sys
from importlib import import_module
from keyword import iskeyword

import click

import monitor
from monitor.errors import LaddvaktError

COMMANDS = {
    "alerts": "list, acknowledge, silence and judge alerts; who is on call; whether messages arrive",
    "backup": "state, readings and keys in one file, while the service runs",
    "check": "validate the configuration, or files from anywhere",
    "config": "every setting there is, and those in force",
    "demo": "the whole service on a day of real charging sessions",
    "doctor": "what the service needs: what works, what does not, and what to do",
    "import": "read files of line protocol, OCPP messages or sessions",
    "init": "write a configuration with rules, tariffs and sites",
    "readings": "export readings as Parquet",
    "restore": "put back what backup wrote",
    "rules": "write rules, see how they run, and why they say what they say",
    "run": "run the service",
    "sessions": "list, show, export and review sessions; what is kept of a user",
    "tariffs": "price CDRs, describe and compare tariffs",
    "user": "users, their passwords, and tokens of programs and screens",
}
"""Each command is the function of its name in the module of its name (`import_`: `import` is a word of Python)."""


class Commands(click.Group):
    """Imports a command's module when it is called: `check` need not wait for the web application."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(f"monitor.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(monitor.__version__, prog_name="laddvakt")
def commands() -> None:
    """Watch a network of EV charging stations: rules, alerts, sessions and their prices."""


def main() -> None:
    """Run the command line; an error of ours is printed as it is and becomes the exit code."""
    try:
        commands()
    except LaddvaktError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
