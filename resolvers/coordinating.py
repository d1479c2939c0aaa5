"""What a coordinator needs to act on a step beside its state: whom to phone on both sides of it."""

from __future__ import annotations

from datetime import datetime

from relaypoint.domain import around
from relaypoint.domain.next_step import NextStep
from relaypoint.domain.next_steps_between import desks_of_both
from relaypoint.domain.view import View
from relaypoint.domain.words import Confidentiality


def turn_to(
    view: View, desk: str, sender: str, answered_at: str | None, floor: Confidentiality, at: datetime
) -> tuple[NextStep, ...]:
    """The desk that has or had the step, and the sender's that is told what becomes of it, where it has one;
    ``answered_at`` is the one that was named. ``floor`` is how safe a channel has to be."""
    desks = [("same-desk", view.desk(desk))]
    if (reply := around.reply_desk(view, sender, answered_at)) is not None:
        desks.append(("reply-desk", reply))
    return desks_of_both([(role, each, view.organization(each.organization)) for role, each in desks], floor, at)
