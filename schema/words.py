"""Arguments that many fields take."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry


def told(description: str) -> Any:
    return strawberry.argument(description=description)


Key = Annotated[str, told("The plain id.")]
After = Annotated[str | None, told("The endCursor of the page before.")]
First = Annotated[int | None, told("How many entries at most: 20 unless given, 200 at most.")]
AsOf = Annotated[
    str | None, told("As it was on record at this instant, or at the end of this day (UTC); today unless given.")
]
RepeatKey = Annotated[str | None, told("A random text; a repeat under it within 24 hours gets the first answer.")]

#: Where the use cases' "id" is in the input of what takes a key.
KEY_PATHS = {"id": ("key",)}
