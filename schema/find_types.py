"""Finding the contact, as GraphQL shows it."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from relaypoint.domain import finding as domain
from relaypoint.domain.channels import ChannelUse
from relaypoint.domain.clock import format_instant
from relaypoint.domain.policy import Action
from relaypoint.domain.words import Priority
from relaypoint.resolvers import finding
from relaypoint.schema.permissions import governed
from relaypoint.schema.roster_types import Ref
from relaypoint.schema.words import told


@strawberry.input(description="What is needed, for whom, where, and whom to avoid.")
class NeedInput:
    from_organization: str = strawberry.field(name="from", description="The organization that asks (its key).")
    service: str = strawberry.field(description="Key of the service type, as emergency-support.")
    place: str = strawberry.field(description="ISO or local code, as GB-WLS or GB-GSS-W06000015.")
    language: str | None = strawberry.field(default=None, description="BCP 47 tag of the person's language.")
    priority: str = strawberry.field(default="routine", description="routine, urgent, asap or stat (emergency).")
    confidentiality: str = strawberry.field(default="official", description="public, official, confidential or strict.")
    tags: list[str] = strawberry.field(
        name="for", default_factory=list, description="Population tags, as female, child, age-unknown or labour."
    )
    avoid: list[str] = strawberry.field(
        default_factory=list,
        description="Organizations, kinds, contact points or holders that the case must not reach.",
    )

    def to_domain(self) -> finding.NeedInput:
        return finding.NeedInput(
            from_organization=self.from_organization,
            service=self.service,
            place=self.place,
            language=self.language,
            priority=self.priority,
            confidentiality=self.confidentiality,
            tags=tuple(self.tags),
            avoid=tuple(self.avoid),
        )


@governed(Action.SEE_EMERGENCY)
@strawberry.type(description="A channel of a contact point, as it stands for a case now.")
class ChannelView:
    key: str = strawberry.field(description="The channel's plain id.")
    kind: str = strawberry.field(description="phone, sms, email, …")
    address: str | None = strawberry.field(description="Number (E.164), mailbox or link.")
    assurance: str = strawberry.field(description="How confidential a case it is good for.")
    state: str = strawberry.field(description="unproven, working, failing or dead.")
    usable: bool = strawberry.field(description="Whether it may be used for this case at all.")
    open: bool | None = strawberry.field(description="Whether it is within its hours now; null: hours not known.")
    opens_at: str | None = strawberry.field(description="The instant at which it opens, where it is closed now.")
    why_not: str | None = strawberry.field(description="ended, condition, dead, assurance or avoided.")
    note: str | None = strawberry.field(description="What a caller should know.")

    @classmethod
    def of(cls, use: ChannelUse) -> Self:
        return cls(
            key=use.channel.id,
            kind=use.channel.kind.value,
            address=use.channel.address,
            assurance=use.channel.assurance.value,
            state=use.channel.state.value,
            usable=use.barred is None,
            open=use.open,
            opens_at=format_instant(use.opens_at) if use.opens_at else None,
            why_not=use.barred,
            note=use.channel.note,
        )


@governed(Action.SEE_EMERGENCY)
@strawberry.type(description="Whom to call before anything else. Shown to anyone, without sign-in.")
class Emergency:
    number: str | None = strawberry.field(description="The number to call in danger now.")
    answered_by: str | None = strawberry.field(description="Who answers it.")
    hotline: str | None = strawberry.field(description="The national hotline's name.")
    hotline_number: str | None = strawberry.field(description="Its number (E.164).")
    hotline_open: bool | None = strawberry.field(description="Whether it is open now; null: hours not known.")
    phone_now: str | None = strawberry.field(description="For an emergency: what to do until a person accepts.")

    @classmethod
    def of(cls, found: finding.Emergency, priority: Priority | None = None) -> Self:
        return cls(
            number=found.number,
            answered_by=found.service,
            hotline=found.hotline.name if found.hotline else None,
            hotline_number=found.channel.channel.address if found.channel else None,
            hotline_open=found.channel.open if found.channel else None,
            phone_now="Phone now, and keep phoning until a person accepts. A message alone is not enough."
            if priority is Priority.STAT
            else None,
        )


@governed(Action.FIND)
@strawberry.type(description="One agreed pathway on a route.")
class Hop:
    key: str = strawberry.field(description="The pathway's plain id.")
    name: str = strawberry.field(description="The pathway's name.")
    to: Ref = strawberry.field(description="The organization that it leads to.")
    basis: str = strawberry.field(description="mou, sop, law or guidance.")
    citation: str | None = strawberry.field(description="Where it is written down.")
    form: str | None = strawberry.field(description="The official form that is the referral, where there is one.")
    acknowledge_within: str | None = strawberry.field(description="Agreed time to acknowledge (ISO 8601).")
    decide_within: str | None = strawberry.field(description="Agreed time to decide (ISO 8601).")
    consent: str = strawberry.field(description="required: an adult's informed consent is needed.")


@governed(Action.FIND)
@strawberry.type(description="How a candidate stands on one criterion; a lower value is better.")
class Criterion:
    name: str = strawberry.field(description="route, reachable, fit, place, language, capacity or staffing.")
    value: int = strawberry.field(description="Lower is better.")
    text: str = strawberry.field(description="In plain words.")


@governed(Action.FIND)
@strawberry.type(description="A contact point that can take the case.")
class Candidate:
    rank: int = strawberry.field(description="1 is the first to try.")
    contact_point: Ref = strawberry.field(description="The desk.")
    diverted_to: Ref | None = strawberry.field(
        description="The desk that answers for it while a contingency holds: the channels are that one's."
    )
    organization: Ref = strawberry.field(description="Whose desk it is.")
    organization_kind: str = strawberry.field(description="The organization's kind.")
    service: Ref = strawberry.field(description="The service that it offers.")
    pathway: list[Hop] = strawberry.field(description="The agreed pathways to it; empty: asked directly.")
    channels: list[ChannelView] = strawberry.field(description="First those to use now, in their order.")
    why: list[Criterion] = strawberry.field(description="Its place on each criterion, in the order of comparison.")
    separated_by: str | None = strawberry.field(description="The criterion that puts it before the next candidate.")
    behind: str | None = strawberry.field(description="Why it comes after the one before it; null for the first.")
    confirm: list[str] = strawberry.field(description="What you have to make sure of.")

    @classmethod
    def of(cls, rank: int, found: domain.Candidate) -> Self:
        owner = found.service.organization
        return cls(
            rank=rank,
            contact_point=Ref(key=found.contact_point.id, name=found.contact_point.name),
            diverted_to=Ref(key=other.id, name=other.name) if (other := found.contact_point.diverted_to) else None,
            organization=Ref(key=owner.id, name=owner.name),
            organization_kind=owner.kind,
            service=Ref(key=found.service.id, name=found.service.name),
            pathway=[
                Hop(
                    key=hop.id,
                    name=hop.name,
                    to=Ref(key=hop.to.id, name=hop.to.name),
                    basis=hop.basis,
                    citation=hop.citation,
                    form=hop.form,
                    acknowledge_within=hop.acknowledge_within,
                    decide_within=hop.decide_within,
                    consent=hop.consent,
                )
                for hop in found.route.hops
            ],
            channels=[ChannelView.of(use) for use in found.channels],
            why=[Criterion(name=c.name, value=c.value, text=c.text) for c in found.criteria],
            separated_by=found.separated_by,
            behind=found.behind,
            confirm=list(found.confirm),
        )


@governed(Action.FIND)
@strawberry.type(description="Why something is out.")
class Reason:
    code: str = strawberry.field(description="As place, eligibility, language, avoided or no-channel.")
    text: str = strawberry.field(description="In plain words.")
    relax: str = strawberry.field(description="What would let it in; empty where nothing would.")


@governed(Action.FIND)
@strawberry.type(description="A service of the requested type that is out, nearest miss first.")
class Excluded:
    service: Ref = strawberry.field(description="The service.")
    organization: Ref = strawberry.field(description="Who offers it.")
    contact_point: Ref | None = strawberry.field(description="The desk that came nearest.")
    reasons: list[Reason] = strawberry.field(description="Each reason by itself would rule it out.")

    @classmethod
    def of(cls, out: domain.Excluded) -> Self:
        owner, desk = out.service.organization, out.contact_point
        return cls(
            service=Ref(key=out.service.id, name=out.service.name),
            organization=Ref(key=owner.id, name=owner.name),
            contact_point=Ref(key=desk.id, name=desk.name) if desk else None,
            reasons=[Reason(code=r.code, text=r.text, relax=r.relax or "") for r in out.reasons],
        )


@governed(Action.FIND)
@strawberry.type(description="Who can take the case, ranked, and who can't, with the reasons.")
class FindResult:
    emergency: Emergency = strawberry.field(description="Comes before everything else.")
    at: str = strawberry.field(description="The instant that the answer is for.")
    place: Ref = strawberry.field(description="The place as the roster names it.")
    notes: list[str] = strawberry.field(description="What is to be known about the place.")
    avoiding: list[str] = strawberry.field(description="Whom this answer keeps away from, as asked.")
    candidates: list[Candidate] = strawberry.field(description="The first is the one to try first.")
    excluded: list[Excluded] = strawberry.field(description="The nearest misses, 50 at most.")
    excluded_total: int = strawberry.field(description="How many are out in all.")

    @classmethod
    def of(cls, answer: finding.Answer) -> Self:
        found = answer.finding
        return cls(
            emergency=Emergency.of(answer.emergency, answer.need.priority),
            at=format_instant(answer.at),
            place=Ref(key=answer.ground.place.id, name=answer.ground.place.name),
            notes=list(found.notes),
            avoiding=sorted(answer.need.avoid.entries),
            candidates=[Candidate.of(rank, each) for rank, each in enumerate(found.candidates, start=1)],
            excluded=[Excluded.of(out) for out in found.excluded[:50]],
            excluded_total=len(found.excluded),
        )


Need = Annotated[NeedInput, told("The case.")]

#: Where the fields that the use cases name are in the input.
NEED_PATHS = {
    f: ("need", f) for f in ("from", "service", "place", "language", "priority", "confidentiality", "for", "avoid")
}
