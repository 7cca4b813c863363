"""What polling leaves alone and what it tells, in a real browser whose clock the tests move."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
from playwright.sync_api import Page, Request, Route, expect

from monitor.rules.answer import Evaluation
from monitor.state.tick import record_tick
from tests.browser.conftest import Visit
from tests.dashboards import sample
from tests.dashboards.sample import NOW, SampleService, Ticks

Go = Callable[..., Visit]
EVERY_MS = 5000
BACK_OFF = 8
LATER = count(1)
"""Each alert is made to fire half an hour after the one before."""
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"
"""As if the page were looked at again: it asks at once."""
COUNTED = """
    window.asked = window.answered = 0;
    const fetched = window.fetch;
    window.fetch = async (address, how) => {
        if (!how?.headers?.["HX-Request"]) return fetched(address, how);
        window.asked += 1;
        const answer = await fetched(address, how);
        if (answer.status === 401) window.answered += 1;
        return answer;
    };
    document.addEventListener("laddvakt:asked", () => { window.answered += 1; });
"""


def polls(page: Page) -> list[Request]:
    """The requests that polling makes from now on."""
    made: list[Request] = []
    page.on("request", lambda request: made.append(request) if request.headers.get("hx-request") else None)
    return made


def ask(page: Page) -> None:
    """One poll, with its answer put in."""
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        page.evaluate(LOOK)
    page.wait_for_timeout(50)


def news(service: SampleService) -> None:
    service.ticks = Ticks(count=service.ticks.count + 1)


@contextmanager
def still(page: Page) -> Iterator[None]:
    """The page's clock runs only when it is told to; the page itself counts what it asks and has answered."""
    page.clock.install()
    page.add_init_script(COUNTED)
    page.reload()
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    page.evaluate(LOOK)
    answered(page)
    yield
    page.clock.resume()


def asked_after(page: Page, step_ms: int = 250, most_ms: int = 60_000) -> int:
    """How long the page's clock ran until the next poll, which is answered when this returns."""
    before, ran = page.evaluate("asked"), 0
    while page.evaluate("asked") == before and ran < most_ms:
        page.clock.run_for(step_ms)
        ran += step_ms
    answered(page)
    return ran


def answered(page: Page) -> None:
    """Let the answer come and be put in, which takes timers of the page's own."""
    while page.evaluate("answered < asked"):
        page.wait_for_timeout(15)
        page.clock.run_for(10)


def test_what_is_asked_again_unchanged_is_answered_304(visit: Go) -> None:
    page = visit("/alerts").page
    statuses: list[int] = []
    page.on(
        "response", lambda answer: statuses.append(answer.status) if answer.request.headers.get("hx-request") else 0
    )
    for _ in range(3):
        ask(page)
    assert statuses == [200, 304, 304]


def test_polls_come_every_five_seconds_give_or_take_a_tenth(visit: Go) -> None:
    page = visit("/").page
    with still(page):
        waits = [asked_after(page, step_ms=100) for _ in range(6)]
    assert all(0.9 * EVERY_MS - 100 <= wait <= 1.1 * EVERY_MS + 100 for wait in waits), waits
    assert len(set(waits)) > 1


def test_failures_make_it_wait_twice_as_long_up_to_eight_times_and_are_said_from_the_second_on(visit: Go) -> None:
    page = visit("/").page
    with still(page):
        page.route("**/*", lambda route: route.abort())
        waits, said = [], []
        for _ in range(6):
            waits.append(asked_after(page, step_ms=500))
            said.append(page.locator("#stale").is_visible())
        assert said[:3] == [False, True, True]
        for wait, factor in zip(waits, (1, 2, 4, 8, BACK_OFF, BACK_OFF), strict=True):
            assert 0.9 * EVERY_MS * factor - 500 <= wait <= 1.1 * EVERY_MS * factor + 500, waits
        assert page.locator("link[rel=icon]").get_attribute("href", timeout=1000).startswith("data:")  # type: ignore[union-attr]
        page.unroute("**/*")
        asked_after(page)
        assert page.locator("#stale").is_hidden()


