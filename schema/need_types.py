"""A need, as it is asked for over GraphQL."""

from __future__ import annotations

from typing import Annotated

import strawberry

from relaypoint.resolvers import needs
from relaypoint.schema.words import told


@strawberry.input(description="What is needed, for whom, where, and whom to avoid.")
class NeedInput:
    from_organization: str = strawberry.field(name="from", description="The organization that asks (its key).")
    service: str = strawberry.field(description="Key or name of the service type, as emergency-support.")
    place: str = strawberry.field(description="ISO or local code, as GB-WLS, or the place's name in any spelling.")
    near: bool = strawberry.field(default=False, description="Whether what lies around the place will do as well.")
    consent: list[str] | None = strawberry.field(
        default=None,
        description="The service types that the adult agrees to; empty: to none that needs consent, so that it goes "
        "the way that takes none; null: not said.",
    )
    also: list[str] = strawberry.field(
        default_factory=list, description="Further service types that the same case needs, for one plan."
    )
    languages: list[str] = strawberry.field(
        default_factory=list, description="The person's languages (BCP 47 tags, or names); one of them is enough."
    )
    priority: str = strawberry.field(default="routine", description="routine, urgent, asap or stat (emergency).")
    confidentiality: str = strawberry.field(default="official", description="public, official, confidential or strict.")
    tags: list[str] = strawberry.field(
        name="for", default_factory=list, description="Population tags, as female, child, age-unknown or labour."
    )
    avoid: list[str] = strawberry.field(
        default_factory=list,
        description="Organizations, kinds, contact points or holders that the case must not reach.",
    )

    def to_domain(self) -> needs.NeedInput:
        return needs.NeedInput(
            from_organization=self.from_organization,
            service=self.service,
            place=self.place,
            also=tuple(self.also),
            languages=tuple(self.languages),
            near=self.near,
            consent=None if self.consent is None else tuple(self.consent),
            priority=self.priority,
            confidentiality=self.confidentiality,
            tags=tuple(self.tags),
            avoid=tuple(self.avoid),
        )


Need = Annotated[NeedInput, told("The case.")]

#: Where the fields that the use cases name are in the input.
NEED_PATHS = {
    field: ("need", field)
    for field in (
        "from",
        "service",
        "also",
        "place",
        "near",
        "languages",
        "priority",
        "confidentiality",
        "for",
        "avoid",
        "consent",
    )
}
