"""Confirmation rounds and drills as GraphQL shows them."""

from __future__ import annotations

from typing import Annotated, Any, Self

import strawberry

from relaypoint.domain.policy import Action
from relaypoint.domain.rows import Columns
from relaypoint.domain.words import RoundKind
from relaypoint.resolvers import round_answers, round_asks
from relaypoint.resolvers import rounds as domain
from relaypoint.schema.connections import Connection, connect
from relaypoint.schema.context import Info
from relaypoint.schema.permissions import governed
from relaypoint.schema.problems import Conflict, InvalidInput, NotFound, Unavailable
from relaypoint.schema.proposal_types import ColumnInput
from relaypoint.schema.words import told


@strawberry.input(description="A round to start.")
class RoundInput:
    kind: str = strawberry.field(
        description="confirmation: asks holders whether they still hold their contact points; drill: tries channels."
    )
    due: str = strawberry.field(description="The day by which answers are expected, within 92 days.")
    task_force: str | None = strawberry.field(
        default=None, description="Of its members (its key); null: of everybody, for the operator alone."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A random text; a repeat under it within 24 hours gets the same round, without links.",
    )


@strawberry.input(description="What is wrong with an entry of one's own contact point.")
class CorrectionInput:
    sheet: str = strawberry.field(description="contact_points, channels, holders or absences.")
    key: str = strawberry.field(description="The entry's key; a new one adds an entry.")
    columns: list[ColumnInput] = strawberry.field(description="What it should hold.")


@governed(Action.RUN_ROUND)
@strawberry.type(description="What a round asked one holder, or the test of one channel.")
class RoundAsk:
    key: str = strawberry.field(description="Its plain id.")
    subject: str = strawberry.field(description="Key of the holder, or of the channel.")
    contact_point: str = strawberry.field(description="Key of the contact point.")
    organization: str = strawberry.field(description="Key of its organization.")
    state: str = strawberry.field(
        description="asked, confirmed, corrected or left; for a channel sent, answered or silent."
    )
    since: str = strawberry.field(description="The day on which it was asked.")
    until: str | None = strawberry.field(description="The day on which it was answered, or given up.")
    reminded: list[str] = strawberry.field(description="The days of reminders.")
    minutes: int | None = strawberry.field(description="How long a test took to be answered.")

    @classmethod
    def of(cls, ask: round_asks.Ask) -> Self:
        row = ask.row
        return cls(
            key=row["id"],
            subject=ask.subject,
            contact_point=ask.contact_point,
            organization=ask.organization,
            state=str(row["state"]),
            since=row["since"],
            until=row["until"],
            reminded=list(row.get("reminded") or ()),
            minutes=ask.minutes,
        )


@governed(Action.RUN_ROUND)
@strawberry.type(description="How many answered so.")
class AnswerCount:
    state: str = strawberry.field(description="As in RoundAsk.")
    count: int = strawberry.field(description="How many.")


@governed(Action.RUN_ROUND)
@strawberry.type(description="A confirmation round or a drill.")
class Round:
    key: str = strawberry.field(description="Its plain id.")
    kind: str = strawberry.field(description="confirmation or drill.")
    task_force: str | None = strawberry.field(description="Key of the task force; null: everybody.")
    since: str = strawberry.field(description="The day on which it began.")
    due: str = strawberry.field(description="The day by which answers are expected.")
    until: str | None = strawberry.field(description="The day on which it was closed.")

    @strawberry.field(description="How many answered what.")
    async def answers(self, info: Info) -> list[AnswerCount]:
        found = await round_asks.asks(info.context.subject, info.context.backend, self.key)
        states = [str(ask.row["state"]) for ask in found]
        return [AnswerCount(state=each, count=states.count(each)) for each in sorted(set(states))]

    @strawberry.field(description="Whom or what it asks, by key.")
    async def asks(
        self,
        info: Info,
        open: Annotated[bool, told("Only what is not answered yet.")] = False,
        first: Annotated[int | None, told("How many, 20 unless given, 200 at most.")] = None,
        after: Annotated[str | None, told("The endCursor of the page before.")] = None,
    ) -> Connection[RoundAsk]:
        found = await round_asks.asks(info.context.subject, info.context.backend, self.key)
        by_id = {ask.row["id"]: ask for ask in found if ask.open or not open}

        async def fetch(behind: str | None, limit: int) -> list[dict[str, Any]]:
            return [{"id": id} for id in by_id if behind is None or id > behind][:limit]

        return await connect(fetch, lambda row: RoundAsk.of(by_id[row["id"]]), first, after)

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            key=row["id"],
            kind=str(row["kind"]),
            task_force=row["task_force"],
            since=row["since"],
            due=row["due"],
            until=row["until"],
        )


