"""Gaps of addresses: one at fault that several contact points share."""

from __future__ import annotations

from collections.abc import Iterator

from relaypoint.domain.addresses import same_address
from relaypoint.domain.gaps_roster import Gap, Mend, Roster, Told
from relaypoint.domain.rows import Columns
from relaypoint.domain.texts import say
from relaypoint.domain.words import ANSWERED_KINDS, ChannelKind, ChannelState

#: An address that is not to be relied on.
_AT_FAULT = frozenset({ChannelState.FAILING, ChannelState.DEAD})


def shared_faults(roster: Roster) -> Iterator[Gap]:
    """An address at fault that several contact points use: one trouble, and not as many as there are of them."""
    for (kind, _), channels in _shared(roster).items():
        first = min(channels, key=lambda row: (row["contact_point"], row["id"]))
        owners = {roster.all["contact_points"][row["contact_point"]]["organization"] for row in channels}
        dead = all(row["state"] == ChannelState.DEAD for row in channels)
        text = "{count} contact points share {address} ({kind}), which is {state}: {desks}."
        yield Gap(
            kind="address-at-fault",
            severity="critical" if dead else "major",
            sheet="channels",
            subject=first["id"],
            organization=owners.pop() if len(owners) == 1 else None,
            tell=Told,
            about=(
                say(
                    "gap.address-at-fault",
                    text,
                    count=len({row["contact_point"] for row in channels}),
                    address=first["address"],
                    kind=kind,
                    state="dead" if dead else "failing",
                    desks=", ".join(sorted({row["contact_point"] for row in channels})),
                ),
                Mend(
                    "organization",
                    say(
                        "mend.address-at-fault",
                        "Have it mended where it is served, prove it, and note in these rows of channels that it "
                        "works; or replace it in all of them.",
                    ),
                    "channels",
                    first["id"],
                    (("state", "working"), ("proven_on", roster.day)),
                    then=("channel-failing",),
                ),
            ),
        )


def at_shared_fault(roster: Roster) -> frozenset[str]:
    """The channels that are told of so."""
    return frozenset(row["id"] for channels in _shared(roster).values() for row in channels)


def _shared(roster: Roster) -> dict[tuple[str, str], list[Columns]]:
    by_address: dict[tuple[str, str], list[Columns]] = {}
    for row in roster.now["channels"].values():
        if row["state"] in _AT_FAULT and row["address"] and ChannelKind(row["kind"]) in ANSWERED_KINDS:
            by_address.setdefault(same_address(ChannelKind(row["kind"]), row["address"]), []).append(row)
    return {
        address: channels
        for address, channels in by_address.items()
        if len({row["contact_point"] for row in channels}) > 1
    }
