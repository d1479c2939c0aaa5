"""The operational schema: one visible list of what can be asked and done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import strawberry
from graphql import GraphQLError
from strawberry import relay
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.scalars import JSON

from relaypoint.domain.policy import Action
from relaypoint.domain.words import Priority
from relaypoint.resolvers import (
    audit,
    backlog,
    directory,
    finding,
    handoffs,
    reconcile,
    referrals,
    roster,
    searching,
)
from relaypoint.schema import (
    admin_types,
    backlog_types,
    channel_types,
    find_types,
    handoff_types,
    problems,
    reconcile_types,
    referral_types,
    roster_types,
    stalled_types,
)
from relaypoint.schema.api_key_types import ApiKeyQuery
from relaypoint.schema.browser_types import BrowserQuery
from relaypoint.schema.connections import Connection, connect
from relaypoint.schema.context import Info
from relaypoint.schema.feed_types import FeedQuery
from relaypoint.schema.message_types import MessageQuery
from relaypoint.schema.mutations import Mutation
from relaypoint.schema.need_types import NEED_PATHS, Need
from relaypoint.schema.permissions import Guard, under
from relaypoint.schema.report_types import ReportQuery
from relaypoint.schema.roster_queries import RosterQuery
from relaypoint.schema.search_types import SearchHit
from relaypoint.schema.words import KEY_PATHS, After, AsOf, First, Key, told

T = TypeVar("T")


async def _page(
    info: Info,
    kind: directory.Kind,
    make: Callable[[dict[str, Any]], T],
    first: int | None,
    after: str | None,
    as_of: str | None,
) -> Connection[T]:
    async def fetch(behind: str | None, limit: int) -> list[dict[str, Any]]:
        context = info.context
        return await directory.page(context.subject, context.backend, kind, after=behind, limit=limit, as_of=as_of)

    return await connect(fetch, make, first, after)


async def _one(
    info: Info, kind: directory.Kind, make: Callable[[dict[str, Any]], T], key: str, as_of: str | None
) -> T | None:
    found = await directory.by_id(info.context.subject, info.context.backend, kind, [key], as_of=as_of)
    return make(found[key]) if found else None


@strawberry.type(description="What can be asked.")
class Query(RosterQuery, ReportQuery, MessageQuery, FeedQuery, BrowserQuery, ApiKeyQuery):
    @strawberry.field(description="Anything of the roster, by its global id.", metadata=under(Action.READ_ROSTER))
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, told("The id that an entry of the roster gave.")]
    ) -> relay.Node | None:
        return await roster_types.by_global_id(info, id)

    @strawberry.field(
        description="Whom to call in danger now, and the national hotline. Needs no sign-in.",
        metadata=under(Action.SEE_EMERGENCY),
    )
    async def emergency(
        self,
        info: Info,
        place: Annotated[str, told("ISO or local code, as GB-WLS, or the place's name.")],
        avoid: Annotated[list[str], told("Whom the case must not reach; only for who is signed in.")] = [],  # noqa: B006
        priority: Annotated[str | None, told("stat: what to do until a person accepts is told as well.")] = None,
        confidentiality: Annotated[str | None, told("What not to say on a line that is not safe enough.")] = None,
    ) -> channel_types.Emergency:
        found = await finding.emergency(info.context.subject, info.context.backend, place, avoid, confidentiality)
        urgent = Priority.STAT if (priority or "").strip().lower() == Priority.STAT else None
        return channel_types.Emergency.of(found, urgent)

    @strawberry.field(
        description="Who can take this case, ranked and explained. Null beside an error, so that what is asked for "
        "beside it is answered all the same.",
        metadata=under(Action.FIND),
    )
    async def find(self, info: Info, need: Need) -> find_types.FindResult | None:
        context = info.context
        with problems.placed(NEED_PATHS):
            return find_types.FindResult.of(await finding.find(context.subject, context.backend, need.to_domain()))

    @strawberry.field(
        description="Entries of the roster by any of their names, in any script, with slips of the pen.",
        metadata=under(Action.READ_ROSTER),
    )
    async def search(
        self,
        info: Info,
        text: Annotated[str, told("What was typed.")],
        in_: Annotated[
            list[str] | None, strawberry.argument(name="in", description="Only in these sheets, as organizations.")
        ] = None,
        first: Annotated[int, told("How many at most, 1 to 200.")] = 20,
    ) -> list[SearchHit]:
        context = info.context
        hits = await searching.search(context.subject, context.backend, text, sheets=in_ or (), limit=first)
        return [SearchHit.of(hit) for hit in hits]

    @strawberry.field(description="All organizations, by key.", metadata=under(Action.READ_ROSTER))
    async def organizations(
        self, info: Info, first: First = None, after: After = None, as_of: AsOf = None
    ) -> Connection[roster_types.Organization]:
        return await _page(info, "organizations", roster_types.Organization.of, first, after, as_of)

    @strawberry.field(description="One organization by its key.", metadata=under(Action.READ_ROSTER))
    async def organization(self, info: Info, key: Key, as_of: AsOf = None) -> roster_types.Organization | None:
        return await _one(info, "organizations", roster_types.Organization.of, key, as_of)

    @strawberry.field(description="All task forces, by key.", metadata=under(Action.READ_ROSTER))
    async def task_forces(
        self, info: Info, first: First = None, after: After = None, as_of: AsOf = None
    ) -> Connection[roster_types.TaskForce]:
        return await _page(info, "task_forces", roster_types.TaskForce.of, first, after, as_of)

    @strawberry.field(description="One task force by its key.", metadata=under(Action.READ_ROSTER))
    async def task_force(self, info: Info, key: Key, as_of: AsOf = None) -> roster_types.TaskForce | None:
        return await _one(info, "task_forces", roster_types.TaskForce.of, key, as_of)

    @strawberry.field(description="All contact points, by key.", metadata=under(Action.READ_ROSTER))
    async def contact_points(
        self, info: Info, first: First = None, after: After = None, as_of: AsOf = None
    ) -> Connection[roster_types.ContactPoint]:
        return await _page(info, "contact_points", roster_types.ContactPoint.of, first, after, as_of)

    @strawberry.field(description="One contact point by its key.", metadata=under(Action.READ_ROSTER))
    async def contact_point(self, info: Info, key: Key, as_of: AsOf = None) -> roster_types.ContactPoint | None:
        return await _one(info, "contact_points", roster_types.ContactPoint.of, key, as_of)

    @strawberry.field(
        description="The referrals that you sent or received, newest first.", metadata=under(Action.READ_REFERRAL)
    )
    async def referrals(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[referral_types.Referral]:
        async def fetch(behind: str | None, limit: int) -> list[dict[str, Any]]:
            return await referrals.referrals(info.context.subject, info.context.backend, before=behind, limit=limit)

        return await connect(fetch, referral_types.Referral.of, first, after)

    @strawberry.field(
        description="One referral by its id, its reference or a message's.", metadata=under(Action.READ_REFERRAL)
    )
    async def referral(
        self, info: Info, key: Annotated[str, told("The referral's id, or a reference.")]
    ) -> referral_types.Referral:
        with problems.placed(KEY_PATHS):
            found = await referrals.referral(info.context.subject, info.context.backend, key)
        return referral_types.Referral.of(found)

    @strawberry.field(
        description="One step of a referral, by its id, the referral's reference or a message's.",
        metadata=under(Action.READ_REFERRAL),
    )
    async def handoff(
        self, info: Info, key: Annotated[str, told("The step's id, or the referral's reference.")]
    ) -> handoff_types.HandoffMoved:
        with problems.placed(KEY_PATHS):
            found = await handoffs.handoff(info.context.subject, info.context.backend, key)
        return handoff_types.HandoffMoved.of(found)

    @strawberry.field(
        description="What falls due in the next hours, the next first: of what one's contact points hold, and of what "
        "one sent and has to answer.",
        metadata=under(Action.SEE_STALLED),
    )
    async def backlog(
        self,
        info: Info,
        hours: Annotated[int, told("How far ahead, 1 to 336.")] = 8,
        contact_point: Annotated[str | None, told("Only what lies at this contact point (its key).")] = None,
    ) -> list[backlog_types.Due]:
        with problems.placed({}):
            found = await backlog.backlog(
                info.context.subject, info.context.backend, hours=hours, contact_point=contact_point
            )
        return [backlog_types.Due.of(due) for due in found]

    @strawberry.field(
        description="The steps that have gone silent or came back, most urgent first, each with whom to turn to.",
        metadata=under(Action.SEE_STALLED),
    )
    async def stalled_handoffs(
        self,
        info: Info,
        filter: Annotated[stalled_types.StalledFilter | None, told("Which of them; all unless given.")] = None,
        first: First = None,
        after: After = None,
        as_of: AsOf = None,
    ) -> Connection[stalled_types.Stall]:
        return await stalled_types.page(info, filter, first, after, as_of)

    @strawberry.field(
        description="How many steps have stalled, and how old they are, in groups; the largest first.",
        metadata=under(Action.SEE_STALLED),
    )
    async def stalled_summary(
        self,
        info: Info,
        by: Annotated[str, told("organization, task-force, place, service or reason.")],
        filter: Annotated[stalled_types.StalledFilter | None, told("Which of them; all unless given.")] = None,
        as_of: AsOf = None,
    ) -> list[stalled_types.StalledGroup]:
        return await stalled_types.summary(info, by, filter, as_of)

    @strawberry.field(
        description="A published list of names against the roster: what is new, what has ended, who succeeded it.",
        metadata=under(Action.READ_ROSTER),
    )
    async def reconcile(
        self,
        info: Info,
        names: Annotated[list[str], told("The names, as published.")],
        role: Annotated[str | None, told("Those who hold this role are expected on the list.")] = None,
    ) -> reconcile_types.Reconciliation:
        context = info.context
        found = await reconcile.against_stored(context.subject, context.backend, names, role=role)
        return reconcile_types.Reconciliation.of(found)

    @strawberry.field(
        description="Every record that is broken, and every state that is not as its record says.",
        metadata=under(Action.VERIFY_CHAIN),
    )
    async def audit_verify(self, info: Info) -> list[admin_types.BrokenRecord]:
        found = await audit.verify(info.context.subject, info.context.backend)
        return [admin_types.BrokenRecord.of(broken) for broken in found]

    @strawberry.field(
        description="The whole roster, by sheet, in the columns of the roster format.",
        metadata=under(Action.EXPORT_ROSTER),
    )
    async def roster(self, info: Info, as_of: AsOf = None) -> JSON:
        return JSON(await roster.export_roster(info.context.subject, info.context.backend, as_of=as_of))


class Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Errors are logged where they are masked, with an id and without the request."""


schema = Schema(
    query=Query,
    mutation=Mutation,
    types=[roster_types.Organization, roster_types.TaskForce, roster_types.ContactPoint],
    # The same documents come again and again, with other variables.
    extensions=[Guard, lambda: ParserCache(maxsize=256), lambda: ValidationCache(maxsize=256)],
)
