"""Where a channel or a page is reached: phone numbers, mail addresses, web addresses. Each is tidied or refused."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Annotated
from urllib.parse import urlsplit

import phonenumbers
from pydantic import AfterValidator

from relaypoint.domain.roster_faults import refused
from relaypoint.domain.roster_fields import Line
from relaypoint.domain.words import ChannelKind

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}\.)+(?:[A-Za-z]{{2,63}}|xn--[A-Za-z0-9-]{{2,59}})"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"


@lru_cache(maxsize=4096)
def phone(value: str, region: str | None = None) -> str:
    """E.164. ``region`` is the ISO 3166-1 country of a number written without + and country code."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException as problem:
        unknown_country = problem.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        national = unknown_country and region is None and not value.startswith("+")
        raise refused("roster.phone-country" if national else "roster.bad-phone", value) from None
    if number.extension:
        raise refused("roster.phone-extension", value)
    if re.search(r"[^\W\d_]", value) or not phonenumbers.is_valid_number(number):
        raise refused("roster.bad-phone", value)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email(value: str) -> str:
    """The bare address, its domain in small letters."""
    local, _, host = value.rpartition("@")
    if len(value) > 254 or len(local) > 64 or not re.fullmatch(rf"{_ATOM}(\.{_ATOM})*", local):
        raise refused("roster.bad-email", value)
    if "=?" in local:  # Read by some as a word that is written in another way (RFC 2047), and then as another address.
        raise refused("roster.bad-email", value)
    if not re.fullmatch(_HOST, host):
        raise refused("roster.bad-email", value)
    return f"{local}@{host.lower()}"


def url(value: str) -> str:
    """An http or https address with a host name, without spaces and without a user name in it."""
    try:
        parts = urlsplit(value)
        port = parts.port  # read for its check
    except ValueError:
        raise refused("roster.bad-url", value) from None
    if parts.scheme not in ("http", "https") or port == 0 or "@" in parts.netloc or "\\" in value:
        raise refused("roster.bad-url", value)
    if re.search(r"\s", value) or not re.fullmatch(_HOST, _ascii(parts.hostname or "")):
        raise refused("roster.bad-url", value)
    return value


def secure_url(value: str) -> str:
    """As ``url``, https only."""
    if urlsplit(url(value)).scheme != "https":
        raise refused("roster.insecure-url", value)
    return value


def messenger(value: str, region: str | None = None) -> str:
    """A phone number in E.164, an https address, or a handle as the messenger writes it."""
    if re.fullmatch(r"[+0-9(][0-9 ().\-/]*", value):
        return phone(value, region)
    if "://" in value:
        return secure_url(value)
    if re.search(r"\s", value):
        raise refused("roster.bad-messenger", value)
    return value


def address(kind: ChannelKind, value: str, region: str | None = None) -> str:
    """The address of a channel as it is kept; raises pydantic's custom error with the fault."""
    match kind:
        case ChannelKind.PHONE | ChannelKind.SMS:
            return phone(value, region)
        case ChannelKind.EMAIL | ChannelKind.SECURE_EMAIL:
            return email(value)
        case ChannelKind.WEB_FORM:
            return secure_url(value)
        case ChannelKind.MESSENGER:
            return messenger(value, region)
        case ChannelKind.IN_PERSON | ChannelKind.RELAY:
            return value


def same_address(kind: ChannelKind, value: str) -> tuple[str, str]:
    """Equal for two channels that reach the same place in the same way, whatever the case of letters."""
    mail = kind in (ChannelKind.EMAIL, ChannelKind.SECURE_EMAIL)
    return ("email" if mail else kind.value, value.casefold())


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


Url = Annotated[Line, AfterValidator(url)]
SecureUrl = Annotated[Line, AfterValidator(secure_url)]


def loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
