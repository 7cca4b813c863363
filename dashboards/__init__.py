"""The web application: pages, JSON and CSV, and the write endpoint. `create_app(service)` makes it."""

from dashboards.app import create_app

__all__ = ["create_app"]
