"""The page behind the first link of a message: where it can be read. It tells the same of every reference that has the
form of one, and reads nothing, in the language that the browser asks for."""

from __future__ import annotations

from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from relaypoint.resolvers.references import REFERENCE
from relaypoint.web.links import HEADERS


class Pages(Protocol):
    """What is said, in a language (a tag of BCP 47), and which that is for an ``Accept-Language``."""

    def language(self, accepts: str) -> str: ...

    def opened(self, language: str, reference: str) -> str: ...


def routes(pages: Pages) -> list[Route]:
    """Where the first links of messages lead."""

    async def page(request: Request) -> Response:
        reference = request.path_params["reference"].upper()
        if not REFERENCE.fullmatch(reference):
            raise HTTPException(404)
        language = pages.language(request.headers.get("accept-language", ""))
        said = {"content-language": language, "vary": "Accept-Language"}
        return HTMLResponse(pages.opened(language, reference), headers={**HEADERS, **said})

    return [Route("/n/{reference}", page)]
