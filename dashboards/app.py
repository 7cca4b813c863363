"""The application factory."""

from flask import Flask
from prometheus_client import CollectorRegistry

from dashboards import context, language, problems, security
from dashboards.importing import importing
from dashboards.metrics import ServiceCollector
from dashboards.ocpp import ocpp
from dashboards.sources import KEY, MAILBOX, Mailbox, Service
from dashboards.views.alerts import alerts
from dashboards.views.api import api
from dashboards.views.health import health
from dashboards.views.mailbox import mailbox as mailbox_pages
from dashboards.views.noc import noc
from dashboards.views.review import review, review_api
from dashboards.views.rules import rules
from dashboards.views.sessions import sessions
from dashboards.views.tariffs import tariffs
from dashboards.writes import writes


def create_app(service: Service, mailbox: Mailbox | None = None) -> Flask:
    """The web application over a running service; `mailbox` adds the demo's mailbox."""
    app = Flask(__name__)
    app.extensions[KEY] = service
    app.extensions["laddvakt-metrics"] = _metrics(service)
    app.config["MAX_CONTENT_LENGTH"] = service.settings.web.max_body
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31_536_000  # addresses of static files carry their digest
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    language.install(app)
    security.install(app)
    problems.install(app)
    context.install(app)
    for blueprint in (noc, alerts, sessions, review, rules, tariffs, health, api, review_api, writes, ocpp, importing):
        app.register_blueprint(blueprint)
    if mailbox is not None:
        app.extensions[MAILBOX] = mailbox
        app.register_blueprint(mailbox_pages)
    return app


def _metrics(service: Service) -> CollectorRegistry:
    registry = CollectorRegistry()
    # `describe` would ask the service for its figures while it may not have started yet.
    registry._auto_describe = False  # noqa: SLF001
    registry.register(ServiceCollector(service))
    return registry
