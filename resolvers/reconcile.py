"""Holding a published list of names against the stored roster, or against a roster or list on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from relaypoint.domain.errors import Invalid
from relaypoint.domain.policy import Action, Subject
from relaypoint.domain.reconcile import Body, Reconciled, bodies_of, members_of, reconcile
from relaypoint.resolvers.backend import Backend, permitted
from relaypoint.resolvers.lists import check_length, is_list, read_list
from relaypoint.resolvers.roster_check import check
from relaypoint.resolvers.tables import read_tables


@permitted(Action.READ_ROSTER)
async def against_stored(
    subject: Subject, backend: Backend, names: Sequence[str], *, role: str | None = None
) -> Reconciled:
    """The names against the organizations of the store; with ``role``, those who hold it are expected on the list.

    Raises ``Limit`` for too many names.
    """
    check_length(names, "names")
    day = backend.now()[:10]
    bodies = bodies_of([row["row"] for row in await backend.store.read("organizations_list")], day)
    expected: list[str] = []
    if role is not None:
        expected = members_of([row["row"] for row in await backend.store.read("memberships_list")], role, day)
    return reconcile(names, bodies, expected)


def against_path(names: Sequence[str], path: Path, day: str, role: str | None = None) -> Reconciled:
    """The names against a roster on disk, or against another list, all of which is then expected.

    Raises ``Invalid`` where there is neither, or where the roster has errors.
    """
    if is_list(path):
        others = list(dict.fromkeys(read_list(path)))
        return reconcile(names, [Body(name, (name,)) for name in others], others)
    checked = check(read_tables(path), {})
    if checked.errors:
        raise Invalid(
            "list.roster",
            "The roster to compare with has {count} errors.",
            path=("--against",),
            count=len(checked.errors),
            remedy="See them with relaypoint import --dry-run, and mend them first.",
        )
    rows = {sheet: [row.model_dump(mode="json") for row in checked.rows[sheet]] for sheet in checked.rows}
    expected = members_of(rows["memberships"], role, day) if role is not None else []
    return reconcile(names, bodies_of(rows["organizations"], day), expected)
