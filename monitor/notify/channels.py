"""All ways to tell people, as the settings have them."""

from collections.abc import Callable

from monitor.access.links import Links
from monitor.alerts.routes import Routes
from monitor.config import Settings
from monitor.notify.channel import Channel
from monitor.notify.chat import ChatChannel
from monitor.notify.curve import SamplesOf
from monitor.notify.mail import MailChannel
from monitor.notify.webhook import WebhookChannel


def channels(
    settings: Settings, routes: Callable[[], Routes], links: Links | None = None, samples: SamplesOf | None = None
) -> tuple[Channel, ...]:
    """One of each kind; `routes` gives the receivers in force, `links` signs those of mails, `samples` draws curves."""
    return (
        MailChannel(settings.mail, settings.public_url, links=links, samples=samples),
        WebhookChannel(routes, settings.public_url, private=settings.notify.private_addresses),
        ChatChannel(routes, settings.public_url, private=settings.notify.private_addresses),
    )
