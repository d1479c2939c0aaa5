"""Reports of mail that came back (RFC 3464), as mail servers send them to the address that messages come from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message as Mail
from email.policy import compat32
from pathlib import Path
from typing import Final

#: A report is short and has few parts; what is longer, or taken apart further, is none: anybody may write there, and to
#: read it costs as many lines as it has times its parts.
MOST: Final = 1 << 16
_PARTS: Final = 6
_LINE: Final = 4096


@dataclass(frozen=True, slots=True)
class Bounce:
    """A message that did not arrive. ``key`` is its own, ``proof`` the secret that it bore, ``address`` whom it was
    for, ``reply`` the codes given."""

    key: str
    proof: str
    address: str
    reply: str | None


def read(mail: bytes) -> list[Bounce]:
    """What a mail reports as failed for good; nothing where it is another kind of mail, or tells of a delay."""
    if (
        len(mail) > MOST
        or mail.lower().count(b"boundary") > _PARTS
        or max(map(len, mail.splitlines()), default=0) > _LINE
    ):
        return []
    try:
        return _read(message_from_bytes(mail, policy=compat32))
    except Exception:  # Anybody may write there, and the library breaks in more ways than it tells of.
        return []


def _read(report: Mail) -> list[Bounce]:
    if report.get_content_type() != "multipart/report":
        return []
    key = _key(report)
    if key is None:
        return []
    return [
        Bounce(*key, address, reply)
        for fields in _recipients(report)
        if _word(fields, "Action") == "failed"
        for address in [_address(fields, "Original-Recipient") or _address(fields, "Final-Recipient")]
        if address is not None
        for reply in [_reply(fields)]
        if reply is None or reply.startswith("5")
    ]


def take_in(folder: Path) -> Iterator[list[Bounce]]:
    """The reports of each new mail in a Maildir. A mail counts as seen once what it reports has been taken in: one at
    which that broke off is read again. Raises ``OSError`` where the folder can't be read."""
    for name in sorted(os.listdir(folder / "new")):
        mail = folder / "new" / name
        with mail.open("rb") as file:
            reports = read(file.read(MOST + 1))
        yield reports
        # Moved and not read again: what no library can read is done with too.
        mail.rename(folder / "cur" / (name if ":2," in name else f"{name}:2,S"))


def _recipients(report: Mail) -> Iterator[Mail]:
    """The fields for each recipient. The first block of a report is of the message as a whole."""
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            yield from (
                (each for each in blocks if isinstance(each, Mail) and each["Action"])
                if isinstance(blocks, list)
                else ()
            )


def _key(report: Mail) -> tuple[str, str] | None:
    """The key and the secret of the message that came back, from its Message-ID: it comes with the report, whole or its
    header."""
    for part in report.walk():
        kind = part.get_content_type()
        original: Mail | None = None
        if kind == "message/rfc822":
            parts = part.get_payload()
            original = parts[0] if isinstance(parts, list) and isinstance(parts[0], Mail) else None
        elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
            payload = part.get_payload()
            original = message_from_string(payload, policy=compat32) if isinstance(payload, str) else None
        if original is not None:
            own = str(original["Message-ID"] or "")
            found = re.fullmatch(r"\s*<([A-Za-z0-9-]{8,64})\.([0-9a-f]{32})@[^<>\s]+>\s*", own)
            return (found[1], found[2]) if found else None
    return None


def _address(fields: Mail, name: str) -> str | None:
    """Of ``rfc822; desk@example.org``, the address."""
    kind, _, address = str(fields[name] or "").partition(";")
    address = address.strip().strip("<>")
    return address if kind.strip().lower() == "rfc822" and "@" in address else None


def _word(fields: Mail, name: str) -> str:
    return str(fields[name] or "").strip().lower()


def _reply(fields: Mail) -> str | None:
    found = re.search(r"\b[245]\.\d{1,3}\.\d{1,3}\b", str(fields["Status"] or ""))
    return found[0] if found else None
