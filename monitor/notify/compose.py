"""A planned message becomes a mail: headers, a text part and an HTML part, under 100 kB whatever came in."""

import hashlib
from collections.abc import Sequence
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from monitor.access.links import Links
from monitor.alerts.model import Message
from monitor.errors import InputError
from monitor.notify.clean import clean
from monitor.notify.curve import SamplesOf
from monitor.notify.letter import SIZES, Letter, write_letter
from monitor.notify.pictures import Picture, curves, illustrated
from monitor.notify.report_letter import write_report

MAX_BYTES = 100_000
"""Of the whole mail as it goes over the wire; Gmail hides what comes after 102 kB of HTML."""

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_NO_ADDRESS = "{!r} is not a mail address; write for example noc@example.org"

_log = structlog.get_logger(__name__)


def compose(
    message: Message,
    public_url: str,
    sender: str,
    templates: Environment = TEMPLATES,
    *,
    links: Links | None = None,
    samples: SamplesOf | None = None,
) -> EmailMessage:
    """The mail for one planned message.

    `public_url` is where people reach the pages ("": the mail has no links to them), `sender` the From address, with or
    without a name. `links` signs those that need no login; without it all links lead to the pages. `samples` gives
    the readings of curves; a mail about few alerts shows them.
    Raises InputError when `sender` or the message's address is no mail address. A template that fails
    gives the built-in text, which says so. The same message always gives the same Message-ID.
    """
    if message.report is not None:
        return _reported(message, public_url, sender, templates)
    drawn = curves(message, samples) if samples else ()
    for pictures, size in [*([(drawn, SIZES[0])] if drawn else []), *(((), size) for size in SIZES)]:
        letter = illustrated(write_letter(message, public_url, size, links), pictures)
        mail = _with_body(_headers(message, sender), letter, templates, pictures)
        if len(mail.as_bytes()) < MAX_BYTES:
            break
    return mail


def _reported(message: Message, public_url: str, sender: str, templates: Environment) -> EmailMessage:
    mail, letter = _headers(message, sender), write_report(message, public_url)
    mail["Subject"] = letter.subject
    text, html = (
        templates.get_template(name).render(letter=letter, words=letter.words)
        for name in ("report.txt.j2", "report.html.j2")
    )
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    return mail


def _with_body(mail: EmailMessage, letter: Letter, templates: Environment, pictures: Sequence[Picture]) -> EmailMessage:
    mail["Subject"] = letter.subject
    try:
        text, html = (
            templates.get_template(name).render(letter=letter, words=letter.words)
            for name in ("mail.txt.j2", "mail.html.j2")
        )
    except Exception as error:  # a template can raise anything; none of it may cost the on-call engineer the mail
        _log.exception("mail template failed", subject=letter.subject)
        mail.set_content(built_in_text(letter, error), cte="quoted-printable")
        return mail
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    for picture in pictures:
        part = mail.get_payload()[1]  # type: ignore[index]  # the HTML part
        part.add_related(picture.png, "image", "png", cid=f"<{picture.name}>", disposition="inline")  # type: ignore[union-attr]
    return mail


def built_in_text(letter: Letter, error: Exception) -> str:
    """All that a responder needs, laid out without a template, and what is wrong with the template."""
    words, lines = letter.words, [letter.note, letter.where, letter.counts]
    for row in letter.rows:
        lines += [f"{row.glyph} {row.level.upper()}: {row.title}", row.place, row.summary]
        lines += [f"{words['cause']}: {row.cause}" if row.cause else "", row.when]
        lines += [f"{words['price']}: {row.price}" if row.price else "", row.link, row.runbook, row.reason]
    lines += [letter.contact, letter.access, *(f"{label}: {address}" for label, address in letter.links)]
    lines += [f"{letter.more} {letter.more_link}" if letter.more else "", letter.footer]
    lines.append(f"{words['broken']}: {clean(f'{type(error).__name__}: {error}', 300)}")
    return "\n".join(line for line in lines if line) + "\n"


def _headers(message: Message, sender: str) -> EmailMessage:
    mail = EmailMessage(policy=policy.SMTP)
    name, address = parseaddr(sender)
    origin = _address(address, clean(name, 60) or "Laddvakt")
    mail["From"] = origin
    mail["To"] = _address(message.address, "")
    mail["Date"] = message.at
    mail["Message-ID"] = message_id(message.key, origin.domain)
    if message.thread and message.thread != message.key:
        first = message_id(message.thread, origin.domain)
        mail["In-Reply-To"] = first
        mail["References"] = first
    # Neither an out-of-office reply (RFC 3834; the second for Exchange, which ignores it) nor a loop.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["List-Id"] = f"<{_label(message.receiver)}.laddvakt.{origin.domain}>"
    return mail


def message_id(key: str, domain: str) -> str:
    """The Message-ID that belongs to an outbox key for ever, so that a repeat after a crash can be recognised."""
    return f"<{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:32]}@{domain}>"


def _address(text: str, name: str) -> Address:
    """The address with its domain in ASCII, which every server takes; a local part has to be ASCII itself."""
    try:
        address = Address(display_name=name, addr_spec=text)
        if address.domain:
            return Address(name, address.username, _ascii(address.domain))
    except (ValueError, IndexError) as error:  # IndexError: how the parser of 3.11 says "empty"
        raise InputError(_NO_ADDRESS.format(text)) from error
    raise InputError(_NO_ADDRESS.format(text))


def _ascii(domain: str) -> str:
    return domain.encode("idna").decode() if not domain.isascii() else domain


def _label(receiver: str) -> str:
    """A receiver's name as one label of a List-Id, which mail filters match on."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in receiver)[:60] or "all"
