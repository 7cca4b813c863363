"""`laddvakt run`: the service on the configured store and address."""

from pathlib import Path

import click

from dashboards import create_app
from monitor.cli import serve
from monitor.cli.settings import config_option, load
from monitor.service import RealClock, Service


@click.command()
@config_option
def run(config_file: Path | None) -> None:
    """Run the service until SIGTERM or Ctrl-C."""
    serve.configure_logging()
    serve.keep_freed_memory()
    settings = load(config_file)
    serve.refuse_open_address(settings)
    service = Service(settings, RealClock())
    try:
        app = create_app(service)
        server = serve.bind(app, settings)
        with serve.announced(app, server, settings, settings.readings_file):
            serve.serve(server, service.start, lambda: None)
    finally:
        service.stop()
