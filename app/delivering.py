"""Takes what the outbox leases to the transport, and settles it; sends the links of rounds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from relaypoint.app.pushing import beside, pushed
from relaypoint.app.turns import Turns
from relaypoint.domain.digests import common, parcels
from relaypoint.domain.errors import Unavailable
from relaypoint.domain.evidence import Try
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.words import ChannelKind, Priority
from relaypoint.notifications import bounces
from relaypoint.notifications.delivery import Attempt, Refused, Transport, deliver
from relaypoint.notifications.digests import Digest
from relaypoint.notifications.languages import chosen
from relaypoint.notifications.messages import Notification, compose_link
from relaypoint.notifications.push import Push
from relaypoint.notifications.sentences import held_as
from relaypoint.resolvers import announcing, bouncing, digesting, outbox, settling
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.outbox import Leased
from relaypoint.resolvers.rounds import Link

#: To so many contact points at once. What a way out does not take at once it lets wait.
AT_ONCE: Final = 16
#: And to so many more where that is an emergency.
KEPT: Final = 4
#: So many are taken over at a time: to look for them costs the more the more there are.
AT_A_TIME: Final = 200
#: Beside what is taken at once, so many more to the same contact points: what storms there goes out together.
BESIDE: Final = 400
#: Seconds after which it is looked for more while something is still on its way.
_LOOK: Final = 1.0


async def deliver_due(backend: Backend, transport: Transport, site: str, push: Push | None = None) -> dict[str, int]:
    """Delivers all that is due, to several contact points at once and to each in order, what belongs together as one
    message, and beside it to browsers by ``push``. Who is slow holds up nobody else, as long as fewer than ``AT_ONCE``
    are; an emergency waits for none of them.

    Returns how many ended ``delivered``, ``dead`` or ``failed``, once nothing is due and nothing on its way. What goes
    wrong is raised as it is, once what was on its way has ended and is recorded.
    """
    delivery = _Delivery(backend, transport, site, push)
    try:
        while True:
            more = await delivery.take()
            if not delivery.under_way:
                return dict(delivery.counts)
            await delivery.progress(more=more)
    except Exception:
        await delivery.rest()
        raise
    finally:
        await delivery.stop()


class _Delivery:
    """What was leased, on its way: a task for each contact point."""

    def __init__(self, backend: Backend, transport: Transport, site: str, push: Push | None) -> None:
        self._backend, self._transport, self._site, self._push = backend, transport, site, push
        self._turns = Turns(AT_ONCE, KEPT)
        self._resting = False
        self._settling = settling.Settling(OPERATOR, backend, lambda: self._turns.taken)
        #: By id, under the newest lease, what waits or is on its way; and by contact point the ids of what waits.
        self._held: dict[str, Leased] = {}
        self._waiting: dict[str, list[str]] = {}
        self.under_way: dict[str, asyncio.Task[None]] = {}
        self.counts: Counter[str] = Counter(delivered=0, dead=0, failed=0)

    async def take(self) -> bool:
        """Leases what is due, as far as there is room, and begins with it; returns whether that was anything.

        What is held already comes again once its lease has run out: so that is made to last.
        """
        room = AT_A_TIME - len(self._held)
        if room > 0:
            found = self._begin(await outbox.lease(OPERATOR, self._backend, limit=room, beside=BESIDE))
        else:
            found = self._begin(await outbox.lease(OPERATOR, self._backend, limit=KEPT, least=Priority.STAT))
        found += self._begin(await announcing.lease(OPERATOR, self._backend))
        return found > 0

    def _begin(self, batch: Sequence[Leased]) -> int:
        for leased in batch:
            if leased.id not in self._held:
                self._waiting.setdefault(leased.contact_point, []).append(leased.id)
                self._turns.hasten(leased.contact_point, leased.priority)
            self._held[leased.id] = leased
        for desk in self._waiting.keys() - self.under_way.keys():
            self.under_way[desk] = asyncio.create_task(self._to(desk))
        return len(batch)

    async def progress(self, *, more: bool) -> None:
        """Waits ``_LOOK`` seconds at most: where there may be ``more`` until there is room for it, else until all are
        done."""
        loop = asyncio.get_running_loop()
        enough, end = AT_ONCE - 1 if more else 0, loop.time() + _LOOK
        while len(self.under_way) > enough and (left := end - loop.time()) > 0:
            done, _ = await asyncio.wait(self.under_way.values(), timeout=left, return_when=asyncio.FIRST_COMPLETED)
            self.under_way = {desk: task for desk, task in self.under_way.items() if task not in done}
            for error in [task.exception() for task in done]:
                if error is not None:
                    raise error

    async def rest(self) -> None:
        """Begins nothing more, and waits for what is on its way."""
        self._resting = True
        await asyncio.gather(*self.under_way.values(), return_exceptions=True)

    async def stop(self) -> None:
        for task in self.under_way.values():
            task.cancel()
        await asyncio.gather(*self.under_way.values(), return_exceptions=True)

    async def _to(self, desk: str) -> None:
        """A turn for what is there when it comes; what came meanwhile waits for another."""
        while desk in self._waiting:
            waiting = (self._held[id].priority for id in self._waiting[desk])
            async with self._turns.turn(desk, max(waiting, key=lambda priority: priority.level)):
                ids = self._waiting.pop(desk)
                try:
                    await self._in_order([self._held[id] for id in ids])
                finally:
                    for id in ids:
                        del self._held[id]

    async def _in_order(self, notices: Sequence[Leased]) -> None:
        alone = [[each] for each in notices if each.announced]
        for parcel in parcels([each for each in notices if not each.announced]) + alone:
            held = self._newest(parcel)
            # Where the way was slow, others may have taken it over.
            if self._resting or self._backend.clock() >= min(each.until for each in held):
                return
            await self._give_way(held)
            told = await _told(self._backend, held)
            if told is None:
                return
            attempt, pushes = await self._sent(held, told)
            await self._give_way(held)
            ended = await self._settling.settle(
                settling.settlement(
                    self._backend,
                    self._newest(held),
                    attempt.status,
                    attempt.channel,
                    attempt.why,
                    attempt.tries,
                    pushes,
                )
            )
            self.counts.update(ended or ())

    async def _give_way(self, parcel: Sequence[Leased]) -> None:
        """To who is being answered; an emergency to nobody."""
        if parcel[0].priority is not Priority.STAT:
            await self._backend.precedence.give_way()

    def _newest(self, parcel: Sequence[Leased]) -> list[Leased]:
        """The same, under the leases that hold now."""
        held = [(each, self._held[each.id]) for each in parcel]
        return [
            each if each.lease == now.lease else replace(each, lease=now.lease, until=now.until) for each, now in held
        ]

    async def _sent(self, parcel: Sequence[Leased], told: Notification | Digest) -> tuple[Attempt, Sequence[Try]]:
        """What came of it, and of the browsers that were written to beside."""
        over_channels = deliver(told, common(parcel), self._transport, self._site)
        if self._push is None or not all(leased.browsers for leased in parcel):
            return await over_channels, ()
        attempt, pushes = await asyncio.gather(over_channels, pushed(self._push, parcel, told, self._site))
        return (beside(attempt, pushes) if pushes else attempt), pushes


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
