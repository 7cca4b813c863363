"""A busy service with users and tokens of every kind, and its application."""

from collections.abc import Iterator

import pytest
from flask import Flask

from dashboards import create_app
from tests.dashboards import sample
from tests.dashboards.sample import SampleService
from tests.security.cases import Guarded, guarded


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("guarded")) as both:
        yield both


@pytest.fixture
def app(guard: Guarded) -> Flask:
    """With counters of failures of its own."""
    service, _ = guard
    return create_app(service)


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleService]:
    """A service that has just started, without users and tokens."""
    with sample.empty_service(tmp_path_factory.mktemp("fresh")) as service:
        yield service
