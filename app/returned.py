"""Takes in what mail servers report as come back."""

from __future__ import annotations

from pathlib import Path

from relaypoint.domain.errors import Unavailable
from relaypoint.domain.policy import OPERATOR
from relaypoint.notifications import bounces
from relaypoint.resolvers import bouncing
from relaypoint.resolvers.backend import Backend


async def _came_back(backend: Backend, report: bounces.Bounce) -> bool:
    key, proof, address, reply = report.key, report.proof, report.address, report.reply
    return await bouncing.came_back(OPERATOR, backend, key, proof, address, reply) is not None


async def take_bounces(backend: Backend, folder: Path) -> int:
    """Takes in what new mails in a Maildir report as come back; returns how many messages that were. Raises
    ``Unavailable`` where the folder can't be read."""
    noted = 0
    try:
        for reports in bounces.take_in(folder):
            await backend.precedence.give_way()
            for each in reports:
                noted += await _came_back(backend, each)
    except OSError as error:
        raise Unavailable(
            "bounces.folder",
            "The folder of mails that came back can't be read: {why}.",
            path=("RELAYPOINT_MAIL_BOUNCES",),
            remedy="Name a Maildir that this user may read and write.",
            why=error.strerror or type(error).__name__,
        ) from error
    return noted
