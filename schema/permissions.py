"""Every field has a declared policy, on itself or on its type; a field without one is denied.

``@governed(Action.…)`` declares it for the fields of a type; ``metadata=under(Action.…)`` for one field, which is the
only way for the fields of Query and Mutation. ``Guard`` asks ``domain.policy`` before any field is resolved.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar

from graphql import GraphQLObjectType, GraphQLResolveInfo
from strawberry.extensions import SchemaExtension

from relaypoint.domain.errors import Problem
from relaypoint.domain.policy import Action, require

T = TypeVar("T")

_ROOTS: Final = frozenset({"Query", "Mutation", "Subscription"})


def governed(action: Action) -> Callable[[type[T]], type[T]]:
    """Declares what one must be allowed to do to read the fields of a type."""

    def declare(cls: type[T]) -> type[T]:
        cls.__action__ = action  # type: ignore[attr-defined]
        return cls

    return declare


def under(action: Action) -> dict[str, Any]:
    """The metadata that declares the policy of one field."""
    return {"action": action}


@cache
def declared(parent: GraphQLObjectType, field: str) -> Action | None:
    """The action that guards a field, or None where nobody declared one."""
    definition = parent.extensions.get("strawberry-definition")
    if definition is None:
        return None
    for known in definition.fields:
        if (known.graphql_name or _camel(known.python_name)) == field:
            own: Action | None = known.metadata.get("action")
            if own is not None:
                return own
    if parent.name in _ROOTS:
        return None
    return getattr(definition.origin, "__action__", None)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


class Guard(SchemaExtension):
    """Denies by default: a field nobody declared can't be read by anybody."""

    def resolve(self, _next: Callable[..., Any], root: Any, info: GraphQLResolveInfo, *args: Any, **kwargs: Any) -> Any:
        if not (info.field_name.startswith("__") or info.parent_type.name.startswith("__")):
            action = declared(info.parent_type, info.field_name)
            if action is None:
                raise LookupError(f"{info.parent_type.name}.{info.field_name} has no declared policy")
            try:
                require(info.context.subject, action)
            except Problem as problem:
                # Raised where it is awaited: at once, it would leave the field's neighbours hanging unawaited.
                return _refuse(problem)
        return _next(root, info, *args, **kwargs)


async def _refuse(problem: Problem) -> None:
    raise problem
