"""The page behind a one-time link, as a holder's browser sees it."""

from __future__ import annotations

import pytest
from httpx import ASGITransport, AsyncClient, Response

from relaypoint.app.http import build
from relaypoint.app.runtime import Runtime
from relaypoint.app.settings import Settings
from relaypoint.domain.policy import ANONYMOUS
from relaypoint.graph import Store
from relaypoint.resolvers import proposing, rounds
from relaypoint.resolvers.backend import Backend
from relaypoint.tests.helpers import dump, filled, member

COORDINATOR = member("example-authority")


async def send(backend: Backend, method: str, path: str, body: str = "") -> Response:
    app = build(Runtime(Settings(), backend), lambda request: ANONYMOUS)
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://relaypoint") as client:
        return await client.request(
            method, path, content=body, headers={"content-type": "application/x-www-form-urlencoded"}
        )


async def token(backend: Backend, kind: str = "confirmation", subject: str = "shelter-first") -> str:
    done = await rounds.start(COORDINATOR, backend, kind, "2026-03-20", task_force="example-force")
    return next(link.token for link in done.links if link.subject == subject)


async def test_a_holder_sees_what_is_asked_and_answers(store: Store) -> None:
    backend = await filled(store)
    await proposing.edit(
        member("example-shelter"), backend, "contact_points", "shelter-desk", {"name": "Desk <b>& co</b>"}
    )
    path = f"/a/{await token(backend)}"
    before = await dump(store)
    seen = await send(backend, "GET", path)
    assert seen.status_code == 200
    assert "Desk &lt;b&gt;&amp; co&lt;/b&gt;" in seen.text
    assert "desk@shelter.example.org" in seen.text
    assert (seen.headers["cache-control"], seen.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "default-src 'none'" in seen.headers["content-security-policy"]
    assert await dump(store) == before, "to look is not to answer: mail scanners look"
    done = await send(backend, "POST", path, "answer=confirm")
    assert (done.status_code, "still there" in done.text) == (200, True)
    again = await send(backend, "POST", path, "answer=left")
    assert again.status_code == 409
    shown = await send(backend, "GET", path)
    assert "confirmed" in shown.text
    assert "desk@shelter.example.org" not in shown.text


async def test_a_test_is_answered_with_one_press(store: Store) -> None:
    backend = await filled(store)
    path = f"/a/{await token(backend, 'drill', 'shelter-mail')}"
    assert "This is a test" in (await send(backend, "GET", path)).text
    assert "working" in (await send(backend, "POST", path, "answer=confirm")).text


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_no_link_says_so(store: Store, method: str) -> None:
    backend = await filled(store)
    await token(backend)
    for wrong in ("AAAAA-AAAAA-AAAAA-AAAAA", "x", "%3Cscript%3E"):
        answer = await send(backend, method, f"/a/{wrong}")
        assert answer.status_code == 404
        assert "<script>" not in answer.text
    assert (await send(backend, "POST", "/a/x", "answer=left&" + "x" * 10_000)).status_code == 404
