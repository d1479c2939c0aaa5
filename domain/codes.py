"""The codes of a handoff in words: reasons, outcomes, what was said on the phone, what is asked for, and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from relaypoint.domain.process import Fate, Stage
from relaypoint.domain.texts import Text, say

STAGES: Final[Mapping[Stage, Text]] = {
    Stage.ACKNOWLEDGED: say("stage.acknowledged", "until acknowledged"),
    Stage.DECIDED: say("stage.decided", "until accepted or declined"),
    Stage.STARTED: say("stage.started", "from accepted to begun"),
    Stage.COMPLETED: say("stage.completed", "from accepted to completed"),
    Stage.HELD: say("stage.held", "on hold"),
}

FATES: Final[Mapping[Fate, Text]] = {
    Fate.UNANSWERED: say("fate.unanswered", "no answer at all"),
    Fate.UNDECIDED: say("fate.undecided", "acknowledged, never decided"),
    Fate.DECLINED: say("fate.declined", "declined"),
    Fate.NOT_BEGUN: say("fate.not-begun", "accepted, ended before it began"),
    Fate.FAILED: say("fate.failed", "begun, and not served"),
    Fate.WAITLISTED: say("fate.waitlisted", "put on a waiting list"),
    Fate.TAKEN_BACK: say("fate.taken-back", "taken back in time"),
    Fate.PASSED_ON: say("fate.passed-on", "passed on"),
    Fate.SERVED: say("fate.served", "served or advised"),
    Fate.OPEN: say("fate.open", "still open"),
    Fate.IN_ERROR: say("fate.in-error", "sent in error"),
}

WORDS: Final[Mapping[str, Text]] = {
    "no-capacity": say("reason.no-capacity", "no capacity"),
    "not-eligible": say("reason.not-eligible", "the service is not for this person"),
    "out-of-area": say("reason.out-of-area", "outside the area"),
    "language-not-covered": say("reason.language-not-covered", "the language is not covered"),
    "not-safe-here": say("reason.not-safe-here", "not safe here"),
    "duplicate": say("reason.duplicate", "sent twice"),
    "insufficient-information": say("reason.insufficient-information", "not enough is known"),
    "other": say("reason.other", "another reason"),
    "awaiting-information": say("reason.awaiting-information", "waiting for information"),
    "awaiting-capacity": say("reason.awaiting-capacity", "waiting for a place"),
    "awaiting-person": say("reason.awaiting-person", "waiting for the person"),
    "served": say("reason.served", "the person was served"),
    "advised": say("reason.advised", "the person was advised"),
    "waitlisted": say("reason.waitlisted", "the person is on a waiting list"),
    "unreachable": say("reason.unreachable", "the person could not be reached"),
    "declined-by-person": say("reason.declined-by-person", "the person declined"),
    "consent-withdrawn": say("reason.consent-withdrawn", "the person withdrew the consent"),
    "served-there": say("reason.served-there", "the person was served there, as its sender was told on the phone"),
    "no-longer-needed": say("reason.no-longer-needed", "no longer needed"),
    "sent-elsewhere": say("reason.sent-elsewhere", "sent elsewhere"),
    "referred-onward": say("reason.referred-onward", "passed on"),
    "redirected": say("reason.redirected", "sent elsewhere by the coordinator"),
    "reassigned": say("reason.reassigned", "given to another desk"),
    "reached": say("phoned.reached", "reached"),
    "accepted": say("phoned.accepted", "accepted on the phone"),
    "refused": say("phoned.refused", "refused on the phone"),
    "no-answer": say("phoned.no-answer", "nobody answered the phone"),
    "link": say("received.link", "through the link in a message; by whom is not verified"),
    "found": say("sought.found", "the person was found"),
    "reported-missing": say("sought.reported-missing", "the person was reported missing to who looks for them"),
    "no-longer-sought": say("sought.no-longer-sought", "the person is no longer looked for"),
    "age": say("asked.age", "the person's age group"),
    "call-back": say("asked.call-back", "how and when to call back safely"),
    "consent": say("asked.consent", "what the person agreed to"),
    "health": say("asked.health", "what the person's health needs"),
    "language": say("asked.language", "the person's language"),
    "place": say("asked.place", "where the person is"),
    "risk": say("asked.risk", "who is a danger, and how near"),
    "service": say("asked.service", "what exactly is needed"),
    "told": say("answered.told", "told on the phone or by a safe channel"),
    "spoken": say("response.spoken", "the coordinator has spoken with the desk"),
    "nobody-else": say("response.nobody-else", "nobody else can take it, as the coordinator says"),
    "upheld": say("response.upheld", "the coordinator finds the answer right"),
    "wants-it": say("view.wants-it", "the child wants it"),
    "wants-something-else": say("view.wants-something-else", "the child wants something else"),
    "does-not-want-it": say("view.does-not-want-it", "the child does not want it"),
    "could-not-say": say("view.could-not-say", "the child could not say it, or is too young"),
    "not-asked-yet": say("view.not-asked-yet", "the child has not been asked yet"),
    "erased": say("erasure.erased", "erased"),
    "still-serving": say("erasure.still-serving", "kept: the person is still served"),
    "child-protection": say("erasure.child-protection", "kept: for the protection of a child"),
    "legal-duty": say("erasure.legal-duty", "kept: the law asks for it"),
    "legal-claim": say("erasure.legal-claim", "kept: for a legal claim"),
    "audit": say("erasure.audit", "kept: for an audit"),
    "not-known": say("answered.not-known", "it is not known"),
    "agreed": say("answered.agreed", "the person agrees"),
    "not-agreed": say("answered.not-agreed", "the person does not agree"),
}
