"""Who asks: by the key that a request brings, or else by where it comes in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.authentication import AuthCredentials, AuthenticationBackend, AuthenticationError, BaseUser
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from relaypoint.domain.addresses import loopback
from relaypoint.domain.errors import Invalid, Problem, Unavailable
from relaypoint.domain.policy import ANONYMOUS, Kind, Subject
from relaypoint.resolvers import api_keys
from relaypoint.resolvers.backend import Backend

#: Names the acting organization, for the dev sign-in and on the command socket.
ACTING: Final = "x-relaypoint-organization"

#: Longer than any key.
_LONGEST: Final = 200

SubjectOf = Callable[[HTTPConnection], Subject]


@dataclass(frozen=True, slots=True)
class Caller(BaseUser):
    """What ``request.user`` is."""

    subject: Subject


class SignIn(AuthenticationBackend):
    """A bearer token has to be a key that is valid; without one ``otherwise`` tells who asks."""

    def __init__(self, backend: Backend, otherwise: SubjectOf) -> None:
        self._backend, self._otherwise = backend, otherwise

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, Caller]:
        shown = conn.headers.getlist("authorization")
        try:
            subject = await self._bearer(shown) if shown else self._otherwise(conn)
        except Problem as problem:
            raise _Refused(problem) from problem
        return AuthCredentials(), Caller(subject)

    async def _bearer(self, shown: list[str]) -> Subject:
        scheme, _, token = shown[0].strip().partition(" ")
        if len(shown) == 1 and scheme.lower() == "bearer" and len(token) <= _LONGEST:
            subject = await api_keys.bearer(self._backend, token.strip())
            if subject is not None:
                return subject
        # One answer for what is no key, is none any more, or was never one: it helps nobody who guesses.
        raise Invalid(
            "sign-in.key",
            "This is not a key that is valid now.",
            path=("authorization",),
            remedy="Send `Authorization: Bearer KEY`; `relaypoint key list` shows which are valid, and until when.",
        )


class _Refused(AuthenticationError):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message_id)


def refused(conn: HTTPConnection, error: AuthenticationError) -> Response:
    """The answer where somebody can't be told, in the form of every other refusal."""
    if not isinstance(error, _Refused):
        raise error
    problem = error.problem
    away = isinstance(problem, Unavailable)
    body = {"errors": [{"message": problem.message, "extensions": problem.as_dict()}]}
    headers = {"cache-control": "no-store", **({"retry-after": "5"} if away else {"www-authenticate": "Bearer"})}
    return JSONResponse(body, 503 if away else 401, headers)


def nobody(conn: HTTPConnection) -> Subject:
    return ANONYMOUS


def developer(conn: HTTPConnection) -> Subject:
    """The dev sign-in: whoever asks says for which organization. Only ever behind loopback.

    A browser on this machine would also ask for pages of other sites, so their requests stay anonymous: those that a
    foreign page sends, and those that come under a name which was made to point here.
    """
    organization = conn.headers.get(ACTING)
    origin = conn.headers.get("origin")
    foreign = (
        not loopback(conn.url.hostname or "")
        or (origin is not None and not loopback(urlsplit(origin).hostname or ""))
        or conn.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    )
    return Subject(Kind.MEMBER, organization.strip().lower()) if organization and not foreign else ANONYMOUS


def operator(conn: HTTPConnection) -> Subject:
    """The command socket: who can open it owns the store's folder."""
    return Subject(Kind.OPERATOR, conn.headers.get(ACTING) or None)
