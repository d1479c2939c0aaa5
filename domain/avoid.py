"""Whom a case must not reach: an organization, a kind, a contact point or a holder. Binds wherever a case moves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.model import Body, ContactPoint, Holder, Organization


@dataclass(frozen=True, slots=True)
class Avoid:
    """``entries`` are ids and kinds, as the sender gave them."""

    entries: frozenset[str] = frozenset()
    everybody: bool = False

    @classmethod
    def of(cls, entries: Iterable[str]) -> Avoid:
        return cls(frozenset(entries))

    def bars_id(self, id: str | None) -> bool:
        return id is not None and (self.everybody or id in self.entries)

    def bars_body(self, body: Body | None) -> bool:
        return body is not None and (self.everybody or body.id in self.entries or body.kind in self.entries)

    def bars_organization(self, organization: Organization) -> bool:
        """Also where the organization is part of one that is avoided, or of the avoided kind, or came after it."""
        return self.names(organization) or any(self.bars_body(body) for body in organization.lineage)

    def names(self, organization: Organization) -> bool:
        """Whether the organization or one that it is part of is avoided as what it is today."""
        own = Body(organization.id, organization.kind)
        return any(self.bars_body(body) for body in (own, *organization.bodies))

    def leaves(self, organization: Organization, day: str) -> bool:
        """Whether one may turn to the organization on that day: it works, has not closed, and is not avoided."""
        return organization.answers(day) and not self.bars_organization(organization)

    def _bars_stand_in(self, person: Holder) -> bool:
        """Whoever stands in answers for the desk, and belongs where they belong."""
        return self.bars_id(person.contact_point) or any(self.bars_body(body) for body in person.bodies)

    def bars_any(self, names: frozenset[str]) -> bool:
        """Whether one of those who may answer somewhere is avoided: by an id, or by the kind of a body."""
        return self.everybody or not self.entries.isdisjoint(names)

    def bars_contact_point(self, desk: ContactPoint, organization: Organization | None = None) -> bool:
        """A desk is out by itself, by the one that answers for it now, by one who holds either of them or stands in
        there, or by the organization behind it."""
        holders = (*desk.holders, *desk.diverted_holders)
        return (
            self.bars_id(desk.id)
            or (desk.diverted_to is not None and self.bars_id(desk.diverted_to.id))
            or any(self.bars_id(person) for holder in holders for person in holder.people)
            or any(self._bars_stand_in(person) for holder in holders for person in holder.stand_ins)
            or (organization is not None and self.bars_organization(organization))
        )

    def bars_all(self, desks: Collection[ContactPoint]) -> bool:
        """Whether there are any, and not one of them is left."""
        return bool(desks) and all(self.bars_contact_point(desk) for desk in desks)


#: Where it can't be known whom a case avoids.
EVERYBODY: Final = Avoid(everybody=True)
