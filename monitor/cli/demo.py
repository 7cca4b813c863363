"""`laddvakt demo`: the whole service on a temporary embedded store, fed by a replay of real sessions.

The service is the real one with its shipped rules, tariffs and mail timers. Only three things are the demo's: a clock
that starts 24 hours back and hurries until it has caught up, a feeder that posts readings to the write endpoint, and a
mail server on loopback that keeps what it receives.
"""

import logging
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import click
import structlog

from dashboards import create_app
from monitor.cli import serve
from monitor.cli.starter import starter_rules
from monitor.clock import Replay
from monitor.config import Mail, Paths, Settings, Web
from monitor.demo.feeder import Feeder
from monitor.demo.mailbox import Mailbox
from monitor.demo.playback import Playback
from monitor.service import RealClock, Service

BEHIND = timedelta(hours=24)


@click.command()
@click.option("--port", default=8080, show_default=True, help="port of the pages on 127.0.0.1")
@click.option(
    "--speed", default=60.0, show_default=True, type=click.FloatRange(1), help="service seconds in a real one"
)
@click.option(
    "--rules",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="a folder laid out as `rules/` that is read instead of the shipped one, and again when it changes",
)
def demo(port: int, speed: float, rules: Path | None) -> None:
    """Run the whole service on a day of real charging sessions; Ctrl-C ends it and leaves nothing behind."""
    serve.configure_logging(logging.WARNING)
    serve.keep_freed_memory()
    serve.look_less_often_for_garbage()
    with tempfile.TemporaryDirectory(prefix="laddvakt-demo-", ignore_cleanup_errors=True) as folder:
        shipped = Path(folder) / "rules"
        if rules is None:
            shutil.copytree(starter_rules(), shipped)
        run_demo(Path(folder), rules or shipped, port, speed)


def run_demo(folder: Path, rules: Path, port: int, speed: float) -> None:
    """Run the demo with everything it writes in `folder`, until a signal."""
    clock = Replay(RealClock(), BEHIND, speed)
    mailbox = Mailbox(now=clock.now)
    mailbox.start()
    host, mail_port = mailbox.address
    address = f"127.0.0.1:{port}"
    settings = Settings(
        paths=Paths(rules=rules, var=folder / "var"),
        web=Web(listen=address, public_url=f"http://{address}"),
        mail=Mail(host=host, port=mail_port, sender="laddvakt@demo.example"),
    )
    service = Service(settings, clock, demo=True)
    playback = Playback(service.register, clock.start)
    feeder = Feeder(f"http://{address}", clock, playback)

    def start() -> None:
        service.start()
        feeder.start()
        click.echo(invitation(f"http://{address}", playback.what_to_look_at()))

    def stop() -> None:
        feeder.stop()
        service.stop()
        mailbox.stop()

    try:
        app = create_app(service, mailbox)
        server = serve.bind(app, settings)
        with serve.announced(app, server, settings, settings.readings_file):
            serve.serve(server, start, feeder.stop)
    finally:
        stop()
        structlog.get_logger().info("demo ended")


def invitation(url: str, sights: list[tuple[str, str]]) -> str:
    """What is printed: the address, and each planted trouble with the page to see it on."""
    lines = [
        "",
        f"  Laddvakt demo: {url}",
        "",
        "  A day of real charging sessions is replayed; the service's clock started 24 hours back and hurries.",
        "  Alerts come after their rules' hold times, mails to " + url + "/mailbox. Ctrl-C ends it.",
        "",
    ]
    lines += [f"  {what}\n      {url}{path}" for path, what in sights]
    return "\n".join([*lines, ""])
