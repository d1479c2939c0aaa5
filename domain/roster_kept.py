"""What the roster's record keeps beside the sheets that people import: made by commands alone, and in no file.

Its rows have the form of the others, so that they share one record, one memory and one way of asking how it was.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from relaypoint.domain.roster import SHEETS, Sheet, sheet_of
from relaypoint.domain.roster_fields import Day, Items, Line, Number, OneOf, Text, To
from relaypoint.domain.roster_row import Row
from relaypoint.domain.words import JointKind, JointState, ProposalState, RequestState, RoundKind, TrialState


class RoundRow(Row):
    """A confirmation round or a drill, from ``since`` on; answers are due before ``due``. ``until``: it was closed."""

    sheet = "rounds"
    within_a_day = True

    kind: Annotated[RoundKind, OneOf(RoundKind)]
    task_force: Annotated[Line | None, To("task_forces")] = None
    due: Day


class RequestRow(Row):
    """What a round asks one holder. ``token`` is the hash of the one-time token in the link; ``until``: answered."""

    sheet = "requests"
    within_a_day = True

    round: Annotated[Line, To("rounds")]
    holder: Annotated[Line, To("holders")]
    token: Line
    state: Annotated[RequestState, OneOf(RequestState)] = RequestState.ASKED
    reminded: Items = Field(default_factory=list)


class TrialRow(Row):
    """The test of one channel in a drill. ``address`` is what was tried; ``sent`` and ``answered`` are instants."""

    sheet = "trials"
    within_a_day = True

    round: Annotated[Line, To("rounds")]
    channel: Annotated[Line, To("channels")]
    token: Line
    address: Line
    sent: Line
    answered: Line | None = None
    state: Annotated[TrialState, OneOf(TrialState)] = TrialState.SENT


class AcknowledgementRow(Row):
    """A holder has read an edition of a guidance, on the day ``since``."""

    sheet = "acknowledgements"

    guidance: Annotated[Line, To("guidance")]
    holder: Annotated[Line, To("holders")]
    edition: Number


class SecondRow(Row):
    """An act that needs two people, as one of them (``by``) wants it. ``act`` is JSON; ``until``: it was done."""

    sheet = "seconds"
    within_a_day = True

    act: Text
    by: Line


class JointRequestRow(Row):
    """One organization asks another to meet, or to be let in somewhere; an answer is due before ``due``."""

    sheet = "joint_requests"
    within_a_day = True

    organization: Annotated[Line, To("organizations")]
    to_organization: Annotated[Line, To("organizations")]
    kind: Annotated[JointKind, OneOf(JointKind)]
    facility: Annotated[Line | None, To("facilities")] = None
    reason: Line
    due: Day
    state: Annotated[JointState, OneOf(JointState)] = JointState.ASKED
    answer: Line | None = None
    on: Day | None = None


class ProposalRow(Row):
    """A change that somebody proposed to a row of ``on_sheet``. ``columns`` and ``was`` are JSON: cells by column.

    ``request`` is set where a holder answered so through a link. ``until``: it was decided.
    """

    sheet = "proposals"
    within_a_day = True

    organization: Annotated[Line | None, To("organizations")] = None
    request: Annotated[Line | None, To("requests")] = None
    on_sheet: Line
    row: Line
    columns: Text
    was: Text
    reason: Line | None = None
    state: Annotated[ProposalState, OneOf(ProposalState)] = ProposalState.OPEN
    answer: Line | None = None


#: In the order in which their rows refer to each other.
KEPT: Final[dict[str, Sheet]] = {
    sheet.name: sheet
    for sheet in (
        sheet_of("round", RoundRow),
        sheet_of("request", RequestRow),
        sheet_of("trial", TrialRow),
        sheet_of("acknowledgement", AcknowledgementRow),
        sheet_of("second", SecondRow),
        sheet_of("joint_request", JointRequestRow),
        sheet_of("proposal", ProposalRow),
    )
}

#: All that the record holds: the sheets of files, and what is kept beside them.
RECORDED: Final[dict[str, Sheet]] = {**SHEETS, **KEPT}
