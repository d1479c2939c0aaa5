"""Values of contact points made from their rows alone; what hangs on them is handed in."""

from __future__ import annotations

from collections.abc import Sequence

from relaypoint.domain.model import Absence, Body, Channel, Holder
from relaypoint.domain.rows import Columns
from relaypoint.domain.words import ChannelCondition, ChannelKind, ChannelState, Confidentiality, HolderRole


def holder(row: Columns, absences: Sequence[tuple[Columns, Holder | None]] = ()) -> Holder:
    """``absences`` come each with who stands in, None where nobody does."""
    return Holder(
        id=row["id"],
        role=HolderRole(row["role"]),
        rank=row["rank"] or 1,
        rota=row["rota"],
        # What was recorded before there were these columns lacks them.
        message_language=row.get("message_language"),
        digest=tuple(row.get("digest") or ()),
        important_only=row.get("important_only") == "yes",
        absences=tuple(
            Absence(since=each["since"], until=each["until"], stand_in=instead)
            for each, instead in sorted(absences, key=lambda pair: (pair[0]["since"] or "", pair[0]["until"] or ""))
        ),
        since=row["since"],
        until=row["until"],
    )


def channel(row: Columns, via: tuple[Body, ...]) -> Channel:
    """``via`` are the bodies behind the contact point that it goes through."""
    return Channel(
        id=row["id"],
        kind=ChannelKind(row["kind"]),
        address=row["address"],
        rank=row["rank"] or 1,
        assurance=Confidentiality(row["assurance"] or "official"),
        hours=row["hours"],
        condition=ChannelCondition(row["condition"] or "always"),
        state=ChannelState(row["state"] or "unproven"),
        note=row["note"],
        via_contact_point=row["via"],
        via=via,
        since=row["since"],
        until=row["until"],
    )
