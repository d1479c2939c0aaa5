"""Takes what the outbox leases to the transport, and settles it; sends the links of rounds."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Final

from relaypoint.app.pushing import beside, pushed
from relaypoint.domain.digests import common, parcels
from relaypoint.domain.errors import Unavailable
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.words import ChannelKind
from relaypoint.notifications import bounces
from relaypoint.notifications.delivery import Refused, Transport, deliver
from relaypoint.notifications.digests import Digest
from relaypoint.notifications.languages import chosen
from relaypoint.notifications.messages import Notification, compose_link
from relaypoint.notifications.push import Push
from relaypoint.notifications.sentences import held_as
from relaypoint.resolvers import bouncing, digesting, outbox, settling
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.outbox import Leased
from relaypoint.resolvers.rounds import Link

#: To so many contact points at once: that keeps the way out busy, and leaves room for those who ask meanwhile.
AT_ONCE: Final = 8
#: Beside what is taken at once, so many more to the same contact points: what storms there goes out together.
BESIDE: Final = 400


async def deliver_due(backend: Backend, transport: Transport, site: str, push: Push | None = None) -> dict[str, int]:
    """Delivers all that is due now, to several contact points at once and to each in order, what belongs together as
    one message, and beside it to browsers by ``push``; returns how many ended ``delivered``, ``dead`` or ``failed``."""
    counts: Counter[str] = Counter(delivered=0, dead=0, failed=0)

    async def in_order(notices: Sequence[Leased]) -> None:
        for parcel in parcels(notices):
            if backend.clock() >= parcel[0].until:  # The transport was slow: others may have taken it over.
                return
            told = await _told(backend, parcel)
            if told is None:
                return
            attempt, pushes = await asyncio.gather(
                deliver(told, common(parcel), transport, site), pushed(push, parcel, told, site)
            )
            if pushes:
                attempt = beside(attempt, pushes)
            ended = await settling.settle_together(
                OPERATOR, backend, parcel, attempt.status, attempt.channel, attempt.why, attempt.tries, pushes
            )
            counts.update(ended or ())

    while batch := await outbox.lease(OPERATOR, backend, beside=BESIDE):
        recipients: dict[str, list[Leased]] = {}
        for leased in batch:
            recipients.setdefault(leased.contact_point, []).append(leased)
        await _together(in_order(notices) for notices in recipients.values())
    return dict(counts)


async def _told(backend: Backend, parcel: Sequence[Leased]) -> Notification | Digest | None:
    """What goes out; None where others have it by now."""
    notifications = [
        Notification(
            key=leased.id,
            reference=leased.reference,
            priority=leased.priority,
            kind=leased.kind,
            language=chosen(leased.languages),
            receipt=leased.receipt,
            proof=bouncing.proof(backend, leased.id),
        )
        for leased in parcel
    ]
    if len(parcel) == 1:
        return notifications[0]
    key = await digesting.put_together(OPERATOR, backend, parcel)
    if key is None:
        return None
    proof = bouncing.proof(backend, key)
    return Digest(key=key, notifications=notifications, language=notifications[0].language, proof=proof)


async def _came_back(backend: Backend, report: bounces.Bounce) -> bool:
    key, proof, address, reply = report.key, report.proof, report.address, report.reply
    return await bouncing.came_back(OPERATOR, backend, key, proof, address, reply) is not None


async def take_bounces(backend: Backend, folder: Path) -> int:
    """Takes in what new mails in a Maildir report as come back; returns how many messages that were. Raises
    ``Unavailable`` where the folder can't be read."""
    noted = 0
    try:
        for reports in bounces.take_in(folder):
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


async def _together(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Does ``AT_ONCE`` of it at a time. What one of them raises ends the others, and is raised as it is."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(each: Coroutine[None, None, None]) -> None:
        with contextlib.closing(each):  # Also one whose turn never came.
            async with turns:
                await each

    tasks = [asyncio.create_task(in_turn(each)) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def send_links(links: Sequence[Link], transport: Transport, site: str, *, test: bool) -> frozenset[str]:
    """Sends each link by its channel, where that takes messages; returns the keys of those that went out.

    A token is stored nowhere, so what fails here is not tried again: a reminder makes a new one.
    """
    sent = set()
    for link in links:
        if link.kind is None or link.address is None or ChannelKind(link.kind) not in transport.kinds:
            continue
        try:
            message = compose_link(
                link.key,
                link.token,
                link.address,
                site,
                due=link.due,
                role=held_as(link.role, link.rank) if link.role else None,
                test=test,
                language=chosen(link.languages),
            )
            await transport.send(link.kind, message)
        except (OSError, Refused):
            continue
        sent.add(link.key)
    return frozenset(sent)
