"""Whom a case must not reach: an organization, a kind, a contact point or a holder. Binds wherever a case moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from relaypoint.domain.model import Body, ContactPoint, Organization


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
        """Also where the organization is part of one that is avoided, or of the avoided kind."""
        own = Body(organization.id, organization.kind)
        return any(self.bars_body(body) for body in (own, *organization.bodies))

    def leaves(self, organization: Organization, day: str) -> bool:
        """Whether one may turn to the organization on that day: it works, and is not avoided."""
        return organization.works(day) and not self.bars_organization(organization)

    def bars_contact_point(self, desk: ContactPoint, organization: Organization | None = None) -> bool:
        """A desk is out by itself, by the one that answers for it now, by one who holds it or stands in, or by the
        organization behind it."""
        return (
            self.bars_id(desk.id)
            or (desk.diverted_to is not None and self.bars_id(desk.diverted_to.id))
            or any(self.bars_id(person) for holder in desk.holders for person in holder.people)
            or (organization is not None and self.bars_organization(organization))
        )


#: Where it can't be known whom a case avoids.
EVERYBODY: Final = Avoid(everybody=True)