def test_a_page_that_nobody_sees_asks_for_nothing(visit: Go) -> None:
    page = visit("/").page
    with still(page):
        page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true})")
        page.evaluate(LOOK)
        assert asked_after(page, step_ms=1000, most_ms=30_000) == 30_000
        assert page.evaluate("asked") == 1
        page.evaluate("delete document.hidden")
        page.evaluate(LOOK)
        assert page.evaluate("asked") == 2


def test_an_ended_login_is_said_and_asked_for_no_more(visit: Go) -> None:
    page = visit("/").page
    with still(page):
        page.route("**/*", lambda route: route.fulfill(status=401, body=""))
        asked_after(page)
        expect(page.get_by_text("Your login has ended.")).to_be_visible()
        assert asked_after(page, step_ms=1000, most_ms=30_000) == 30_000


def test_focus_scroll_selection_and_open_menus_stay(visit: Go, service: SampleService) -> None:
    page = visit("/alerts/2", width=390).page
    details = page.locator("#silence")
    details.locator("summary").click()
    reason = details.get_by_label("Reason")
    reason.fill("being mended")
    page.get_by_role("button", name="Times in").click()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('p.lead'))")
    reason.focus()
    page.evaluate("scrollTo(0, 300)")
    chosen = "[getSelection().toString(), scrollY, document.activeElement.name]"
    page.evaluate("getSelection().selectAllChildren(document.querySelector('p.lead'))")
    before = page.evaluate(chosen)
    assert before[0]
    news(service)
    ask(page)
    assert page.evaluate(chosen) == before
    expect(reason).to_have_value("being mended")
    expect(details).to_have_attribute("open", "")
    expect(page.locator("#zones")).to_be_visible()


def test_the_focus_stays_on_the_same_alert_when_another_comes_before_it(visit: Go, service: SampleService) -> None:
    page = visit("/alerts?sort=-id").page
    row = page.locator("table tbody th a").first
    row.focus()
    href = row.get_attribute("href")
    number = fire(service, "lund-nova", "critical")
    ask(page)
    assert page.locator("table tbody th a").first.get_attribute("href") == f"/alerts/{number}"
    assert page.evaluate("document.activeElement.getAttribute('href')") == href


def fire(service: SampleService, site: str, level: str) -> int:
    """One more alert that fires, by the real lifecycle."""
    files, ends = service.rules.in_force, NOW + timedelta(minutes=30 * next(LATER))
    taken = {alert.subject for alert in service.alerts.list(limit=500)}
    place = next(p for p, _ in files.register if p.site == site and p.subject not in taken)
    for minutes in (20, 10, 0):
        at = ends - timedelta(minutes=minutes)
        answer = sample._answer("connector-faulted", place, at, level, {"status_for": 900.0}, true=True)
        kept = [
            sample._answer(a.rule, a.place, at, a.level, dict(a.values), true=True)
            for a in service.alerts.worst()
            if a.subject != place.subject
        ]
        record_tick(
            service.database, Evaluation(at, (answer, *kept), {}, sample.table_of([])), rules=files.rules.rules,
            routes=files.routes, register=files.register, interval=timedelta(minutes=10),
        )  # fmt: skip
    news(service)
    return next(alert.id for alert in service.alerts.worst() if alert.subject == place.subject)


def test_title_and_icon_carry_the_count(visit: Go, service: SampleService) -> None:
    page = visit("/rules").page
    criticals = service.alerts.counts().firing["critical"]
    expect(page).to_have_title(f"▲{criticals} ◆1 Rules · Laddvakt")
    icon = page.locator("link[rel=icon]")
    assert f">{criticals}<" in page.evaluate("href => decodeURIComponent(href)", icon.get_attribute("href"))
    fire(service, "lund-nova", "critical")
    ask(page)
    expect(page).to_have_title(f"▲{criticals + 1} ◆1 Rules · Laddvakt")
    assert f">{criticals + 1}<" in page.evaluate("href => decodeURIComponent(href)", icon.get_attribute("href"))


