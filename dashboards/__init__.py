"""The web application: pages, JSON and CSV, and the write endpoint. `create_app(service)` makes it."""

from dashboards.app import create_app
from dashboards.sources import LOCAL_TOKEN

__all__ = ["LOCAL_TOKEN", "create_app"]
