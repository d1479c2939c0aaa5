"""The store: one port, two engines, and the Cypher both of them run."""

from __future__ import annotations

from relaypoint.domain.errors import Invalid
from relaypoint.graph.port import AlreadyDone, Duplicate, Operation, Row, Step, Store, Unmet
from relaypoint.graph.schema import prepare

__all__ = ["AlreadyDone", "Duplicate", "Operation", "Row", "Step", "Store", "Unmet", "open_store"]

_ADDRESSES = ("neo4j://", "neo4j+s://", "neo4j+ssc://", "bolt://", "bolt+s://", "bolt+ssc://")


async def open_store(url: str, *, user: str | None = None, password: str | None = None) -> Store:
    """Opens ``file:PATH`` (embedded) or a Neo4j address, with its constraints in place.

    Raises ``Unavailable`` when it can't be opened and ``Invalid`` when ``url`` is neither.
    """
    store: Store
    if url.startswith("file:") and len(url) > len("file:"):
        from relaypoint.graph.embedded import EmbeddedStore

        store = await EmbeddedStore.open(url.removeprefix("file:"))
    elif url.startswith(_ADDRESSES):
        # Imported here so that the embedded default never pays for the driver.
        from relaypoint.graph.neo4j import Neo4jStore

        store = await Neo4jStore.open(url, user=user, password=password)
    else:
        raise Invalid(
            "settings.store",
            "'{url}' is not a store.",
            path=("RELAYPOINT_STORE",),
            remedy="Set it to file:PATH, or to an address that starts with neo4j://, neo4j+s:// or bolt://.",
            url=url,
        )
    try:
        await prepare(store)
    except BaseException:
        await store.close()
        raise
    return store
