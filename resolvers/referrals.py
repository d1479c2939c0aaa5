"""A referral as those on its chain may read it, each its own part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from relaypoint.domain import chain
from relaypoint.domain.errors import IllegalTransition, NotFound
from relaypoint.domain.handoffs import Status
from relaypoint.domain.moves import in_order
from relaypoint.domain.policy import Action, Subject, may_act_for, may_see_case, may_see_referral, sides, steps_seen
from relaypoint.domain.replay import concerned
from relaypoint.domain.texts import Text
from relaypoint.domain.told_events import sees_event, told
from relaypoint.domain.view import View
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.cases import agreed_types_of, languages_of
from relaypoint.resolvers.faces import called_back, with_faces
from relaypoint.resolvers.finding import present_view
from relaypoint.resolvers.references import by_reference
from relaypoint.resolvers.step_rows import sees_unseen, told_of, withheld


@permitted(Action.READ_REFERRAL)
async def referral(subject: Subject, backend: Backend, id: str) -> dict[str, Any]:
    """One referral with its handoffs, by its id, its reference or a message's. The case's own fields are there only
    for the body that referred it.

    Raises ``NotFound``, also where the subject is not on its chain.
    """
    known = await by_reference(subject, backend, id)
    return await shown_referral(subject, backend, known["referral"] if known else id, id)


@permitted(Action.READ_REFERRAL)
async def referrals(
    subject: Subject, backend: Backend, *, before: str | None = None, limit: int = 20
) -> list[dict[str, Any]]:
    """The referrals that the subject's organization sent or received, newest first, after the id ``before``."""
    if subject.organization:
        rows = await backend.store.read("referrals_of", organization=subject.organization, before=before, limit=limit)
    else:
        rows = await backend.store.read("referrals_all", before=before, limit=limit)
    return await shown_referrals(subject, backend, [row["id"] for row in rows])


@permitted(Action.READ_REFERRAL)
async def timeline(subject: Subject, backend: Backend, id: str) -> list[chain.Event]:
    """The events of a referral in their order, of the steps that the subject sees. Raises ``NotFound`` as ``referral``
    does."""
    return await _events(subject, backend, await shown_referral(subject, backend, id))


@permitted(Action.READ_REFERRAL)
async def told_timeline(subject: Subject, backend: Backend, id: str) -> list[tuple[chain.Event, Text]]:
    """The same, each in words; its sender alone is told whom an escalation turned to."""
    found = await shown_referral(subject, backend, id)
    view = await present_view(backend) if may_see_case(subject, found["sender"]["id"]) else None
    own = _own(subject, found)
    events = await _events(subject, backend, found)
    return [(event, told(event, view, beside=concerned(event) not in own)) for event in events]


def _own(subject: Subject, found: Row) -> set[str | None]:
    """The steps on a side of which the subject stands; and what concerns the referral alone."""
    sender = found["sender"]["id"]
    return {None, *(step["id"] for step in found["handoffs"] if sides(subject, sender, step["receiver"]["id"]))}


#: What coordinators say to a sender about a step.
_OF_COORDINATORS: Final = frozenset({"handoff-respond", "handoff-redirect-asked"})


async def _events(subject: Subject, backend: Backend, found: Row) -> list[chain.Event]:
    events = [chain.Event(**row["event"]) for row in await backend.store.read("events_of", id=found["id"])]
    if may_act_for(subject, found["sender"]["id"]):
        return events
    # Nor is anybody else told how many entries there are beside: it tells whom the case avoids.
    seen = {step["id"] for step in found["handoffs"]}
    own = _own(subject, found)
    shown = [event for event in events if sees_event(event.kind, concerned(event), seen, own)]
    # Which coordinator it was tells who was passed over.
    return [
        replace(event, sequence=number, actor="coordinator" if event.kind in _OF_COORDINATORS else event.actor)
        for number, event in enumerate(shown, 1)
    ]


@permitted(Action.READ_REFERRAL)
async def together(subject: Subject, backend: Backend, id: str) -> list[Row]:
    """What was sent in one act with a referral, or is of the same case, oldest first: ``referral``, ``service_type``
    and its last ``step``. To its sender alone: it tells who belongs together. Raises ``NotFound`` as ``referral``
    does."""
    found = await shown_referral(subject, backend, id)
    sender = found["sender"]["id"]
    if not may_see_case(subject, sender):
        return []
    # Of further needs, the first referral of the case is what they have in common.
    group = found["group"] or found["id"]
    rows = await backend.store.read("referrals_together", sender=sender, id=found["id"], group=group)
    return [{**row, "step": in_order(row["handoffs"])[-1]} for row in rows]


