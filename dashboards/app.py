"""The application factory."""

from flask import Flask

from dashboards import access, context, language, logins, metrics, problems, proxies, reader, security
from dashboards.api import api
from dashboards.backing_up import backing_up
from dashboards.importing import importing
from dashboards.ocpp import ocpp
from dashboards.sources import KEY, MAILBOX, Mailbox, Service
from dashboards.views.account import account
from dashboards.views.administration import administration
from dashboards.views.alerts import alerts
from dashboards.views.entrance import entrance
from dashboards.views.health import health
from dashboards.views.insight import insight
from dashboards.views.links import links
from dashboards.views.mailbox import mailbox as mailbox_pages
from dashboards.views.noc import noc
from dashboards.views.oncall import oncall
from dashboards.views.outward import outward
from dashboards.views.review import review
from dashboards.views.rules import rules
from dashboards.views.sessions import sessions
from dashboards.views.silences import silences
from dashboards.views.tariffs import tariffs
from dashboards.views.undelivered import undelivered
from dashboards.writes import writes

FORM_MAX = 2**18
"""Bytes of a form or a JSON body."""


def create_app(service: Service, mailbox: Mailbox | None = None) -> Flask:
    """The web application over a running service; `mailbox` adds the demo's mailbox."""
    app = Flask(__name__)
    app.extensions[KEY] = service
    app.extensions["laddvakt-metrics"] = metrics.registry(service)
    app.config["MAX_CONTENT_LENGTH"] = FORM_MAX  # the endpoints that take readings allow more
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31_536_000  # addresses of static files carry their digest
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.wsgi_app = proxies.behind(app.wsgi_app, service.settings.web.trusted_proxies)  # type: ignore[method-assign,assignment]
    logins.install(app, service.key)
    access.install(app)
    reader.install(app)
    language.install(app)
    security.install(app)
    problems.install(app)
    context.install(app)
    for blueprint in (
        entrance, account, administration, links, noc, alerts, silences, oncall, undelivered, sessions, review, rules,
        tariffs, insight, health, outward, api, writes, ocpp, importing, backing_up,
    ):  # fmt: skip
        app.register_blueprint(blueprint)
    if mailbox is not None:
        app.extensions[MAILBOX] = mailbox
        app.register_blueprint(mailbox_pages)
    return app
