"""TLS and login against real servers: what is asked for is what happens, and an error says what to mend."""

import asyncio
import shutil
import ssl
import subprocess
from contextlib import contextmanager

import pytest
from aiosmtpd.smtp import AuthResult

from monitor.config import Mail
from monitor.demo.mailbox import LoopbackController
from monitor.errors import DeliveryUnavailable
from monitor.notify.compose import compose
from monitor.notify.smtp import Connection, Limits
from tests.conftest import missing


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1 and its key."""
    if not shutil.which("openssl"):
        missing("no openssl on PATH to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem"]
    subprocess.run([*command, "-out", folder / "cert.pem"], check=True, capture_output=True)
    return folder


@pytest.fixture
def server_tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))


@contextmanager
def serving(post, **options):
    """The handler of `post` behind a server with these options; gives settings for it."""
    controller = LoopbackController(post.trouble, "127.0.0.1", 0, **options)
    controller.start()
    yield post.settings.model_copy(update={"port": controller.port})
    controller.stop()


def send(settings: Mail, message, times: int = 1) -> None:
    async def run():
        connection = Connection(settings, Limits(answer=2, mail=4))
        try:
            for _ in range(times):
                await connection.send(compose(message(), "", settings.sender))
        finally:
            await connection.close()

    asyncio.run(run())


def _knows_the_password(_server, _session, _envelope, _mechanism, login):
    return AuthResult(success=(login.login, login.password) == (b"laddvakt", b"hemligt"), handled=False)


def test_one_connection_carries_many_mails(post, message):
    send(post.settings, message, times=5)

    assert len(post.trouble.mails) == 5
    assert post.trouble.connections == 1


def test_a_server_that_takes_one_mail_a_connection_gets_a_new_connection_each(post, message):
    post.trouble.mails_a_connection = 1
    send(post.settings, message, times=3)

    assert len(post.trouble.mails) == 3
    assert post.trouble.connections == 3


def test_implicit_tls(post, message, server_tls, trusted):
    with serving(post, ssl_context=server_tls) as settings:
        send(settings.model_copy(update={"tls": "implicit"}), message)

    assert len(post.trouble.mails) == 1


def test_starttls_and_login(post, message, server_tls, trusted):
    options = {"tls_context": server_tls, "require_starttls": True, "auth_required": True}
    login = {"tls": "starttls", "username": "laddvakt", "password": "hemligt"}
    with serving(post, **options, authenticator=_knows_the_password) as settings:
        send(settings.model_copy(update=login), message)
        assert len(post.trouble.mails) == 1

        with pytest.raises(DeliveryUnavailable, match=r"answered 535 .*check mail.username, mail.password") as wrong:
            send(settings.model_copy(update=login | {"password": "fel"}), message)
        assert "fel" not in str(wrong.value)

        with pytest.raises(DeliveryUnavailable, match=r"answered 530 "):
            send(settings, message)
    assert len(post.trouble.mails) == 1


def test_a_server_without_starttls_gets_no_mail_in_the_clear(post, message):
    with pytest.raises(DeliveryUnavailable, match=r"STARTTLS.*check mail.host, mail.port and mail.tls"):
        send(post.settings.model_copy(update={"tls": "starttls"}), message)

    assert post.trouble.mails == []


@pytest.mark.parametrize(("tls", "server"), [("implicit", "ssl_context"), ("starttls", "tls_context")])
def test_a_certificate_that_nobody_vouches_for_is_refused(tls, server, post, message, server_tls):
    with serving(post, **{server: server_tls}) as settings, pytest.raises(DeliveryUnavailable, match="certificate"):
        send(settings.model_copy(update={"tls": tls}), message)

    assert post.trouble.mails == []


def test_a_domain_with_umlauts_needs_nothing_of_the_server(post, message):
    with serving(post, enable_SMTPUTF8=False) as settings:
        send(settings, lambda: message(address="jour@exämple.org"))

    assert post.trouble.mails[0]["To"] == "jour@xn--exmple-cua.org"


def test_nobody_there(message, free_port):
    with pytest.raises(DeliveryUnavailable, match=f"mail server 127.0.0.1:{free_port}"):
        send(Mail(host="127.0.0.1", port=free_port, sender="alerts@example.org"), message)
