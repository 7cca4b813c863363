"""`laddvakt init DIR`: a configuration with rules, tariffs and sites that runs as it is."""

import shutil
from pathlib import Path

import click
from pydantic import BaseModel

from monitor.authoring.settings_reference import toml
from monitor.cli.starter import starter_rules
from monitor.config import Settings
from monitor.errors import InputError


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Write laddvakt.toml and rules/ to FOLDER; nothing that exists is overwritten."""
    for name in ("laddvakt.toml", "rules"):
        if (folder / name).exists():
            raise InputError(f"{folder / name} exists already; choose another folder or move it away")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(starter_rules(), folder / "rules")
    (folder / "laddvakt.toml").write_text(commented_defaults(), encoding="utf-8")
    click.echo(f"written: {folder / 'laddvakt.toml'} and {folder / 'rules'}\nnext: cd {folder} && laddvakt run")


def commented_defaults() -> str:
    """Every setting as a comment with its help text and its default."""
    lines = ["# Every setting with its default; remove the # to change one.", ""]
    for name, section in Settings.model_fields.items():
        lines.append(f"[{name}]")
        for key, setting in type(section.default).model_fields.items():
            lines.append(f"# {setting.description}")
            lines.append(f"# {key} = {toml(_written(getattr(section.default, key)))}")
        lines.append("")
    return "\n".join(lines)


def _written(value: object) -> object:
    """A section in a section is one table."""
    return {} if isinstance(value, BaseModel) else value
