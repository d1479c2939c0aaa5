"""What ``relaypoint doctor`` looks at: the settings without secrets, the way that commands go, weak set-ups."""

from __future__ import annotations

from typing import Any

from relaypoint.app.commands import commands, serving
from relaypoint.app.runtime import mail_server_of
from relaypoint.app.settings import Settings
from relaypoint.domain.errors import Problem
from relaypoint.notifications.delivery import Unable
from relaypoint.notifications.smtp import Smtp


async def examine(settings: Settings) -> dict[str, Any]:
    """``store`` is "answers" or "does not answer"; in the latter case ``problem`` says why."""
    socket = await serving(settings)
    shown = settings.model_dump(mode="json")
    if settings.mail and "@" in settings.mail:  # Who wrote a password into the address finds out without seeing it.
        shown["mail"] = "(not an address: it holds a user)"
    report: dict[str, Any] = {
        "settings": shown,
        "keyFile": str(settings.installation_key),
        "commands": f"to the server at {socket}" if socket else "into the store itself",
        "warnings": _warnings(settings),
    }
    try:
        async with commands(settings) as run:
            await run("Stalled", {"first": 0})
        report["store"] = "answers"
    except Problem as problem:
        report["store"], report["problem"] = "does not answer", problem.as_dict()
    report["mail"] = await _mail(settings)
    return report


async def _mail(settings: Settings) -> str | None:
    """Whether the mail server lets this program sign in; None where none is set."""
    try:
        server = mail_server_of(settings)
        if server is None:
            return None
        await Smtp(server).prove()
    except Problem as problem:
        return f"is not set right: {problem.message}"
    except OSError as error:
        return f"does not answer: {error if isinstance(error, Unable) else type(error).__name__}"
    return "answers"


def _warnings(settings: Settings) -> list[str]:
    found = []
    if settings.dev:
        found.append("RELAYPOINT_DEV is set: the server believes anyone on this machine.")
    if settings.url is None:
        found.append("RELAYPOINT_URL is not set: the links in messages lead to this machine, and nowhere for others.")
    elif any(each in settings.url for each in ("127.0.0.1", "localhost")):
        found.append("RELAYPOINT_URL names this machine: the links in messages lead nowhere for others.")
    sms, messenger = settings.sms or settings.sms_file, settings.messenger or settings.messenger_file
    if settings.mail is None and not sms and not messenger:
        found.append(f"RELAYPOINT_MAIL is not set: messages are laid into {settings.spool}, and go no further.")
    elif settings.mail and not settings.mail_secure:
        found.append(
            "RELAYPOINT_MAIL_SECURE is not set: nothing goes to channels of the kind secure-email; a contact point "
            "that has no other has to be phoned."
        )
    elif settings.mail is None:
        found.append("RELAYPOINT_MAIL is not set: nothing goes out by mail, and nothing is laid into a folder.")
    if settings.gateway_local:
        found.append("RELAYPOINT_GATEWAY_LOCAL is set: text messages may go into this network, and in the clear.")
    if settings.now:
        found.append("RELAYPOINT_NOW is set: the clock stands still.")
    if settings.folder is None and not settings.neo4j_user:
        found.append("RELAYPOINT_NEO4J_USER is not set: the store is open to whoever reaches it.")
    if settings.folder is None and not settings.key_file:
        found.append("RELAYPOINT_KEY_FILE is not set: other instances of this site need the same key.")
    if settings.folder is not None and settings.installation_key.parent == settings.folder:
        found.append("The installation's key lies beside the store: a copy of the folder can be read.")
    return found
