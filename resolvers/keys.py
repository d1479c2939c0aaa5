"""Whether the installation's key is the one that this store was made with."""

from __future__ import annotations

from relaypoint.graph import Step, Store, Unmet
from relaypoint.resolvers.backend import Backend


async def has_key(store: Store) -> bool:
    """Whether a key is bound to the store. A new key for such a store would leave all its cases unreadable."""
    return (await store.read("key_check_get"))[0]["key_check"] is not None


async def prove_key(backend: Backend) -> None:
    """Leaves a proof in a new store; for an old one raises ``Unavailable`` unless the key fits."""
    if await _fits(backend):
        return
    proof = backend.vault.new_case_key()
    try:
        await backend.store.write([Step("key_check_set", {"operation": backend.new_id(), "key_check": proof})])
    except Unmet:  # Another program was first, perhaps with another key.
        await _fits(backend)


async def _fits(backend: Backend) -> bool:
    proof = (await backend.store.read("key_check_get"))[0]["key_check"]
    if proof is None:
        return False
    backend.vault.seal(proof, {})
    return True
