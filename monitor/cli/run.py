"""`laddvakt run`: the service on the configured store and address."""

from datetime import datetime
from pathlib import Path

import click

from dashboards import create_app
from monitor.cli import serve
from monitor.cli.settings import config_option, load
from monitor.config import Settings
from monitor.service import RealClock, Service
from monitor.state.database import Database
from monitor.state.first_secrets import take_first_secrets
from monitor.state.tokens import TokenStore
from monitor.state.users import UserStore


@click.command()
@config_option
def run(config_file: Path | None) -> None:
    """Run the service until SIGTERM or Ctrl-C."""
    serve.configure_logging()
    serve.keep_freed_memory()
    serve.look_less_often_for_garbage()
    settings = load(config_file)
    clock = RealClock()
    admit(settings, clock.now())
    service = Service(settings, clock)
    try:
        app = create_app(service)
        server = serve.bind(app, settings)
        with serve.announced(app, server, settings, settings.readings_file):
            serve.serve(server, service.start, lambda: None)
    finally:
        service.stop()


def admit(settings: Settings, now: datetime) -> None:
    """Take the first admin and write token from their files, then see whether the address may be listened on."""
    database = Database(settings.state_url)
    try:
        database.migrate()
        take_first_secrets(settings.web, UserStore(database), TokenStore(database), now)
        serve.refuse_open_address(settings, users=UserStore(database).exist())
    finally:
        database.close()
