"""The worker between an outbox and real SMTP servers on loopback: one mail each, whatever breaks on the way."""

import time
from datetime import timedelta

import pytest

from monitor.config import Mail
from monitor.notify.compose import message_id
from monitor.notify.mail import MailChannel
from monitor.notify.smtp import Limits
from monitor.notify.worker import OutboxWorker, Pauses

IMPATIENT = Limits(answer=0.5, mail=0.6)


def test_a_waiting_message_is_delivered_and_marked_after_the_250(outbox, post, message, working, text_of):
    outbox.add(message())
    worker = working(outbox, post.settings)

    outbox.reaches("sent")

    (mail,) = post.trouble.mails
    assert mail["Subject"] == "[FIRING 1] critical malmo-central/mc-1: slow-charging"
    assert "https://laddvakt.example.org/alerts/17" in text_of(mail)
    assert worker.last_success is not None
    assert worker.last_error == ""


def test_a_new_message_wakes_the_worker(outbox, post, message, working, eventually):
    worker = working(outbox, post.settings, pauses=Pauses(poll=3600))
    for i in range(20):
        outbox.add(message(key=f"k{i}", group={"site": f"s{i}"}))
    worker.wake()
    eventually(lambda: len(post.trouble.mails) == 20)

    assert post.trouble.connections <= 4


def test_without_a_mail_server_rows_wait(outbox, post, message, working):
    outbox.add(message())
    worker = working(outbox, post.settings.model_copy(update={"host": ""}))
    worker.wake()
    time.sleep(0.2)
    worker.stop()

    assert outbox.claims == 0
    assert worker.last_error == ""


def test_a_server_that_was_away_gets_the_mail_once_when_it_is_back(outbox, mailbox, message, working, eventually):
    host, port = mailbox.address
    mailbox.stop()
    outbox.add(message())
    worker = working(outbox, _settings(host, port), speed=60)
    eventually(lambda: outbox.error)
    assert f"mail server 127.0.0.1:{port}" in worker.last_error
    assert "check mail.host" in worker.last_error

    mailbox.start()
    outbox.reaches("sent")

    (mail,) = mailbox.mails
    assert dict(mail.headers)["Message-ID"] == message_id("noc/malmo-central/1", "example.org")
    assert outbox.attempts >= 2
    assert worker.last_success > worker.last_error_at


def test_a_server_that_restarts_between_two_mails_is_not_noticed(outbox, mailbox, message, working):
    outbox.add(message())
    worker = working(outbox, _settings(*mailbox.address))
    outbox.reaches("sent")
    mailbox.stop()
    mailbox.start()

    outbox.add(message(key="second"))
    worker.wake()
    outbox.reaches("sent", "sent")

    assert worker.last_error == ""


def test_one_refused_recipient_does_not_hold_up_the_other(outbox, post, message, working):
    post.trouble.refuse = {"gone@example.org": "550 5.1.1 no such user"}
    outbox.add(message(key="a", address="gone@example.org"), message(key="b"))
    worker = working(outbox, post.settings)

    outbox.reaches("dead", "sent")

    assert [mail["To"] for mail in post.trouble.mails] == ["noc@example.org"]
    assert "answered 550 5.1.1 no such user" in outbox.error
    assert worker.last_error == outbox.error


@pytest.mark.parametrize("answer", ["451 4.7.1 greylisted", "554 5.7.1 relay access denied", "530 5.7.0 log in first"])
def test_a_refusal_that_may_end_is_retried(answer, outbox, post, message, working):
    post.trouble.refuse = {"noc@example.org": answer}
    outbox.add(message())
    working(outbox, post.settings, speed=60)
    outbox.fails_again()
    assert answer in outbox.error

    post.trouble.refuse = {}
    outbox.reaches("sent")


def test_content_refused_for_good_is_not_sent_again(outbox, post, message, working):
    post.trouble.answer = "552 5.3.4 too big"
    outbox.add(message())
    working(outbox, post.settings)

    outbox.reaches("dead")
    assert len(post.trouble.mails) == 1


