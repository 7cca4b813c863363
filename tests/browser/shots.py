"""Serving an application for a browser, and taking its pictures: for the browser tests and for the README."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser, Playwright
from waitress.server import create_server

from tests.serving import stop

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
"""Chromium as root and without a network: it must not look for Google's hosts."""
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
SCHEMES = ("dark", "light")


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of an application that waitress serves in a thread."""
    server = create_server(app, host="127.0.0.1", port=0, threads=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        stop(server, thread)


def launch(playwright: Playwright, chromium: str) -> Browser:
    """Debian's Chromium, headless."""
    return playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))


def take(browser: Browser, address: str, folder: Path, pages: Sequence[tuple[str, str]]) -> list[Path]:
    """Every page (name, path) in both sizes and schemes as `NAME-SIZE-SCHEME.png`, whole pages; the files written."""
    written = []
    folder.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in SIZES.items():
        for scheme in SCHEMES:
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            for name, path in pages:
                page.goto(address + path, wait_until="load")
                written.append(folder / f"{name}-{size}-{scheme}.png")
                page.screenshot(path=written[-1], full_page=True)
            context.close()
    return written
