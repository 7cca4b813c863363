"""The one door to Flask-Babel, which has no types: texts in the reader's language, and the reader's locale."""

from typing import cast

import flask_babel  # type: ignore[import-untyped]
from babel import Locale
from flask import Flask

from dashboards import reader
from monitor.errors import InputError


def install(app: Flask) -> None:
    """Give the application its locale, and the templates `_`, `gettext` and `ngettext`."""
    flask_babel.Babel(
        app, default_locale=reader.LOCALES["en"], locale_selector=lambda: reader.LOCALES[reader.language()]
    )


def gettext(text: str, **values: object) -> str:
    """The text in the reader's language; `%(name)s` stands for a value."""
    return str(flask_babel.gettext(text, **values))


def said(error: InputError) -> str:
    """What was wrong, in the reader's language."""
    return gettext(error.text, **error.values)


def ngettext(one: str, many: str, num: int) -> str:
    """The text for a count, which `%(num)s` stands for."""
    return str(flask_babel.ngettext(one, many, num))


def lazy_gettext(text: str) -> str:
    """A text that is looked up when it is printed: for tables made before there is a reader."""
    return cast("str", flask_babel.lazy_gettext(text))


def locale() -> Locale:
    """The reader's locale; English outside a request."""
    return cast("Locale | None", flask_babel.get_locale()) or Locale.parse(reader.LOCALES["en"])
