"""The first admin and write token from files, as a container has them: the installed command as a process."""

import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from tests.service.conftest import Running

PASSWORD, TOKEN = "correct horse battery", "a token of at least some length"


def status_of(running: Running, path: str, body: bytes | None = None, **headers: str) -> int:
    request = urllib.request.Request(running.url + path, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_first_secrets_from_files(service: Running) -> None:
    (service.folder / "password").write_text(PASSWORD + "\n")
    (service.folder / "token").write_text(TOKEN + "\n")
    config = service.folder / "laddvakt.toml"
    named = 'admin_password_file = "password"\nwrite_token_file = "token"\n'
    config.write_text(config.read_text().replace("[web]\n", f"[web]\n{named}"))
    service.start()
    line = b'status,site=lund,station=l-1,connector=1 status="Available"'
    assert status_of(service, "/api/v2/write", line) == 401
    assert status_of(service, "/api/v2/write", line, Authorization=f"Token {TOKEN}") == 204
    assert status_of(service, f"/write?u=any&p={urllib.parse.quote(TOKEN)}", line) == 204
    assert status_of(service, "/api/v1/alerts", Authorization=f"Token {TOKEN}") == 403
    assert status_of(service, "/api/v1/alerts") == 401
    assert [status_of(service, path) for path in ("/healthz", "/readyz", "/ping")] == [200, 200, 204]
    assert status_of(service, "/health", Accept="application/json") == 200
    wrong = urllib.parse.urlencode({"username": "admin", "password": "wrong"}).encode()
    assert status_of(service, "/login", wrong) == 401
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    form = urllib.parse.urlencode({"username": "admin", "password": PASSWORD}).encode()
    with browser.open(f"{service.url}/login", form) as page:
        assert page.url == f"{service.url}/"
        assert "Log out" in page.read().decode()
