"""Constraints, indexes and the schema version, applied each time a store is opened."""

from __future__ import annotations

from typing import Final

from relaypoint.domain.errors import Unavailable
from relaypoint.graph.port import Step, Store

#: Raised by one with every change of the graph's form. A store that is newer than the program is refused.
VERSION: Final = 16

#: Every kind of node. Each has an ``id`` that is unique within its label.
LABELS: Final = (
    "Jurisdiction",
    "Organization",
    "TaskForce",
    "ChannelRule",
    "Membership",
    "ServiceType",
    "Service",
    "ContactPoint",
    "Diversion",
    "Holder",
    "Absence",
    "Channel",
    "Pathway",
    "Rung",
    "Guidance",
    "Facility",
    "Authorisation",
    "TaskForceEvent",
    "JointRequest",
    "Contingency",
    "OperationalStatus",
    "Round",
    "Request",
    "Trial",
    "Acknowledgement",
    "Second",
    "Proposal",
    "Snapshot",
    "UnmetNeed",
    "Responsiveness",
    "Referral",
    "CaseKey",
    "Handoff",
    "Event",
    "FeedEntry",
    "Webhook",
    "ApiKey",
    "Announcement",
    "Browser",
    "Notice",
    "Digest",
    "Address",
    "Escalation",
    "Lease",
    "Override",
    "Queue",
    "Roster",
    "Operation",
    "Schema",
)


async def prepare(store: Store) -> None:
    """Brings the store to this program's schema; safe to run by several programs at once.

    Raises ``Unavailable`` for a store written by a newer program.
    """
    found = await store.read("schema_version")
    if found and found[0]["version"] > VERSION:
        raise Unavailable(
            "store.newer",
            "This store has schema {found}; this program knows {known} at most.",
            remedy="Install the newer relaypoint that wrote it.",
            found=found[0]["version"],
            known=VERSION,
        )
    if found and found[0]["version"] == VERSION:
        return
    await store.apply(
        [
            f"CREATE CONSTRAINT {label.lower()}_id IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE"
            for label in LABELS
        ]
        + [
            f"CREATE CONSTRAINT {label.lower()}_reference IF NOT EXISTS FOR (n:{label}) REQUIRE n.reference IS UNIQUE"
            for label in ("Referral", "Notice", "Announcement")
        ]
        + ["CREATE INDEX operation_expires IF NOT EXISTS FOR (n:Operation) ON (n.expires)"]
    )
    await store.write([Step("schema_found", {"version": VERSION}), Step("notices_dead_known", expect=None)])
