"""A migrated database in a temporary folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.state.database import Database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database file with the schema: copying it is quicker than migrating one for every test."""
    path = tmp_path_factory.mktemp("migrated") / "state.sqlite"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def url(tmp_path: Path, migrated: Path) -> str:
    (tmp_path / "var").mkdir()
    path = shutil.copy(migrated, tmp_path / "var" / "state.sqlite")
    return f"sqlite:///{path}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    yield opened
    opened.close()
