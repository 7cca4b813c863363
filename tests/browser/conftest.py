"""The application served to a real Chromium, which keeps a record of everything that goes wrong in a page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from dashboards import create_app
from tests.browser import shots
from tests.dashboards import sample
from tests.dashboards.sample import SampleService

COMPLAINTS = """
    window.complaints = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.complaints.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@dataclass
class Visit:
    """An open page and what it complained of."""

    page: Page
    errors: list[str] = field(default_factory=list)

    def complaints(self) -> list[str]:
        """Errors of the console, of scripts, and of the content security policy."""
        return self.errors + list(self.page.evaluate("window.complaints"))


@pytest.fixture(scope="module")  # not the session: while it is open, asyncio.run of other tests finds a running loop
def chrome(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = shots.launch(playwright, chromium)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleService]:
    with sample.busy_service(tmp_path_factory.mktemp("browser")) as busy:
        busy.demo = True
        web = busy.settings.web.model_copy(update={"public_badges": True, "public_page": True})
        busy.settings = busy.settings.model_copy(update={"web": web})
        yield busy


@pytest.fixture(scope="module")
def address(service: SampleService) -> Iterator[str]:
    mail = sample.mail(1, "[Laddvakt] 1 firing", "<style>h1{color:red}</style><h1>Slow</h1><script>alert(1)</script>")
    with shots.served(create_app(service, sample.mailbox_of(mail))) as found:
        yield found


@pytest.fixture
def visit(chrome: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    contexts = []

    def go(path: str, scheme: str = "dark", width: int = 1440) -> Visit:
        context = chrome.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(COMPLAINTS)
        found = Visit(page)
        page.on("console", lambda message: found.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: found.errors.append(str(error)))
        page.goto(address + path, wait_until="load")
        return found

    yield go
    for context in contexts:
        context.close()
