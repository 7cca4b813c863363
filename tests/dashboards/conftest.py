"""A service in the middle of a morning, its application, and a client. Read only: one for all tests of a module."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboards import create_app
from tests.dashboards import sample
from tests.dashboards.sample import SampleService


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleService]:
    with sample.busy_service(tmp_path_factory.mktemp("busy")) as service:
        yield service


@pytest.fixture(scope="session")
def app(busy: SampleService) -> Flask:
    mail = sample.mail(1, "Slow charging <b>", "<script>alert(1)</script><h1>Slow</h1>")
    return create_app(busy, sample.mailbox_of(mail))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleService]:
    """A service that has just started, for tests that change it."""
    with sample.empty_service(tmp_path_factory.mktemp("fresh")) as service:
        yield service
