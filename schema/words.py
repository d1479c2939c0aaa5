"""Arguments that many fields take."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from relaypoint.schema import find_types


def told(description: str) -> Any:
    return strawberry.argument(description=description)


Key = Annotated[str, told("The plain id.")]
Need = Annotated[find_types.NeedInput, told("The case.")]
RepeatKey = Annotated[str | None, told("A random text; a repeat under it within 24 hours gets the first answer.")]

#: Where the fields that the use cases name are in the input.
NEED_PATHS = {
    f: ("need", f) for f in ("from", "service", "place", "language", "priority", "confidentiality", "for", "avoid")
}

#: Where the use cases' "id" is in the input of what takes a key.
KEY_PATHS = {"id": ("key",)}