def test_only_new_criticals_are_said_aloud(visit: Go, service: SampleService) -> None:
    page = visit("/sessions").page
    heard = page.locator("#news")
    expect(heard).to_have_attribute("aria-live", "assertive")
    news(service)
    ask(page)
    expect(heard).to_have_text("")
    fire(service, "umea-universum", "critical")
    ask(page)
    expect(heard).to_have_text("New critical alerts: 1. Connector faulted, Umeå Universum / uu-1 / 1")
    live = page.locator("main [aria-live], main [role=alert]")
    assert live.count() == 0


def test_a_wall_loads_itself_anew_when_the_service_is_another_version(visit: Go) -> None:
    wall, desk = visit("/?tv=1").page, visit("/").page

    def newer(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "laddvakt-version": "9.9.9"})

    for page in (wall, desk):
        page.evaluate("window.before = true")
        page.route("**/*", lambda route: newer(route) if route.request.headers.get("hx-request") else route.continue_())
    with wall.expect_navigation():
        wall.evaluate(LOOK)
    assert wall.evaluate("window.before") is None
    ask(desk)
    assert desk.evaluate("window.before") is True


def test_a_wall_has_no_controls_and_its_sentence_can_be_read_from_the_door(visit: Go) -> None:
    page = visit("/?tv=1").page
    assert page.locator("nav, button, form, input, select, details").count() == 0
    assert page.locator("h1").evaluate("node => parseFloat(getComputedStyle(node).fontSize)") >= 44


def test_motion_is_reduced_where_the_reader_wants_it(visit: Go) -> None:
    page = visit("/").page
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(
        "[...document.querySelectorAll('*')].every(node => parseFloat(getComputedStyle(node).transitionDuration) === 0"
        " && getComputedStyle(node).animationName === 'none')"
    )


def test_the_pages_can_be_kept_on_a_phone_as_an_application(visit: Go) -> None:
    page = visit("/").page
    told = page.evaluate("fetch(document.querySelector('link[rel=manifest]').href).then(answer => answer.json())")
    assert told["display"] == "standalone"
    assert page.evaluate("start => new URL(start, document.querySelector('link[rel=manifest]').href).pathname",
                         told["start_url"]) == "/"  # fmt: skip


@pytest.mark.timeout(300)
def test_after_a_thousand_polls_a_wall_holds_no_more_than_after_a_hundred(visit: Go, service: SampleService) -> None:
    page = visit("/?tv=1").page
    page.route("**/?tv=1", _hurried, times=1)
    page.reload()
    made = polls(page)

    def held(asked: int) -> dict[str, int]:
        while len(made) < asked:
            news(service)
            page.wait_for_timeout(60)
        return what_is_held(page)

    early, late = held(100), held(1100)
    assert late["nodes"] <= early["nodes"] + 10
    assert late["listeners"] == early["listeners"]
    assert late["bytes"] <= early["bytes"] * 1.02, (early, late)


def _hurried(route: Route) -> None:
    """The page with polls as fast as they are answered: the interval is its data."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('data-poll="5"', 'data-poll="0.005"'))


def what_is_held(page: Page) -> dict[str, int]:
    """What is left after a collection: bytes of what scripts made, nodes, listeners.

    Bytes without compiled code, which grows for as long as the engine thinks of something better, and without what the
    browser keeps of each request because a test looks on.
    """
    session = page.context.new_cdp_session(page)
    chunks: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda event: chunks.append(event["chunk"]))
    session.send("HeapProfiler.collectGarbage")
    session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    counted = session.send("Memory.getDOMCounters")
    session.detach()
    heap = json.loads("".join(chunks))
    fields, kinds = heap["snapshot"]["meta"]["node_fields"], heap["snapshot"]["meta"]["node_types"][0]
    kind, size, width = fields.index("type"), fields.index("self_size"), len(fields)
    told = heap["nodes"]
    scripts = {"object", "closure", "array", "string", "concatenated string", "sliced string", "regexp", "bigint"}
    held = sum(told[at + size] for at in range(0, len(told), width) if kinds[told[at + kind]] in scripts)
    return {"bytes": held, "nodes": counted["nodes"], "listeners": counted["jsEventListeners"]}
