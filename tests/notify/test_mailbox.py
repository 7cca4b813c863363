"""The demo's mail server: what comes in over SMTP can be read, newest first."""

import smtplib
from email.message import EmailMessage

import pytest

from monitor.demo.mailbox import Mailbox


def _mail(subject: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "noc@example.org", subject
    mail.set_content("Långsam laddning\n")
    mail.add_alternative("<p>Långsam</p>\n", subtype="html")
    return mail


def test_a_mail_can_be_read_part_by_part(mailbox):
    with smtplib.SMTP(*mailbox.address) as client:
        client.send_message(_mail("Långsam ▲"))

    (mail,) = mailbox.mails
    assert (mail.id, mail.sender, mail.recipients) == (1, "a@example.org", ("noc@example.org",))
    assert mail.subject == "Långsam ▲"
    assert mail.text == "Långsam laddning\n"
    assert mail.html == "<p>Långsam</p>\n"
    assert ("To", "noc@example.org") in mail.headers
    assert mail.raw.startswith(b"From: a@example.org\r\n")
    assert mailbox.get(1) == mail
    assert mailbox.get(2) is None


def test_pictures_of_a_mail_stand_in_its_html(mailbox):
    mail = EmailMessage()
    mail.set_content("Curve\n")
    mail.add_alternative('<img src="cid:curve0@laddvakt"><img src="cid:none@laddvakt">\n', subtype="html")
    mail.get_body(("html",)).add_related(b"\x89PNG", "image", "png", cid="<curve0@laddvakt>")
    with smtplib.SMTP(*mailbox.address) as client:
        client.send_message(mail, "a@example.org", ["noc@example.org"])

    assert mailbox.mails[0].html == '<img src="data:image/png;base64,iVBORw=="><img src="cid:none@laddvakt">\n'


def test_the_newest_comes_first_and_the_oldest_are_forgotten():
    box = Mailbox(lambda: None, kept=2)
    box.start()
    with smtplib.SMTP(*box.address) as client:
        for subject in ("one", "two", "three"):
            client.send_message(_mail(subject))
    box.stop()

    assert [mail.subject for mail in box.mails] == ["three", "two"]
    assert box.received == 3
    assert box.get(1) is None


def test_any_mail_is_kept_even_a_broken_one(mailbox):
    with smtplib.SMTP(*mailbox.address) as client:
        client.sendmail("", ["noc@example.org"], b"Content-Type: text/plain; charset=nonsense\r\n\r\nhej \xe5\r\n")
        client.sendmail("a@example.org", ["noc@example.org"], b"Content-Type: image/png\r\n\r\n\x00\r\n")

    assert [(mail.subject, mail.text, mail.html) for mail in mailbox.mails] == [("", "", ""), ("", "hej \ufffd\n", "")]


def test_it_stops_though_clients_are_connected_and_starts_again_on_the_same_port(mailbox):
    address = mailbox.address
    client = smtplib.SMTP(*address)
    mailbox.stop()
    mailbox.stop()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.noop()
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(*address)

    mailbox.start()
    assert mailbox.address == address
    smtplib.SMTP(*address).close()


def test_a_taken_port_is_an_error_at_the_start(mailbox):
    with pytest.raises(OSError, match="already in use"):
        Mailbox(lambda: None, port=mailbox.address[1]).start()