async def shown_referral(subject: Subject, backend: Backend, id: str, asked: str | None = None) -> dict[str, Any]:
    found = await shown_referrals(subject, backend, [id])
    if not found:
        raise no_referral(asked or id)
    return found[0]


async def shown_referrals(subject: Subject, backend: Backend, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Those of them that the subject sees, in this order, each as far as it does. As many reads for all as for one."""
    rows = {row["referral"]["id"]: row for row in await backend.store.read("referrals_get", ids=list(ids))}
    seen = [rows[id] for id in ids if id in rows and _seen_by(subject, rows[id])]
    if not seen:
        return []
    view = await present_view(backend)
    steps = {row["referral"]["id"]: _steps_of(subject, row) for row in seen}
    faces = await with_faces(backend, [step for each in steps.values() for step in each])
    by_id = {step["id"]: step for step in faces}
    return [
        _shown(subject, backend, view, row, [by_id[step["id"]] for step in steps[row["referral"]["id"]]])
        for row in seen
    ]


def _steps_of(subject: Subject, row: Row) -> list[dict[str, Any]]:
    """The steps that the subject sees, in their order."""
    steps = in_order(row["handoffs"])
    way = [(step["receiver"]["id"], step["reason"] == "referred-onward") for step in steps]
    sender, priority = row["sender"]["id"], row["referral"]["priority"]
    return [
        {
            **{name: value for name, value in step.items() if name != "messages"},
            **told_of(step["messages"]),
            "priority": priority,
            "must_see": step["must_see"] and sees_unseen(on, step["status"]),
            **withheld(on),
        }
        for step in steps[: steps_seen(subject, sender, way)]
        for on in (sides(subject, sender, step["receiver"]["id"]),)
    ]


def _shown(subject: Subject, backend: Backend, view: View, row: Row, steps: Sequence[dict[str, Any]]) -> dict[str, Any]:
    shown: Row = {
        **row["referral"],
        "sender": row["sender"],
        "service_type": row["service_type"],
        "call_back": _calling(subject, view, row),
        "handoffs": steps,
        "case": None,
    }
    sealed = shown.pop("sealed")
    del shown["chain_length"], shown["chain_head"]
    if not may_see_case(subject, row["sender"]["id"]):
        shown["group"] = shown["person"] = None  # It would tell others who belongs together.
        # Nor how often it moved where they do not see it.
        shown["version"] = sum(step["version"] for step in shown["handoffs"])
    elif row["sealed_key"] and sealed:
        case = backend.vault.unseal(row["sealed_key"], sealed)
        shown["case"] = {**case, "languages": languages_of(case), "agreed_types": agreed_types_of(case)}
    return shown


def _calling(subject: Subject, view: View, row: Row) -> dict[str, Any] | None:
    """How to call the sender back: for the sender itself, and for who has an open step."""
    holds = any(
        Status(step["status"]).open and may_act_for(subject, step["receiver"]["id"]) for step in row["handoffs"]
    )
    if holds or may_act_for(subject, row["sender"]["id"]):
        return called_back(view, row["referral"])
    return None


async def own_referral(subject: Subject, backend: Backend, id: str) -> Row:
    """The row of a referral that the subject sent, by its id or a reference, with its case still sealed. Raises
    ``IllegalTransition`` for one that it sees and did not send, ``NotFound`` for one that it does not see, or whose
    case can't be opened any more."""
    known = await by_reference(subject, backend, id)
    rows = await backend.store.read("referrals_get", ids=[known["referral"] if known else id])
    if not rows or not _seen_by(subject, rows[0]):
        raise no_referral(id)
    if not may_see_case(subject, rows[0]["sender"]["id"]):
        raise IllegalTransition(
            "referral.side",
            "Only its sender may say this of a referral.",
            path=("id",),
            remedy="Ask its sender, who knows what the person wants.",
        )
    if not rows[0]["sealed_key"]:
        raise no_referral(id)
    return rows[0]


def _seen_by(subject: Subject, row: Row) -> bool:
    return may_see_referral(subject, row["sender"]["id"], frozenset(h["receiver"]["id"] for h in row["handoffs"]))


def no_referral(id: str) -> NotFound:
    return NotFound(
        "referral.none",
        "There is no referral '{id}' for you.",
        path=("id",),
        remedy="Check the id; only the bodies on its chain see a referral. A message may also tell that a webhook is "
        "paused: `relaypoint webhook list`.",
        id=id,
    )
