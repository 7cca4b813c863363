"""Texts of the pages that come before a login, when nothing is known of a reader but the browser's languages."""

from collections.abc import Mapping

from dashboards import reader

_EN = {
    "language": "en",
    "log in": "Log in",
    "username": "User name",
    "password": "Password",
    "wrong": "User name or password is wrong.",
    "wait": "Too many wrong passwords. Try again in {seconds} s.",
    "forgotten": "Forgotten it? An administrator of this service can set another password.",
    "wall": "Wall screen",
    "wall token": "Token of the screen",
    "wall enter": "Show the wall",
    "wall wrong": "This token is not known or has been revoked.",
    "wall how": "An administrator makes tokens for screens on the page Access.",
    "for": "For {address}",
    "acknowledge": "Acknowledge",
    "silence": "Silence",
    "alert": "Alert",
    "acknowledge what": "No more reminders of this alert until it is over.",
    "silence what": "No messages of this rule at this place for as long as you choose, neither to you nor to others.",
    "your name": "Your name (so that others know who sees to it)",
    "how long": "For how long",
    "hours": "{hours} h",
    "reason": "Reason",
    "acknowledged": "Acknowledged.",
    "silenced": "Silenced until {until}.",
    "already": "Acknowledged by {by}, {at}.",
    "since": "Since {at}",
    "resolved": "Over since {at}",
    "over": "This alert is over: there is nothing to do.",
    "cause": "Probable cause",
    "contact": "Contact",
    "access": "Access",
    "open": "Open in Laddvakt",
    "bad link": "This link does not work",
    "bad link why": "It was changed on its way, is not of this service, or is for something else.",
    "old link": "This link has expired",
    "old link why": "Links of mails work for a week. Log in to see the alert.",
}
_SV = {
    "language": "sv",
    "log in": "Logga in",
    "username": "Användarnamn",
    "password": "Lösenord",
    "wrong": "Fel användarnamn eller lösenord.",
    "wait": "För många felaktiga lösenord. Försök igen om {seconds} s.",
    "forgotten": "Glömt det? En administratör av tjänsten kan sätta ett nytt lösenord.",
    "wall": "Väggskärm",
    "wall token": "Skärmens nyckel",
    "wall enter": "Visa väggen",
    "wall wrong": "Nyckeln är okänd eller återkallad.",
    "wall how": "En administratör gör nycklar för skärmar på sidan Access.",
    "for": "För {address}",
    "acknowledge": "Kvittera",
    "silence": "Tysta",
    "alert": "Larm",
    "acknowledge what": "Inga fler påminnelser om larmet förrän det är över.",
    "silence what": "Inga meddelanden om regeln på platsen så länge du väljer. Det gäller alla, inte bara dig.",
    "your name": "Ditt namn (så att andra vet vem som tar hand om det)",
    "how long": "Hur länge",
    "hours": "{hours} h",
    "reason": "Skäl",
    "acknowledged": "Kvitterat.",
    "silenced": "Tystat till {until}.",
    "already": "Kvitterat av {by}, {at}.",
    "since": "Sedan {at}",
    "resolved": "Över sedan {at}",
    "over": "Larmet är över: det finns inget att göra.",
    "cause": "Trolig orsak",
    "contact": "Kontakt",
    "access": "Tillträde",
    "open": "Öppna i Laddvakt",
    "bad link": "Länken fungerar inte",
    "bad link why": "Den har ändrats på vägen, hör inte till tjänsten eller gäller något annat.",
    "old link": "Länken har gått ut",
    "old link why": "Länkar i mejl fungerar i en vecka. Logga in för att se larmet.",
}


_BY_LANGUAGE = {"en": _EN, "sv": _SV}


def words() -> Mapping[str, str]:
    """In the reader's language."""
    return _BY_LANGUAGE[reader.language()]
