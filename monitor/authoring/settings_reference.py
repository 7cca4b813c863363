"""Every setting with its default, its variable and what it means (docs/configuration.md), and as it is in force."""

import inspect
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_origin

from monitor.config import Section, Setting, Settings, every_setting
from monitor.units import duration_text

_HEAD = """# Configuration

Written by `laddvakt config reference` from the settings that the service reads; a test compares them.

`laddvakt run` reads `laddvakt.toml` of the folder that it is started in, or the file of `--config`; `laddvakt init`
writes one with every setting as a comment. Without a file the defaults hold. Relative paths count from the file.

- **Environment.** Each setting is also a variable: `LADDVAKT_`, the section, two underscores, the key. It wins over the
  file. Lists are written with commas (`10.0.0.0/8,::1`), an entry of a table has its key as one more level
  (`LADDVAKT_MAPPING__METER__TAGS__STATION=charger_id`). What Kubernetes sets for a service called laddvakt
  (`LADDVAKT_SERVICE_HOST`, `LADDVAKT_PORT=tcp://...`) is passed over.
- **Secrets.** Each text may be given as `<key>_file` instead, the path of a file that holds it; of secrets the tables
  name both. In the environment: `LADDVAKT_MAIL__PASSWORD_FILE=/run/secrets/mail`. Both at once are an error.
- **Mistakes.** An unknown setting, in the file or in the environment, is an error that names the nearest one.
  `laddvakt check` finds all of them at once, `laddvakt config show` prints what is in force.
- **Durations** are written `30s`, `10m`, `1h30m`, `7d`.
"""


def reference() -> str:
    """The whole document."""
    return "\n".join([_HEAD, *_section(Settings(), ())])


def _section(section: Section, at: tuple[str, ...]) -> Iterator[str]:
    own = [each for each in every_setting(section, at) if len(each.path) == len(at) + 1]
    if at:
        yield f"## [{'.'.join(at)}]\n\n{inspect.getdoc(type(section))}\n"
    if own:
        yield "| setting | default | meaning | kind | environment |\n| --- | --- | --- | --- | --- |"
        yield from map(_row, own)
        yield ""
    for key in type(section).model_fields:
        if isinstance(inner := getattr(section, key), Section):
            yield from _section(inner, (*at, key))


def _row(setting: Setting) -> str:
    key = setting.path[-1]
    names = f"`{key}`, `{key}_file`" if setting.secret else f"`{key}`"
    cells = names, f"`{toml(setting.default)}`", setting.field.description or "", _kind(setting), setting.variable
    return f"| {' | '.join(cells[:-1])} | `{cells[-1]}{'__KEY' if setting.default == {} else ''}` |"


def _kind(setting: Setting) -> str:
    choices = [each for part in _parts(setting.field.annotation) for each in get_args(part)]
    if choices and isinstance(setting.default, str | tuple):
        return ("one of " if isinstance(setting.default, str) else "some of ") + ", ".join(f"`{c}`" for c in choices)
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"), (int, "whole number"), (float, "number"), (timedelta, "duration"), (Path, "path"),
        ((list, tuple), "list"), (dict, "table"), (str, "text"),
    )  # fmt: skip
    return next(word for kind, word in kinds if isinstance(setting.default, kind))


def _parts(annotation: Any) -> Iterator[Any]:
    """Every `Literal` in a type."""
    if get_origin(annotation) is Literal:
        yield annotation
        return
    for inner in get_args(annotation):
        yield from _parts(inner)


class Shown(NamedTuple):
    """A setting in force, as it stands in the file; `changed`: it is not the default."""

    name: str
    value: str
    changed: bool


def shown(settings: Settings) -> Iterator[Shown]:
    """Every setting in force; of a secret only whether it is set."""
    usual = {each.path: each.default for each in every_setting()}
    for each in every_setting(settings):
        value = _HIDDEN if each.secret and each.default else each.default
        yield Shown(".".join(each.path), toml(value), each.default != usual[each.path])


_HIDDEN = "(set, not shown)"


def toml(value: object) -> str:
    """A value as it stands in the file."""
    if isinstance(value, timedelta):
        return f'"{duration_text(value)}"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(each) for each in value)}]"
    return json.dumps(str(value), ensure_ascii=False) if isinstance(value, str | Path) else str(value).lower()