def test_a_cut_between_content_and_250_repeats_the_mail_with_the_same_id(outbox, post, message, working):
    post.trouble.cut_after_content = 1
    outbox.add(message())
    working(outbox, post.settings, speed=60)

    outbox.reaches("sent")

    first, second = post.trouble.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_a_slow_server_is_given_up_and_the_mail_kept(outbox, post, message, working, eventually):
    post.trouble.wait_s = 1.0
    outbox.add(message())
    working(outbox, post.settings, speed=20, limits=IMPATIENT)
    eventually(lambda: outbox.error)
    assert "took too long" in outbox.error

    post.trouble.wait_s = 0
    outbox.reaches("sent")


def test_a_lease_that_ends_early_on_a_fast_clock_sends_nothing_twice(outbox, post, message, working, eventually):
    post.trouble.hold = True
    outbox.add(message())
    # A lease of 10 s of the service's time is over after 100 real milliseconds, long before the server's answer.
    working(outbox, post.settings, speed=100, limits=Limits(answer=5, mail=5), pauses=Pauses(poll=0.05))
    eventually(lambda: outbox.claims > 4)
    post.trouble.hold = False

    outbox.reaches("sent")
    assert len(post.trouble.mails) == 1


def test_a_message_that_cannot_become_a_mail_is_recorded_and_the_rest_goes_on(outbox, post, message, row, working):
    nowhere = row("far/too/many/names")
    outbox.add(message(key="a", address="no address"), message(nowhere, key="b"), message(key="c", group={"site": "c"}))
    worker = working(outbox, post.settings)

    outbox.reaches("dead", "waiting", "sent")

    assert "is not a mail address" in outbox.error
    assert "ValueError" in outbox.column("error")[1]
    assert worker.last_success is not None


def test_an_outbox_that_cannot_be_read_or_written_costs_no_mail_and_doubles_none(
    outbox, post, message, working, eventually
):
    outbox.broken = True
    outbox.add(message())
    worker = working(outbox, post.settings, pauses=Pauses(broken=0.05))
    eventually(lambda: worker.last_error)
    assert worker.last_error == "database is locked"

    post.trouble.hold = True
    outbox.broken = False
    eventually(lambda: post.trouble.mails)
    outbox.broken, worker.last_error = True, ""  # between the content and the record of it
    post.trouble.hold = False
    eventually(lambda: worker.last_error)
    assert outbox.states == ["waiting"]
    outbox.broken = False
    outbox.reaches("sent")
    assert len(post.trouble.mails) == 1


def test_stop_finishes_the_mail_under_way_and_begins_no_other(outbox, post, message, working, eventually):
    post.trouble.wait_s = 0.5
    outbox.add(message(key="a"), message(key="b"))
    worker = working(outbox, post.settings)
    eventually(lambda: post.trouble.mails)
    worker.stop()

    assert outbox.states == ["sent", "waiting"]
    assert len(post.trouble.mails) == 1


def test_stop_gives_up_what_takes_too_long(outbox, post, message, working, eventually):
    post.trouble.wait_s = 3
    outbox.add(message())
    worker = working(outbox, post.settings, pauses=Pauses(stop=0.3))
    eventually(lambda: post.trouble.mails)
    worker.stop()

    assert outbox.states == ["waiting"]


def test_a_worker_that_never_started_can_be_stopped_and_woken(outbox, post):
    worker = OutboxWorker(outbox, MailChannel(post.settings, ""), lambda: None)
    worker.wake()
    worker.stop()


def test_messages_of_one_group_go_one_after_the_other(outbox, post, message, working):
    for number in range(8):
        outbox.add(message(key=f"k{number}", thread="k0"))
    working(outbox, post.settings)

    outbox.reaches(*["sent"] * 8)

    assert [mail["Message-ID"] for mail in post.trouble.mails] == [message_id(f"k{n}", "example.org") for n in range(8)]


def _settings(host, port):
    return Mail(host=host, port=port, sender="alerts@example.org")


def test_what_a_killed_service_had_claimed_is_sent_at_once(outbox, post, message, working):
    outbox.add(message())
    outbox.claim("mail", message().at, timedelta(hours=1), 1)

    working(outbox, post.settings)

    outbox.reaches("sent")
