"""What to do now where somebody is still lacking, or time presses: whom to phone, first of all who was found, and what
would let more in.

Nobody is advised whom the case avoids, who has ended, is suspended or said that it is closed, who is in another
country, or who is reached only along pathways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from relaypoint.domain.advice_steps import (
    Advice,
    all_the_same,
    duty,
    found_ones,
    help_goes_on,
    hotline,
    less_strict,
    nobody,
)
from relaypoint.domain.answer import Candidate, Excluded
from relaypoint.domain.criteria import PRESSING
from relaypoint.domain.eligibility import is_child
from relaypoint.domain.emergency import Emergency
from relaypoint.domain.plan import Coordinator, Item
from relaypoint.domain.referrers import Referrer
from relaypoint.domain.texts import Text, say
from relaypoint.domain.words import Priority

#: Where nothing presses it is sent, and read when it is read.
_PRESSING: Final = say(
    "advice.pressing", "Nobody is known to answer at once. Where that is too late, ask again with priority asap or stat"
)


def advise(
    items: Sequence[Item],
    emergency: Emergency,
    coordinators: Sequence[Coordinator],
    at: datetime,
    *,
    coordinated: bool,
    direct: Iterable[str],
    referrers: Callable[[Item], Sequence[Referrer]],
) -> list[Advice]:
    """``items`` are the needs of one case; ``coordinated``: somebody is on record who coordinates there; ``direct``
    names the kinds of help that take nobody's agreement to a procedure; ``referrers`` who may begin the way to what is
    lacking.

    Nothing where time does not press and every need that was asked for, and a child's protection, has somebody who can
    take it and is known to be reached. Whoever was found comes before all that is lacking.
    """
    need = items[0].need
    child = is_child(need.tags)
    asked = [item for item in items if not item.added]
    refused = [item for item in asked if item.refused]
    lacking = [item for item in items if item.lacking and (not item.added or item.protects)]
    unsure = [item for item in asked if item.finding.candidates and not (_formal(item) or _reached_now(item))]
    if not (lacking or refused) and need.priority is Priority.ROUTINE:
        return [Advice(_PRESSING)] if unsure else []
    if not (lacking or refused or unsure) and need.priority not in PRESSING:
        return []
    steps: list[Advice] = []
    # A child's protection comes first, by whoever is nearest to it; what goes by a procedure comes last.
    protection = sorted((item for item in items if item.protects), key=_local)
    found = sorted((item for item in asked if not item.protects), key=lambda item: not _reached_now(item))
    steps += [step for item in protection for step in found_ones(item)]
    steps += [step for item in protection for step in duty(item)]
    steps += [step for item in found if not _formal(item) for step in found_ones(item)]
    if refused or unsure or child or any(not item.added for item in lacking):
        steps += hotline(emergency, need, at)
    for item in (*lacking, *(item for item in unsure if item not in lacking)):
        steps += all_the_same(item)
        if not item.protects:
            steps += duty(item)
    steps += [step for item in found if _formal(item) for step in found_ones(item)]
    for item in lacking:
        if not item.added and not any(step.need == item.service_type.id for step in steps):
            steps += nobody(item, referrers(item))
    steps += [help_goes_on(item, direct) for item in refused]
    steps += less_strict(lacking, need)
    if not coordinators and any(not item.added for item in lacking):
        steps.append(Advice(_nobody_coordinates(coordinated=coordinated)))
    return _once(steps)


def _once(steps: Iterable[Advice]) -> list[Advice]:
    """Each desk where it comes first, for all that it is asked for: one call will do."""
    found: dict[object, Advice] = {}
    for step in steps:
        key = step.contact_point.id if step.contact_point and step.channels else id(step)
        before = found.setdefault(key, step)
        if before is not step and step.need not in (None, before.need):
            text = "{said}. In the same call: {more}"
            found[key] = replace(before, text=say("advice.same-call", text, said=before.text, more=step.text))
    return list(found.values())


def _reached_now(item: Item) -> bool:
    """Whether somebody who can take it is known to be reached now."""
    reached = (each for candidate in item.finding.candidates for each in candidate.criteria if each.name == "reachable")
    return any(each.value == 0 for each in reached)


def _formal(item: Item) -> bool:
    """Whether it goes by a procedure, and not by asking for help."""
    return item.ground.only_by_pathway(item.service_type.id)


def _local(item: Item) -> int:
    """How near to the place those are who are responsible for it there."""
    areas = [area.id for area in item.ground.areas]
    of: list[Candidate | Excluded] = [*item.finding.candidates, *item.finding.excluded]
    depths = (depth for depth, id in enumerate(areas) if any(id in each.service.areas for each in of))
    return min(depths, default=len(areas))


def _nobody_coordinates(*, coordinated: bool) -> Text:
    if not coordinated:
        return say("advice.no-coordinator", "No coordinator is on record for this place to be asked")
    text = "Who coordinates here can't be asked about this case: avoided, closed, or by no channel that is safe enough"
    return say("advice.coordinator-barred", text)
