"""Takes what the outbox leases to the transport, and settles it; sends the links of rounds."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from relaypoint.app.pushing import beside, pushed
from relaypoint.domain.digests import common, parcels
from relaypoint.domain.evidence import Try
from relaypoint.domain.policy import OPERATOR
from relaypoint.domain.words import ChannelKind, Priority
from relaypoint.notifications.delivery import Attempt, Refused, Transport, deliver
from relaypoint.notifications.digests import Digest
from relaypoint.notifications.languages import chosen
from relaypoint.notifications.messages import Notification, compose_link
from relaypoint.notifications.push import Push
from relaypoint.notifications.sentences import held_as
from relaypoint.notifications.turns import Turns
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
#: Of one contact point so many count, however many wait there: they keep no room from others.
_COUNTED: Final = 10
#: Seconds after which it is looked for more while something is still on its way.
_LOOK: Final = 1.0


async def deliver_due(backend: Backend, transport: Transport, site: str, push: Push | None = None) -> dict[str, int]:
    """Delivers all that is due, to several contact points at once and to each in order, what belongs together as one
    message, and beside it to browsers by ``push``. Who is slow holds up nobody else, as long as fewer than ``AT_ONCE``
    are; an emergency waits for none of them.

    Returns how many ended ``delivered``, ``dead`` or ``failed``, once nothing is due and nothing on its way. What goes
    wrong with one of them keeps no other back; it is raised as it is once all of them have ended and are recorded.
    What was taken over and not begun by then, or is not when this is cancelled, is let go of.
    """
    delivery = _Delivery(backend, transport, site, push)
    try:
        while True:
            more = await delivery.take()
            if not delivery.under_way:
                break
            await delivery.progress(more=more)
    except Exception as error:
        delivery.went_wrong(error)
        await delivery.rest()
    except asyncio.CancelledError:
        await delivery.stop()
        await delivery.let_go()
        raise
    finally:
        await delivery.stop()
    await delivery.let_go()
    if delivery.fault is not None:
        raise delivery.fault
    return dict(delivery.counts)


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
        #: By contact point the same as it goes out; gone where more has come.
        self._parcels: dict[str, list[list[str]]] = {}
        self.under_way: dict[str, asyncio.Task[None]] = {}
        self.counts: Counter[str] = Counter(delivered=0, dead=0, failed=0)
        self.fault: Exception | None = None

    async def take(self) -> bool:
        """Leases what is due, as far as there is room, and begins with it; returns whether that was anything.

        What is held already comes again once its lease has run out: so that is made to last.
        """
        room = AT_A_TIME - sum(min(len(ids), _COUNTED) for ids in self._waiting.values())
        limits: dict[str, Any] = {"limit": room, "beside": BESIDE}
        if room <= 0:
            limits = {"limit": KEPT, "least": Priority.STAT}
        found = self._begin(await outbox.lease(OPERATOR, self._backend, held=self._held, **limits))
        try:
            found += self._begin(await announcing.lease(OPERATOR, self._backend))
        except Exception as error:
            self.went_wrong(error)
        return found > 0

    def _begin(self, batch: Sequence[Leased]) -> int:
        for leased in batch:
            if leased.id not in self._held:
                self._waiting.setdefault(leased.contact_point, []).append(leased.id)
                self._parcels.pop(leased.contact_point, None)
                self._turns.hasten(leased.contact_point, leased.priority)
            self._held[leased.id] = leased
        for desk in [desk for desk in self._waiting if desk not in self.under_way]:  # The most urgent come first.
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
            for task in done:
                task.result()

    async def rest(self) -> None:
        """Begins nothing more, and waits for what is on its way."""
        self._resting = True
        await asyncio.gather(*self.under_way.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Ends what is on its way."""
        for task in self.under_way.values():
            task.cancel()
        await asyncio.gather(*self.under_way.values(), return_exceptions=True)

    async def let_go(self) -> None:
        """Of what was taken over and not begun."""
        waiting, self._waiting = self._waiting, {}
        await self._release([id for ids in waiting.values() for id in ids])

    async def _release(self, ids: Sequence[str]) -> None:
        """What can't be let go of now is taken over once its lease has run out."""
        left = [self._held.pop(id) for id in ids]
        with contextlib.suppress(Exception):
            await outbox.release(OPERATOR, self._backend, left)

    def went_wrong(self, error: Exception) -> None:
        """The first is told; the store that fails may do so many times over."""
        self.fault = self.fault or error

    async def _to(self, desk: str) -> None:
        """A turn for each message, as urgent as that is: what came meanwhile may be more so, and others wait too."""
        while desk in self._waiting and not self._resting:
            parcel = self._first(desk)
            async with self._turns.turn(desk, parcel[0].priority):
                if self._resting:
                    return
                await self._one(desk, [each.id for each in self._first(desk)])

    def _first(self, desk: str) -> list[Leased]:
        """What goes out next of what waits there, as one message."""
        if desk not in self._parcels:
            waiting = [self._held[id] for id in self._waiting[desk]]
            alone = [[each] for each in waiting if each.announced]
            together = parcels([each for each in waiting if not each.announced]) + alone
            self._parcels[desk] = [[each.id for each in parcel] for parcel in together]
        return [self._held[id] for id in self._parcels[desk][0]]

    async def _one(self, desk: str, ids: list[str]) -> None:
        """Sends and records one message. Where that goes wrong what else waits there is let go of, so that its order is
        kept: the message itself is taken up again once its lease has run out."""
        self._parcels[desk].remove(ids)
        self._waiting[desk] = [id for id in self._waiting[desk] if id not in ids]
        if not self._waiting[desk]:
            self._forget(desk)
        try:
            if not await self._sent_on([self._held[id] for id in ids]):
                await self._release(self._forget(desk))
        except Exception as error:
            self.went_wrong(error)
            await self._release(self._forget(desk))
        finally:
            for id in ids:
                del self._held[id]

    def _forget(self, desk: str) -> list[str]:
        """What waits there."""
        self._parcels.pop(desk, None)
        return self._waiting.pop(desk, [])

    async def _sent_on(self, parcel: Sequence[Leased]) -> bool:
        """False where others have it by now, as the way was slow: they have what comes after it as well."""
        held = self._newest(parcel)
        if self._backend.clock() >= min(each.until for each in held):
            return False
        await self._give_way(held)
        told = await _told(self._backend, held)
        if told is None:
            return False
        attempt, pushes = await self._sent(held, told)
        await self._give_way(held)
        newest = self._newest(held)
        ended = await self._settling.settle(
            settling.settlement(
                self._backend, newest, attempt.status, attempt.channel, attempt.why, attempt.tries, pushes
            )
        )
        self.counts.update(ended or ())
        return True

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
