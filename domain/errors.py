"""Every expected failure, as one tree. Each knows how to say itself to a person and to a machine.

Problem                     code                 exit code
├── Invalid                 INVALID              2   the input is wrong; ``path`` names the field
│   └── UnsafeText          UNSAFE_TEXT          2   free text holds what looks like personal data
├── NotFound                NOT_FOUND            2   it does not exist, or the subject may not see it
├── Conflict                CONFLICT             3   somebody changed it first; carries the present state
│   └── IllegalTransition   ILLEGAL_TRANSITION   3   the move is not in the table of ``domain.handoffs``
├── NoChannel               NO_CHANNEL           1   no channel is safe and working for this case
├── Limit                   LIMIT                2   too large, too deep, too many
└── Unavailable             UNAVAILABLE          5   the store or the server cannot be reached

``message_id`` is stable and is what a translation catalogue keys on; ``message`` is its English text with
``fields`` filled in. ``path`` names the input field at fault, as ``("avoid", "2")``. ``remedy`` says what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class Problem(Exception):
    """An expected failure. Raised inside, and shown as a union member, a printed line or an exit code."""

    code: ClassVar[str] = "PROBLEM"
    exit_code: ClassVar[int] = 2
    #: Whom to call before anything else, for who shows the problem to a person.
    emergency: dict[str, Any] | None = None

    def __init__(
        self,
        message_id: str,
        message: str,
        *,
        path: tuple[str, ...] = (),
        remedy: str = "",
        **fields: Any,
    ) -> None:
        """``message`` and ``remedy`` are format strings; ``fields`` are what they name."""
        self.message_id = message_id
        self.fields = fields
        self.message = message.format(**fields)
        self.path = path
        self.remedy = remedy.format(**fields)
        super().__init__(self.message)

    def as_dict(self) -> dict[str, Any]:
        """The machine's form: ``code, messageId, message, path, remedy``."""
        return {
            "code": self.code,
            "messageId": self.message_id,
            "message": self.message,
            "path": list(self.path),
            "remedy": self.remedy,
        }


class Invalid(Problem):
    code = "INVALID"


class UnsafeText(Invalid):
    """``span`` is the half-open range of characters that looks like personal data."""

    code = "UNSAFE_TEXT"

    def __init__(self, *args: Any, span: tuple[int, int], **fields: Any) -> None:
        super().__init__(*args, **fields)
        self.span = span


class NotFound(Problem):
    """Also the answer for what the subject may not see: the two must look the same."""

    code = "NOT_FOUND"


class Conflict(Problem):
    """``present`` is the state as it is now, for the loser to look at before trying again."""

    code = "CONFLICT"
    exit_code = 3

    def __init__(self, *args: Any, present: Mapping[str, Any] | None = None, **fields: Any) -> None:
        super().__init__(*args, **fields)
        self.present = dict(present or {})


class IllegalTransition(Conflict):
    code = "ILLEGAL_TRANSITION"


class NoChannel(Problem):
    code = "NO_CHANNEL"
    exit_code = 1


class Limit(Problem):
    code = "LIMIT"


class Unavailable(Problem):
    code = "UNAVAILABLE"
    exit_code = 5