@governed(Action.RUN_ROUND)
@strawberry.type(description="What one request or test is answered with. It is told once, and stored nowhere.")
class RoundLink:
    key: str = strawberry.field(description="Key of the request or test.")
    subject: str = strawberry.field(description="Key of the holder, or of the channel.")
    contact_point: str = strawberry.field(description="Key of the contact point.")
    name: str = strawberry.field(description="The contact point's name.")
    organization: str = strawberry.field(description="Key of its organization.")
    token: str = strawberry.field(description="Who has it can answer: once, and without signing in.")
    kind: str | None = strawberry.field(description="Of the channel that it goes by; null: tell it another way.")
    address: str | None = strawberry.field(description="The channel's address.")
    sent: bool = strawberry.field(description="Whether a message with it was handed to the channel.")

    @classmethod
    def of(cls, link: domain.Link, sent: bool) -> Self:
        return cls(
            key=link.key,
            subject=link.subject,
            contact_point=link.contact_point,
            name=link.name,
            organization=link.organization,
            token=link.token,
            kind=link.kind,
            address=link.address,
            sent=sent,
        )


@governed(Action.RUN_ROUND)
@strawberry.type(description="A round that asks, with its links.")
class RoundStarted:
    round: Round = strawberry.field(description="The round.")
    links: list[RoundLink] = strawberry.field(
        description="One for each that is asked; none for a repeat under the same idempotencyKey."
    )
    unasked: int = strawberry.field(
        description="How many contact points nobody is recorded as holding, such as offices: only a drill tries these."
    )

    @classmethod
    async def of(cls, info: Info, started: domain.Started) -> Self:
        """Hands the messages to their channels first; what fails there is told, and can be reminded of."""
        sent = await info.context.post(started.links, test=started.row["kind"] == RoundKind.DRILL)
        links = [RoundLink.of(each, each.key in sent) for each in started.links]
        return cls(round=Round.of(started.row), links=links, unasked=started.unasked)


@governed(Action.ANSWER_ROUND)
@strawberry.type(description="A channel as the roster has it.")
class AskedChannel:
    key: str = strawberry.field(description="Its plain id.")
    kind: str = strawberry.field(description="phone, email, …")
    address: str | None = strawberry.field(description="Its address.")
    rank: int = strawberry.field(description="Its place in the order, from 1.")
    hours: str | None = strawberry.field(description="When it is answered, where that differs.")


@governed(Action.ANSWER_ROUND)
@strawberry.type(description="A guidance that is still to be acknowledged.")
class AskedGuidance:
    key: str = strawberry.field(description="Its plain id.")
    name: str = strawberry.field(description="Its name.")
    version: int = strawberry.field(description="Its version.")
    text: str | None = strawberry.field(description="The instructions, in Markdown.")
    url: str | None = strawberry.field(description="Where they are published.")


@governed(Action.ANSWER_ROUND)
@strawberry.type(description="What a link asks.")
class Asked:
    kind: str = strawberry.field(description="confirmation or drill.")
    state: str = strawberry.field(description="asked or sent: to be answered; otherwise what was answered.")
    due: str = strawberry.field(description="The day by which an answer is expected.")
    contact_point: str = strawberry.field(description="Key of the contact point.")
    name: str = strawberry.field(description="The contact point's name.")
    organization: str = strawberry.field(description="Name of its organization.")
    role: str | None = strawberry.field(description="How the holder holds it: primary or deputy.")
    hours: str | None = strawberry.field(description="When it is staffed.")
    languages: list[str] = strawberry.field(description="In which languages.")
    channels: list[AskedChannel] = strawberry.field(
        description="How it is reached, as far as that is still to be confirmed."
    )
    guidance: list[AskedGuidance] = strawberry.field(description="What the holder has still to read.")

    @classmethod
    def of(cls, found: round_answers.Asked) -> Self:
        desk = found.desk
        return cls(
            kind=str(found.kind),
            state=found.state,
            due=found.due,
            contact_point=desk["id"],
            name=desk["name"],
            organization=found.organization,
            role=str(found.role) if found.role else None,
            hours=desk["hours"],
            languages=list(desk["languages"]),
            channels=[
                AskedChannel(
                    key=each["id"],
                    kind=each["kind"],
                    address=each["address"],
                    rank=each["rank"],
                    hours=each["hours"],
                )
                for each in found.channels
            ],
            guidance=[
                AskedGuidance(
                    key=each["id"], name=each["name"], version=each["version"], text=each["text"], url=each["url"]
                )
                for each in found.guidance
            ],
        )


RoundResult = Annotated[
    RoundStarted | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("RoundResult", description="The round with its links, or why there is none."),
]
RoundCloseResult = Annotated[
    Round | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("RoundCloseResult", description="The round as it was closed, or why it was not."),
]
AnswerResult = Annotated[
    Asked | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("AnswerResult", description="What was asked, as it was answered, or why it was not."),
]
TestResult = Annotated[
    RoundAsk | InvalidInput | NotFound | Conflict | Unavailable,
    strawberry.union("TestResult", description="The test as it ended, or why that was not noted."),
]
