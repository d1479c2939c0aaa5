"""The page behind a one-time link: what is asked, and the answer. It needs no sign-in and no script."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from relaypoint.domain.errors import Problem
from relaypoint.domain.policy import ANONYMOUS
from relaypoint.resolvers import round_answers
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.round_answers import Asked

#: A link is a secret: it is not kept, not handed on, and nothing from elsewhere is loaded beside it.
HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex",
}

#: More than a form of ours sends, in bytes.
_MOST: Final = 4096

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body{{font:1.1rem/1.5 sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem}}
button{{font:inherit;padding:.6rem 1rem;margin:.3rem .5rem .3rem 0}}dt{{font-weight:bold}}</style>
</head><body><main><h1>{title}</h1>{body}</main></body></html>
"""


def routes(backend: Backend) -> list[Route]:
    """Where the links of rounds lead."""

    async def page(request: Request) -> Response:
        token = request.path_params["token"]
        try:
            if request.method == "POST":
                body = await body_of(request)
                answer = "left" if b"answer=left" in body else "confirm"
                return _shown(_thanks(await round_answers.answer(ANONYMOUS, backend, token, answer)))
            return _shown(_question(await round_answers.asked(ANONYMOUS, backend, token)))
        except Problem as problem:
            text = f"<p>{escape(problem.message)}</p><p>{escape(problem.remedy)}</p>"
            return _shown(("This can't be answered", text), 404 if problem.code == "NOT_FOUND" else 409)

    return [Route("/a/{token}", page, methods=["GET", "POST"])]


async def body_of(request: Request) -> bytes:
    """As much of it as a form of ours has."""
    read = b""
    async for part in request.stream():
        read += part
        if len(read) > _MOST:
            break
    return read[:_MOST]


def _question(asked: Asked) -> tuple[str, str]:
    if asked.kind == "drill":
        return "This is a test", (
            "<p>Nobody is waiting. Please show that this channel is answered.</p>"
            '<form method="post"><button name="answer" value="confirm">It is answered</button></form>'
        )
    if asked.state != "asked":
        return "Thank you", f"<p>This was answered: {escape(asked.state)}.</p>"
    desk = asked.desk
    ways = "".join(f"<li>{escape(each['kind'])}: {escape(each['address'] or '–')}</li>" for each in asked.channels)
    read = "".join(
        f"<li>{escape(each['name'])}, version {each['version']}"
        + (f': <a href="{escape(each["url"])}" rel="noreferrer">{escape(each["url"])}</a>' if each["url"] else "")
        + "</li>"
        for each in asked.guidance
    )
    return "Do you still hold this contact point?", (
        f"<dl><dt>Contact point</dt><dd>{escape(desk['name'])}, {escape(asked.organization)}</dd>"
        f"<dt>You hold it as</dt><dd>{escape(asked.role or '')}</dd>"
        f"<dt>Hours</dt><dd>{escape(desk['hours'] or 'not known')}</dd>"
        f"<dt>It is reached by</dt><dd><ul>{ways}</ul></dd></dl>"
        + (f"<p>Please read, and tell your coordinator when you have:</p><ul>{read}</ul>" if read else "")
        + f"<p>Please answer by {escape(asked.due)}. If something else is wrong, tell your coordinator.</p>"
        '<form method="post"><button name="answer" value="confirm">Yes, and this is right</button>'
        '<button name="answer" value="left">No, I no longer hold it</button></form>'
    )


def _thanks(asked: Asked) -> tuple[str, str]:
    told = {
        "left": "It is noted that you have left. Your organization is asked who follows.",
        "answered": "The channel is noted as working.",
    }
    return "Thank you", f"<p>{told.get(asked.state, 'It is noted that you are still there.')}</p>"


def _shown(said: tuple[str, str], status: int = 200) -> Response:
    title, body = said
    return HTMLResponse(_PAGE.format(title=escape(title), body=body), status, dict(HEADERS))
