"""What docs/graphql.md says of following what happens, asked as it is written there, answered as it says."""

from __future__ import annotations

import json
import re

from relaypoint.app.runtime import Runtime
from relaypoint.app.settings import Settings
from relaypoint.resolvers import feed, handoffs
from relaypoint.resolvers.backend import Backend
from relaypoint.schema.operational import schema
from relaypoint.tests.helpers import ROOT
from relaypoint.tests.test_notices import SHELTER, send

_BLOCK = re.compile(r"^```(graphql|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(chapter: str) -> list[tuple[str, str]]:
    """Of a chapter of docs/graphql.md: each document and each answer, in their order."""
    text = (ROOT / "docs" / "graphql.md").read_text(encoding="utf-8")
    _, _, rest = text.partition(f"\n## {chapter}\n")
    return [(kind, block) for kind, block in _BLOCK.findall(rest.partition("\n## ")[0])]


def pattern(answer: str) -> str:
    """What an answer has to be like: … stands for what differs each time."""
    canonical = json.dumps(json.loads(answer), ensure_ascii=False)
    return re.escape(canonical).replace("…", '[^"]+')


async def test_what_happened_is_followed_as_it_is_written(backend: Backend) -> None:
    await feed.place(backend)  # The roster came first.
    sent = await send(backend)
    await handoffs.move_handoff(SHELTER, backend, sent["handoffs"][0]["id"], "receive")
    context = Runtime(Settings(), backend).context(SHELTER)
    found = blocks("What happened")
    assert {"events(", "createWebhook(", "keepBrowser("} <= {
        name for kind, text in found for name in re.findall(r"\w+\(", text) if kind == "graphql"
    }
    answered = ""
    for kind, text in found:
        if kind == "graphql":
            answer = await schema.execute(text, context_value=context)
            assert not answer.errors, (text, answer.errors)
            answered = json.dumps(answer.data, ensure_ascii=False)
        else:
            assert re.fullmatch(pattern(text), answered), answered
