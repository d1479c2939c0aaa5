"""What an entry of a referral's timeline says, in words: who holds the record has the codes, people read this."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from typing import Any, Final

from relaypoint.domain.chain import Event
from relaypoint.domain.codes import WORDS
from relaypoint.domain.handoffs import ERASED, MUST_KEEP, OF_THE_PERSON, Status
from relaypoint.domain.replay import changed, step_after
from relaypoint.domain.texts import Text, listed, say
from relaypoint.domain.view import View
from relaypoint.domain.words import Rung

#: The kinds of entries, in words.
KINDS: Final[Mapping[str, Text]] = {
    "referral-sent": say("event.sent", "sent"),
    "handoff-sent-on": say("event.sent-on", "sent on"),
    "handoff-receive": say("event.receive", "acknowledged"),
    "handoff-accept": say("event.accept", "accepted"),
    "handoff-reject": say("event.reject", "declined"),
    "handoff-start": say("event.start", "begun"),
    "handoff-hold": say("event.hold", "put on hold"),
    "handoff-resume": say("event.resume", "resumed"),
    "handoff-complete": say("event.complete", "completed"),
    "handoff-fail": say("event.fail", "ended without help"),
    "handoff-cancel": say("event.cancel", "cancelled by its sender"),
    "handoff-correct": say("event.correct", "marked as entered in error"),
    "handoff-passed-on": say("event.passed-on", "passed on"),
    "handoff-redirected": say("event.redirected", "sent elsewhere by the coordinator"),
    "handoff-resent": say("event.resent", "sent anew by its sender"),
    "handoff-reassigned": say("event.reassigned", "given to another desk, as its own ended"),
    "handoff-handed-over": say("event.handed-over", "handed over to another holder of the desk"),
    "handoff-form-submitted": say("event.form", "the official form was submitted"),
    "handoff-seen": say("event.seen", "its sender has seen how it ended"),
    "handoff-phoned": say("event.phoned", "phoned, as its sender reports"),
    "handoff-ask": say("event.ask", "its sender is asked"),
    "handoff-answer": say("event.answer", "its sender answers"),
    "handoff-redirect-asked": say("event.redirect-asked", "the coordinator would send it elsewhere"),
    "handoff-expect": say("event.expect", "the person is on the way"),
    "handoff-arrived": say("event.arrived", "the person arrived"),
    "handoff-found": say("event.found", "the person has come where the case was sent since"),
    "handoff-not-arrived": say("event.not-arrived", "the person did not arrive"),
    "handoff-claim": say("event.claim", "claimed by a holder of the desk"),
    "handoff-release": say("event.release", "released for the others of the desk"),
    "handoff-raise": say("event.raise", "its sender turns to the coordinator"),
    "handoff-respond": say("event.respond", "the coordinator answers"),
    "handoff-erasure-asked": say("event.erasure-asked", "asked to erase what is known of the person"),
    "handoff-erasure-over": say("event.erasure-over", "what was not erased may be kept: the person agrees again"),
    "handoff-erased": say("event.erased", "erased"),
    "handoff-must-keep": say("event.must-keep", "not erased"),
    "handoff-escalated": say("event.escalated", "it was silent, and somebody was to be told"),
    "handoff-recounted": say("event.recounted", "deadlines counted anew, for a calendar changed"),
    "consent-given": say("event.consent-given", "the person agrees that a body learns of them"),
    "consent-withdrawn": say("event.consent-withdrawn", "the person took a consent back"),
    "childs-view": say("event.childs-view", "what the child wants was recorded"),
}

#: What of a step is told as it was after an entry, where the entry changed it.
_CODES: Final = ("reason", "phoned", "phoned_role", "received_by", "answered", "response", "sought", "erasure")
_PLAIN: Final = {
    "review_on": ("event.review", "to be looked at again on {value}"),
    "expected_by": ("event.expected", "expected by {value}"),
    "asked_about": ("event.about", "to pass it on to {value}"),
    "wished_to": ("event.wished", "to {value}"),
}


#: Whom each rung of an escalation is for.
_RUNGS: Final[Mapping[Rung, Text]] = {
    Rung.REMIND: say("rung.remind", "reminder"),
    Rung.DEPUTY: say("rung.deputy", "deputy"),
    Rung.OTHER_DESK: say("rung.other-desk", "another desk"),
    Rung.COORDINATOR: say("rung.coordinator", "coordinator"),
    Rung.NATIONAL_COORDINATOR: say("rung.national-coordinator", "national coordinator"),
    Rung.OFFER: say("rung.offer", "offer to send it elsewhere"),
}


#: What is recorded of the person's consent, for the two sides of a step alone.
_CONSENT: Final = frozenset(f"handoff-{verb}" for verb in (ERASED, MUST_KEEP, "erasure-asked", "erasure-over"))


def sees_event(kind: str, step: str | None, seen: Container[str | None], own: Container[str | None]) -> bool:
    """Whether somebody who is not its sender is told of an event of a referral. ``step`` is the handoff that it is
    about, ``seen`` the ids of those that they see, ``own`` of those on a side of which they stand.

    When somebody was told of silence is for the sender alone: it tells whom the case avoids.
    """
    return step in seen and kind != "handoff-escalated" and (step in own or kind not in _CONSENT)


def told(event: Event, view: View | None = None, *, beside: bool = False) -> Text:
    """One line: what happened, and the reason or answer that was given with it. ``view`` names whom an escalation
    turned to, and is given for its sender alone: who was passed over would tell others whom the case avoids.
    ``beside``: to whom is on no side of the step, and not told what is about the person."""
    what = _sought(event) or KINDS.get(event.kind) or say("event.other", "{kind}", kind=event.kind)
    details = [each for each in dict.fromkeys(_details(event, view, beside=beside)) if each != what]
    return say("event.with", "{what}: {details}", what=what, details=listed(details)) if details else what


def _sought(event: Event) -> Text | None:
    """Of a step that is open nothing has ended that its sender could have seen."""
    if event.kind != "handoff-seen" or not Status(step_after(event.data)["status"]).open:
        return None
    return say("event.sought", "its sender says what became of the person")


def _details(event: Event, view: View | None, *, beside: bool) -> Iterator[str]:
    data = json.loads(event.data)
    if event.kind == "handoff-escalated" and view is not None:
        yield say("event.silence", "{reason}", reason=data["escalation"]["reason"])
        yield _rung(view, data["escalation"])
    if event.kind in ("handoff-escalated", "handoff-recounted"):
        return
    after, new = step_after(event.data), changed(data)
    if call := data.get("call"):
        yield from (_word(call[name]) for name in ("result", "role") if call[name])
        if call["at"] != event.at:
            yield say("event.call-at", "at {at}", at=_told(call["at"]))
    if beside:
        after, new = ({k: v for k, v in each.items() if k not in OF_THE_PERSON} for each in (after, new))
    if "asked" in new or (event.kind == "handoff-ask" and after.get("asked")):
        yield from (_word(each) for each in str(after["asked"]).split())
    yield from (_word(str(new[name])) for name in _CODES if name in new)
    if view is not None and "wish_answered" in new:  # Between the coordinators and the sender.
        yield _word(str(new["wish_answered"]))
        yield say("event.wished", "to {value}", value=str(new["wish_about"]))
    if event.kind == "handoff-redirect-asked":  # Also where it is wished again.
        new["wished_to"] = after["wished_to"]
    for name, (id, text) in _PLAIN.items():
        if name in new:
            yield say(id, text, value=_told(str(new[name])))
    desk = data.get("after", {}).get("contact_point")
    if isinstance(desk, str):
        yield say("event.to", "to {desk}", desk=desk)


def _rung(view: View, taken: Mapping[str, Any]) -> Text:
    rung, id = _RUNGS[Rung(taken["action"])], taken["reached"]
    if id is None:
        return say("event.rung-nobody", "{rung} (nobody could be told)", rung=rung)
    desk = view.index.rows["contact_points"][id]
    body = view.name("organizations", desk["organization"])
    if taken.get("closed"):
        return say("event.rung-closed", "{rung} ({desk}, {body}; closed then)", rung=rung, desk=desk["name"], body=body)
    return say("event.rung", "{rung} ({desk}, {body})", rung=rung, desk=desk["name"], body=body)


def _told(value: str) -> str:
    """An instant to the minute, in UTC; all else as it is."""
    return f"{value[:10]} {value[11:16]} UTC" if value.endswith("Z") else value


def _word(code: str) -> str:
    return WORDS.get(code, code)
