"""The roster as GraphQL shows it. Each type is made from one row of the directory's statements."""

from __future__ import annotations

from typing import Annotated, Any, Self

import strawberry
from strawberry import relay

from relaypoint.domain.clock import parse_day
from relaypoint.domain.errors import Invalid
from relaypoint.domain.model import within
from relaypoint.domain.policy import Action
from relaypoint.resolvers import directory, duty
from relaypoint.schema.context import Info
from relaypoint.schema.joint_types import OnDuty
from relaypoint.schema.permissions import governed
from relaypoint.schema.words import told

_KEY = "The plain id, as in the roster's files and on the command line."
_SINCE = "First day (YYYY-MM-DD); null: since ever."
_UNTIL = "The day from which it no longer holds; null: open."


@governed(Action.READ_FRAME)
@strawberry.type(description="A row that is only named here.")
class Ref:
    key: str = strawberry.field(description=_KEY)
    name: str = strawberry.field(description="Its name.")

    @classmethod
    def of(cls, row: dict[str, Any] | None) -> Self | None:
        return cls(key=row["id"], name=row["name"]) if row else None

    @classmethod
    def some(cls, rows: list[dict[str, Any]]) -> list[Self]:
        return [cls(key=row["id"], name=row["name"]) for row in rows]


@governed(Action.READ_ROSTER)
@strawberry.type(description="One way to reach a contact point.")
class Channel:
    key: str = strawberry.field(description=_KEY)
    kind: str = strawberry.field(
        description="phone, sms, email, secure-email, messenger, web-form, in-person or relay."
    )
    address: str | None = strawberry.field(description="Number (E.164), mailbox or link.")
    rank: int = strawberry.field(description="The owner's order; 1 comes first.")
    assurance: str = strawberry.field(description="public, official, confidential or strict.")
    hours: str | None = strawberry.field(description="Opening hours (OSM syntax); null: the contact point's.")
    condition: str = strawberry.field(description="always, normal or contingency.")
    state: str = strawberry.field(description="unproven, working, failing or dead.")
    note: str | None = strawberry.field(description="What a caller should know.")

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(
            key=row["id"],
            kind=row["kind"],
            address=row["address"],
            rank=row["rank"] or 1,
            assurance=row["assurance"],
            hours=row["hours"],
            condition=row["condition"],
            state=row["state"],
            note=row["note"],
        )


@governed(Action.READ_ROSTER)
@strawberry.type(description="An organization's membership of a task force.")
class Membership:
    key: str = strawberry.field(description=_KEY)
    organization: Ref = strawberry.field(description="The member.")
    task_force: Ref = strawberry.field(description="The task force.")
    role: str = strawberry.field(description="As first-responder, support-provider or competent-authority.")
    standing: str = strawberry.field(description="full, observer or suspended.")
    since: str | None = strawberry.field(description=_SINCE)
    until: str | None = strawberry.field(description=_UNTIL)
    organization_until: str | None = strawberry.field(description="The day from which the organization is no more.")

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(
            key=row["id"],
            organization=Ref(key=row["organization"]["id"], name=row["organization"]["name"]),
            organization_until=row["ended"],
            task_force=Ref(key=row["task_force"]["id"], name=row["task_force"]["name"]),
            role=row["role"],
            standing=row["standing"],
            since=row["since"],
            until=row["until"],
        )


@governed(Action.READ_ROSTER)
@strawberry.type(description="An office's designated point of contact (focal point). It lasts while people change.")
class ContactPoint(relay.Node):
    key: relay.NodeID[str] = strawberry.field(description=_KEY)
    name: str = strawberry.field(description="The desk's name.")
    organization: Ref = strawberry.field(description="Whose it is.")
    service_types: list[str] = strawberry.field(description="What it takes; empty: all that its organization offers.")
    languages: list[str] = strawberry.field(description="Languages spoken there (BCP 47).")
    hours: str | None = strawberry.field(description="Opening hours (OSM syntax); null: not known.")
    time_zone: str | None = strawberry.field(description="IANA time zone of the hours.")
    staffing: str | None = strawberry.field(description="holder: named holders answer; office: whoever is on duty.")
    channels: list[Channel] = strawberry.field(description="How to reach it, in the owner's order.")
    version: int | None = strawberry.field(
        description="Counts changes of the contact point and of what belongs to it; null in the past."
    )
    since: str | None = strawberry.field(description=_SINCE)
    until: str | None = strawberry.field(description=_UNTIL)

    @strawberry.field(name="key", description=_KEY)
    def shown_key(self) -> str:
        return self.key

    @strawberry.field(description="Whose turn it is on its rota; null where nothing turns.")
    async def on_duty(
        self, info: Info, on: Annotated[str | None, told("The day, as 2026-03-01; today unless given.")] = None
    ) -> OnDuty | None:
        row = await duty.on_duty(info.context.subject, info.context.backend, self.key, on=on)
        return OnDuty(holder=row["id"], name=row["name"], role=row["role"]) if row else None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(
            key=row["id"],
            name=row["name"],
            organization=Ref(key=row["organization"]["id"], name=row["organization"]["name"]),
            service_types=sorted(row["service_types"]),
            languages=row["languages"] or [],
            hours=row["hours"],
            time_zone=row["time_zone"],
            staffing=row["staffing"],
            channels=[Channel.of(channel) for channel in row["channels"]],
            version=row["version"],
            since=row["since"],
            until=row["until"],
        )

    @classmethod
    async def resolve_nodes(cls, *, info: Info, node_ids: Any, required: bool = False) -> Any:
        return await _nodes(cls, "contact_points", info, node_ids)


