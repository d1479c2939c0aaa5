"""Finding the contact, as GraphQL shows it."""

from __future__ import annotations

from typing import Annotated, Self

import strawberry

from relaypoint.domain import advice_steps, plan, responsiveness
from relaypoint.domain import answer as domain
from relaypoint.domain.clock import format_instant
from relaypoint.domain.finding import SHOWN
from relaypoint.domain.languages import language
from relaypoint.domain.model import Pathway
from relaypoint.domain.picture import lines
from relaypoint.domain.picture_svg import svg
from relaypoint.domain.picturing import picture_of
from relaypoint.domain.plan import Item
from relaypoint.domain.policy import Action
from relaypoint.domain.tags import tag
from relaypoint.resolvers import finding
from relaypoint.schema.channel_types import ChannelView, Emergency
from relaypoint.schema.permissions import governed
from relaypoint.schema.roster_types import Ref
from relaypoint.schema.words import told


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

    @classmethod
    def of(cls, hop: Pathway) -> Self:
        return cls(
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


@governed(Action.FIND)
@strawberry.type(description="How a candidate stands on one criterion; a lower value is better.")
class Criterion:
    name: str = strawberry.field(description="As route, reachable, fit or place.")
    term: str = strawberry.field(description="What it is called.")
    value: int = strawberry.field(description="Lower is better.")
    text: str = strawberry.field(description="In plain words.")


@governed(Action.FIND)
@strawberry.type(description="Who passes a case on to where one can't ask directly.")
class Gateway:
    organization: Ref = strawberry.field(description="The organization.")
    contact_point: Ref = strawberry.field(description="Its desk.")
    channels: list[ChannelView] = strawberry.field(description="First those to use now, in their order.")

    @classmethod
    def of(cls, gate: domain.Gateway) -> Self:
        return cls(
            organization=Ref(key=gate.organization.id, name=gate.organization.name),
            contact_point=Ref(key=gate.contact_point.id, name=gate.contact_point.name),
            channels=[ChannelView.of(use) for use in gate.channels],
        )


@governed(Action.FIND)
@strawberry.type(description="Medians over the last 90 days, of five referrals at least.")
class Responsiveness:
    count: int = strawberry.field(description="Of how many referrals.")
    acknowledge_minutes: int | None = strawberry.field(description="From sending to the first answer, by the clock.")
    decide_minutes: int | None = strawberry.field(description="From sending to acceptance or refusal, by the clock.")
    silent: bool = strawberry.field(description="Whether half of them or more still wait for an answer.")

    @classmethod
    def of(cls, found: responsiveness.Responsiveness) -> Self:
        return cls(
            count=found.count, acknowledge_minutes=found.acknowledge, decide_minutes=found.decide, silent=found.silent
        )


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
    alternatives: list[list[Hop]] = strawberry.field(description="Other agreed routes to the same desk.")
    also_direct: bool = strawberry.field(
        description="Whether it can be asked for directly as well: consent to the pathway is still to be asked for."
    )
    decided_within: str = strawberry.field(description="In how much time it is decided, all steps together.")
    gateway: Gateway | None = strawberry.field(
        description="Whom to ask to send the case on, where the way has several steps: then the channels are not yours."
    )
    channels: list[ChannelView] = strawberry.field(description="First those to use now, in their order.")
    responsiveness: Responsiveness | None = strawberry.field(
        description="How soon it answers such cases; null where there were too few."
    )
    why: list[Criterion] = strawberry.field(description="Its place on each criterion, in the order of comparison.")
    separated_by: str | None = strawberry.field(description="The criterion that puts it before the next candidate.")
    behind: str | None = strawberry.field(description="Why it comes after the one before it; null for the first.")
    warnings: list[str] = strawberry.field(description="Danger for the person: read these first.")
    confirm: list[str] = strawberry.field(description="What you have to make sure of.")
    notes: list[str] = strawberry.field(description="What to know of it.")

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
            pathway=[Hop.of(hop) for hop in found.route.hops],
            alternatives=[[Hop.of(hop) for hop in route.hops] for route in found.alternatives if route.hops],
            also_direct=any(route.direct for route in found.alternatives),
            decided_within=found.decided,
            gateway=Gateway.of(found.gateway) if found.gateway else None,
            channels=[ChannelView.of(use) for use in found.channels],
            responsiveness=Responsiveness.of(found.responds) if found.responds else None,
            why=[Criterion(name=c.name, term=c.term, value=c.value, text=c.text) for c in found.criteria],
            separated_by=found.separated_by,
            behind=found.behind,
            warnings=list(found.warnings),
            confirm=list(found.confirm),
            notes=list(found.notes),
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
    eligibility: str | None = strawberry.field(description="What it says of whom it is for.")
    contact_point: Ref | None = strawberry.field(description="The desk that came nearest.")
    channels: list[ChannelView] = strawberry.field(
        description="Its channels that the case may use, to ask all the same; none of whom it avoids."
    )
    reasons: list[Reason] = strawberry.field(description="Each reason by itself would rule it out.")
    to_confirm: list[str] = strawberry.field(description="Whom else it is only for, which the case does not tell.")

    @classmethod
    def of(cls, out: domain.Excluded) -> Self:
        owner, desk = out.service.organization, out.contact_point
        return cls(
            service=Ref(key=out.service.id, name=out.service.name),
            organization=Ref(key=owner.id, name=owner.name),
            eligibility=out.service.eligibility,
            contact_point=Ref(key=desk.id, name=desk.name) if desk else None,
            channels=[ChannelView.of(use) for use in out.channels],
            reasons=[Reason(code=r.code, text=r.text, relax=r.relax or "") for r in out.reasons],
            to_confirm=list(out.unsaid),
        )


@governed(Action.FIND)
@strawberry.type(description="Another need of the same case.")
class NeedAnswer:
    service_type: Ref = strawberry.field(description="What is needed.")
    added: str | None = strawberry.field(description="Why it is there though nobody asked for it; null: it was asked.")
    notes: list[str] = strawberry.field(description="What is to be known.")
    candidates: list[Candidate] = strawberry.field(description="The first is the one to try first.")
    excluded: list[Excluded] = strawberry.field(description="The nearest misses, 50 at most.")
    excluded_total: int = strawberry.field(description="How many are out in all.")

    @classmethod
    def of(cls, item: Item) -> Self:
        found = item.finding
        return cls(
            service_type=Ref(key=item.service_type.id, name=item.service_type.name),
            added=item.added,
            notes=list(found.notes),
            candidates=[Candidate.of(rank, each) for rank, each in enumerate(found.candidates, start=1)],
            excluded=[Excluded.of(out) for out in found.excluded[:SHOWN]],
            excluded_total=found.total,
        )


@governed(Action.FIND)
@strawberry.type(description="An organization that can take several of the needs.")
class Together:
    organization: Ref = strawberry.field(description="The organization.")
    service_types: list[Ref] = strawberry.field(description="The needs that it can take.")

    @classmethod
    def of(cls, body: plan.Together) -> Self:
        needs = [Ref(key=need.id, name=need.name) for need, _ in body.needs]
        return cls(organization=Ref(key=body.organization.id, name=body.organization.name), service_types=needs)


@governed(Action.FIND)
@strawberry.type(description="The coordinating office of a task force in whose area the place lies.")
class Coordinator:
    task_force: Ref = strawberry.field(description="The task force.")
    contact_point: Ref = strawberry.field(description="The office.")
    channels: list[ChannelView] = strawberry.field(description="First those to use now, in their order.")

    @classmethod
    def of(cls, office: plan.Coordinator) -> Self:
        return cls(
            task_force=Ref(key=office.task_force.id, name=office.task_force.name),
            contact_point=Ref(key=office.contact_point.id, name=office.contact_point.name),
            channels=[ChannelView.of(use) for use in office.channels],
        )


@governed(Action.FIND)
@strawberry.type(description="A step to take where somebody is still lacking, or where time presses.")
class Advice:
    text: str = strawberry.field(description="What to do, in plain words.")
    organization: Ref | None = strawberry.field(description="Whom to ask.")
    contact_point: Ref | None = strawberry.field(description="At which desk.")
    channels: list[ChannelView] = strawberry.field(description="By which channels; empty: none is on record.")

    @classmethod
    def of(cls, step: advice_steps.Advice) -> Self:
        body, desk = step.organization, step.contact_point
        return cls(
            text=step.text,
            organization=Ref(key=body.id, name=body.name) if body else None,
            contact_point=Ref(key=desk.id, name=desk.name) if desk else None,
            channels=[ChannelView.of(use) for use in step.channels],
        )


@governed(Action.FIND)
@strawberry.type(description="Who can take the case, ranked, and who can't, with the reasons.")
class FindResult:
    answer: strawberry.Private[finding.Answer]
    emergency: Emergency = strawberry.field(description="Comes before everything else.")
    at: str = strawberry.field(description="The instant that the answer is for.")
    place: Ref = strawberry.field(description="The place as the roster names it.")
    service_type: Ref = strawberry.field(description="What is needed first.")
    abroad: Ref | None = strawberry.field(
        description="The country, where the place lies in another one than the asker: nothing is sent there by itself."
    )
    notes: list[str] = strawberry.field(description="What is to be known about the place.")
    languages: list[str] = strawberry.field(description="The person's languages, as they were understood.")
    tags: list[str] = strawberry.field(description="What was said of the person, as it was understood.")
    avoiding: list[str] = strawberry.field(description="Whom this answer keeps away from, as asked.")
    left_out: int = strawberry.field(
        description="How many of those that were found are theirs, as far as it is on record who answers."
    )
    candidates: list[Candidate] = strawberry.field(description="The first is the one to try first.")
    excluded: list[Excluded] = strawberry.field(description="The nearest misses, 50 at most.")
    excluded_total: int = strawberry.field(description="How many are out in all.")
    also: list[NeedAnswer] = strawberry.field(
        description="The other needs of the case: those asked for, then those added."
    )
    together: list[Together] = strawberry.field(description="Who can take several of the needs; those for most first.")
    advice: list[Advice] = strawberry.field(
        description="What to do now where somebody is lacking; the first step first."
    )
    coordinators: list[Coordinator] = strawberry.field(description="Whom to ask where nothing fits, the nearest first.")

    @strawberry.field(description="The ways to those who can take it, and the nearest broken ones, as SVG.")
    def picture(self) -> str:
        return svg(picture_of(self.answer.items))

    @strawberry.field(description="The same in lines of text.")
    def picture_lines(
        self, width: Annotated[int, told("How many characters a line may have; 40 to 400.")] = 100
    ) -> list[str]:
        return lines(picture_of(self.answer.items), min(max(width, 40), 400))

    @classmethod
    def of(cls, answer: finding.Answer) -> Self:
        first, *others = answer.items
        found, abroad = NeedAnswer.of(first), first.ground.abroad
        return cls(
            answer=answer,
            emergency=Emergency.of(answer.emergency, answer.need.priority),
            at=format_instant(answer.at),
            place=Ref(key=answer.ground.place.id, name=answer.ground.place.name),
            service_type=found.service_type,
            abroad=Ref(key=abroad.id, name=abroad.name) if abroad else None,
            notes=[*answer.notes, *found.notes],
            languages=[language(each) for each in answer.need.languages],
            tags=[tag(each) for each in answer.need.tags],
            avoiding=sorted(answer.need.avoid.entries),
            left_out=sum(
                any(reason.code == "avoided" for reason in out.reasons)
                for item in answer.items
                for out in item.finding.excluded
            ),
            candidates=found.candidates,
            excluded=found.excluded,
            excluded_total=found.excluded_total,
            also=[NeedAnswer.of(each) for each in others],
            together=[Together.of(each) for each in answer.together],
            advice=[Advice.of(each) for each in answer.advice],
            coordinators=[Coordinator.of(each) for each in answer.coordinators],
        )
