"""The page behind the second link of a message: whoever reads it says that it was received. No sign-in, no script.

To look at it tells the same of every link that has the form of one, and reads nothing: scanners of mail follow links,
and what is there can't be found out by trying. Only sending its form acts.
"""

from __future__ import annotations

from typing import Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from relaypoint.domain import receipts as tokens
from relaypoint.domain.errors import Problem
from relaypoint.domain.policy import ANONYMOUS
from relaypoint.resolvers import receipts
from relaypoint.resolvers.backend import Backend
from relaypoint.web.links import HEADERS, body_of

#: Whose token can't be read is not known to speak another.
_ENGLISH = "en"


class Pages(Protocol):
    """What is said, in a language (a tag of BCP 47): the same words as in the message that led here."""

    def asking(self, language: str, reference: str) -> str: ...

    def noted(self, language: str) -> str: ...

    def over(self, language: str) -> str: ...

    def later(self, language: str) -> str: ...


def routes(backend: Backend, pages: Pages) -> list[Route]:
    """Where the second links of messages lead."""

    async def page(request: Request) -> Response:
        token = tokens.read(request.path_params["token"])
        if token is None:
            return _shown(pages.over(_ENGLISH), 404)
        if request.method != "POST":
            return _shown(pages.asking(token.language, token.reference))
        await body_of(request)  # There is nothing to say beside the address.
        try:
            noted = await receipts.receive(ANONYMOUS, backend, str(token))
        except Problem:
            return _shown(pages.later(token.language), 503)
        return _shown(pages.noted(token.language)) if noted else _shown(pages.over(token.language), 404)

    return [Route("/r/{token}", page, methods=["GET", "POST"])]


def _shown(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, dict(HEADERS))