@governed(Action.READ_ROSTER)
@strawberry.type(description="An agency, civil society organization or international body.")
class Organization(relay.Node):
    key: relay.NodeID[str] = strawberry.field(description=_KEY)
    name: str = strawberry.field(description="Official name.")
    kind: str = strawberry.field(description="As police, immigration, competent-authority, local-authority, cso.")
    other_names: list[str] = strawberry.field(description="Other names it goes by.")
    website: str | None = strawberry.field(description="Its public site.")
    status: str = strawberry.field(description="active or suspended.")
    jurisdictions: list[Ref] = strawberry.field(description="The areas that it governs or is established for.")
    part_of: Ref | None = strawberry.field(description="The body that it is part of.")
    replaced_by: list[Ref] = strawberry.field(description="Its successors, where it ended.")
    memberships: list[Membership] = strawberry.field(description="The task forces that it is or was a member of.")
    contact_points: list[ContactPoint] = strawberry.field(description="Its contact points.")
    version: int | None = strawberry.field(description="Counts changes; null in the past.")
    since: str | None = strawberry.field(description=_SINCE)
    until: str | None = strawberry.field(description=_UNTIL)

    @strawberry.field(name="key", description=_KEY)
    def shown_key(self) -> str:
        return self.key

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(
            key=row["id"],
            name=row["name"],
            kind=row["kind"],
            other_names=row["other_names"] or [],
            website=row["website"],
            status=row["status"] or "active",
            jurisdictions=Ref.some(row["jurisdictions"]),
            part_of=Ref.of(row["part_of"]),
            replaced_by=Ref.some(row["replaced_by"]),
            memberships=[Membership.of(membership) for membership in row["memberships"]],
            contact_points=[ContactPoint.of(desk) for desk in row["contact_points"]],
            version=row["version"],
            since=row["since"],
            until=row["until"],
        )

    @classmethod
    async def resolve_nodes(cls, *, info: Info, node_ids: Any, required: bool = False) -> Any:
        return await _nodes(cls, "organizations", info, node_ids)


@governed(Action.READ_ROSTER)
@strawberry.type(description="A national or local multi-agency body.")
class TaskForce(relay.Node):
    key: relay.NodeID[str] = strawberry.field(description=_KEY)
    name: str = strawberry.field(description="Its name.")
    level: str = strawberry.field(description="national or local.")
    jurisdiction: Ref | None = strawberry.field(description="The place that it is for.")
    within: Ref | None = strawberry.field(description="The national task force that a local one sits under.")
    coordinator: ContactPoint | None = strawberry.field(description="Its coordinator's contact point.")
    everyone: strawberry.Private[list[Membership]]
    version: int | None = strawberry.field(description="Counts changes; null in the past.")
    since: str | None = strawberry.field(description=_SINCE)
    until: str | None = strawberry.field(description=_UNTIL)

    @strawberry.field(name="key", description=_KEY)
    def shown_key(self) -> str:
        return self.key

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(
            key=row["id"],
            name=row["name"],
            level=row["level"],
            jurisdiction=Ref.of(row["jurisdiction"]),
            within=Ref.of(row["within"]),
            coordinator=ContactPoint.of(row["coordinator"]) if row["coordinator"] else None,
            everyone=[Membership.of(membership) for membership in row["memberships"]],
            version=row["version"],
            since=row["since"],
            until=row["until"],
        )

    @strawberry.field(description="Who is or was a member; with a day, who was one on it.")
    def memberships(
        self,
        on: Annotated[str | None, strawberry.argument(description="A day, as 2026-03-01; all unless given.")] = None,
    ) -> list[Membership]:
        if on is None:
            return self.everyone
        day = parse_day(on, path=("on",))
        if not within(day, self.since, self.until):
            return []
        return [
            each
            for each in self.everyone
            if within(day, each.since, each.until) and within(day, None, each.organization_until)
        ]

    @classmethod
    async def resolve_nodes(cls, *, info: Info, node_ids: Any, required: bool = False) -> Any:
        return await _nodes(cls, "task_forces", info, node_ids)


async def _nodes(cls: Any, kind: directory.Kind, info: Info, ids: Any) -> list[Any]:
    wanted = list(ids)
    found = await directory.by_id(info.context.subject, info.context.backend, kind, wanted)
    return [cls.of(found[id]) if id in found else None for id in wanted]


_NODES: dict[str, Any] = {kind.__name__: kind for kind in (ContactPoint, Organization, TaskForce)}


async def by_global_id(info: Info, id: str) -> relay.Node | None:
    """The entry of a global id; None where there is nothing of it. Raises ``Invalid`` for what is no such id."""
    try:
        kind, key = relay.from_base64(id)
        read = _NODES[kind].resolve_nodes
    except (ValueError, KeyError) as error:
        raise Invalid(
            "node.id",
            "'{value}' is not a global id.",
            path=("id",),
            remedy="Give the `id` of an entry; for its plain key ask organization(key:) and the like.",
            value=id,
        ) from error
    (node,) = await read(info=info, node_ids=[key])
    found: relay.Node | None = node
    return found
