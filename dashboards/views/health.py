"""Health: the page for people, and short answers for machines that watch the watchman."""

from flask import Blueprint, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from dashboards import health_lists
from dashboards.health_page import health_page
from dashboards.parameters import Parameters
from dashboards.sources import service
from dashboards.writes import influx_health

health = Blueprint("health", __name__)


@health.get("/health")
def page() -> ResponseReturnValue:
    """For people a page; for clients of InfluxDB, which ask for JSON, InfluxDB's answer."""
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return influx_health()
    return render_template("health.html", page=health_page(service()))


@health.get("/health/unregistered")
def unregistered() -> ResponseReturnValue:
    """Connectors that send readings and that the register does not have."""
    return render_template(
        "health_list.html", page=health_lists.unregistered(service(), Parameters(request.args)), poll=0
    )


@health.get("/health/names")
def names() -> ResponseReturnValue:
    """Names in what is written to us that nobody knows."""
    return render_template("health_list.html", page=health_lists.names(service(), Parameters(request.args)), poll=0)


@health.get("/health/settings")
def settings() -> ResponseReturnValue:
    """Every setting in force, without secrets."""
    return render_template("health_list.html", page=health_lists.settings(service()), poll=0)


@health.get("/healthz")
def alive() -> ResponseReturnValue:
    """200 as soon as writes are accepted: whoever gets this answer can write."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 after the first evaluation."""
    if service().picture is None:
        return Response("nothing has been evaluated yet\n", status=503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")


@health.get("/metrics")
def metrics() -> ResponseReturnValue:
    """For Prometheus."""
    registry: CollectorRegistry = current_app.extensions["laddvakt-metrics"]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
