"""A round asks who still holds what, and whether channels are answered; what nobody answers is reported."""

from __future__ import annotations

from typing import Any

import pytest

from relaypoint.domain.errors import Conflict, Invalid, Limit, NotFound
from relaypoint.domain.policy import ANONYMOUS, OPERATOR, NotSignedIn
from relaypoint.graph import Store
from relaypoint.resolvers import audit, ending, gaps, proposals, proposing, roster, round_answers, round_asks, rounds
from relaypoint.resolvers.backend import Backend
from relaypoint.resolvers.round_answers import Correction
from relaypoint.resolvers.rounds import Link, Started
from relaypoint.tests.helpers import NOW, dump, filled, imported, make_backend, member, raw, tiny_roster
from relaypoint.tests.helpers import at_time as at
from relaypoint.tests.helpers import row as row_of

COORDINATOR = member("example-authority")
DUE = "2026-03-10"


async def started(backend: Backend, kind: str = "confirmation", force: str | None = "example-force") -> Started:
    return await rounds.start(COORDINATOR, backend, kind, DUE, task_force=force)


def of(done: Started, subject: str) -> Link:
    return next(link for link in done.links if link.subject == subject)


async def stored(backend: Backend, sheet: str, id: str) -> dict[str, Any]:
    return next(row for row in (await roster.export_roster(OPERATOR, backend))[sheet] if row["id"] == id)


async def kinds(backend: Backend, subject: str, days: int = 0) -> list[tuple[str, str | None]]:
    report = await gaps.coverage_gaps(OPERATOR, backend, days=days)
    return [(gap.kind, gap.opens_on) for gap in (*report.gaps, *report.ahead) if gap.subject == subject]


async def test_who_confirms_is_confirmed_and_who_does_not_is_a_gap(store: Store) -> None:
    backend = await filled(store)
    done = await started(backend)
    assert [link.subject for link in done.links] == ["shelter-first", "shelter-second"]
    first = of(done, "shelter-first")
    assert (first.contact_point, first.kind, first.address) == (
        "shelter-desk",
        "secure-email",
        "desk@shelter.example.org",
    )
    seen = await round_answers.asked(ANONYMOUS, backend, first.token)
    assert (seen.kind, seen.state, seen.due, seen.role) == ("confirmation", "asked", DUE, "primary")
    assert [row["id"] for row in seen.channels] == ["shelter-mail", "shelter-phone", "shelter-relay"]

    whole = f"https://relaypoint.example.org/a/{first.token}/"
    assert (await round_answers.asked(ANONYMOUS, backend, whole)).state == "asked"
    answered = await round_answers.answer(ANONYMOUS, backend, first.token.lower().replace("-", " "))
    assert answered.state == "confirmed"
    assert (await stored(backend, "holders", "shelter-first"))["confirmed_on"] == "2026-03-03"
    assert ("unconfirmed", DUE) in await kinds(backend, "shelter-second", days=30)
    late = at(backend, "2026-03-10T09:00:00.000Z")
    assert await kinds(late, "shelter-first") == []
    assert await kinds(late, "shelter-second") == [("unconfirmed", None)]
    # The link holds until the round is closed; late is better than never.
    await round_answers.answer(ANONYMOUS, late, of(done, "shelter-second").token)
    assert await kinds(late, "shelter-second") == []
    assert await audit.verify(OPERATOR, backend) == []


async def test_a_link_is_good_for_one_answer_and_its_token_is_not_stored(store: Store) -> None:
    backend = await filled(store)
    done = await started(backend)
    token = of(done, "shelter-first").token
    everything = str(await raw(store, "MATCH (n) RETURN properties(n) AS p"))
    for link in done.links:
        assert link.token not in everything
        assert link.token.replace("-", "") not in everything
    await round_answers.answer(ANONYMOUS, backend, token)
    before = await dump(store)
    with pytest.raises(Conflict) as used:
        await round_answers.answer(ANONYMOUS, backend, token, "left")
    assert used.value.path == ("token",)
    assert (await round_answers.asked(ANONYMOUS, backend, token)).channels == ()
    for wrong in ("", "AAAAA-AAAAA-AAAAA-AAAAA", token + "A"):
        for ask in (round_answers.asked, round_answers.answer):
            with pytest.raises(NotFound):
                await ask(ANONYMOUS, backend, wrong)
    assert await dump(store) == before


async def test_a_reminder_takes_the_place_of_the_link_before(store: Store) -> None:
    backend = await filled(store)
    done = await started(backend)
    old = of(done, "shelter-second").token
    await round_answers.answer(ANONYMOUS, backend, of(done, "shelter-first").token)
    again = await rounds.remind(COORDINATOR, at(backend, "2026-03-06T10:00:00.000Z"), done.row["id"])
    assert [link.subject for link in again.links] == ["shelter-second"]
    with pytest.raises(NotFound):
        await round_answers.asked(ANONYMOUS, backend, old)
    (ask,) = [each for each in await store.read("requests_list") if each["row"]["holder"] == "shelter-second"]
    assert ask["row"]["reminded"] == ["2026-03-06"]
    await round_answers.answer(ANONYMOUS, backend, again.links[0].token)
    await rounds.close(COORDINATOR, backend, done.row["id"], early=True)
    with pytest.raises(Invalid):
        await rounds.remind(COORDINATOR, backend, done.row["id"])
    assert await round_asks.rounds(COORDINATOR, backend) == []
    assert len(await round_asks.rounds(COORDINATOR, backend, past=True)) == 1


async def test_who_has_left_is_a_gap_until_the_tenure_ends(store: Store) -> None:
    backend = await filled(store)
    done = await started(backend)
    await round_answers.answer(ANONYMOUS, backend, of(done, "shelter-first").token, "left")
    assert await kinds(backend, "shelter-first") == [("holder-gone", None)]
    await ending.end(member("example-shelter"), backend, "holder", "shelter-first", to=["shelter-second"])
    assert await kinds(backend, "shelter-first") == []
    with pytest.raises(NotFound):  # The tenure is over: there is nothing to confirm any more.
        await round_answers.answer(ANONYMOUS, backend, (await rounds_token(backend, done)), "confirm")


async def rounds_token(backend: Backend, done: Started) -> str:
    """A link of a tenure that ended after it was asked."""
    token = of(done, "shelter-second").token
    await proposing.edit(
        member("example-shelter"),
        backend,
        "holders",
        "shelter-new",
        {"contact_point": "shelter-desk", "role": "deputy", "rank": "3"},
        new=True,
    )
    await ending.end(member("example-shelter"), backend, "holder", "shelter-second")
    return token


async def test_a_correction_is_a_proposal_to_the_organization(store: Store) -> None:
    backend = await filled(store)
    done = await started(backend)
    wrong = [
        Correction("channels", "shelter-phone", {"address": "+44 20 7946 0155"}),
        Correction("absences", "first-in-may", {"holder": "shelter-first", "since": "2026-05-01"}),
    ]
    answered = await round_answers.answer(ANONYMOUS, backend, of(done, "shelter-first").token, "correct", wrong)
    assert answered.state == "corrected"
    assert (await stored(backend, "holders", "shelter-first"))["confirmed_on"] == "2026-03-03"
    assert (await stored(backend, "channels", "shelter-phone"))["address"] == "+442079460101"
    found = await proposals.proposals(member("example-shelter"), backend)
    assert [(each.row["row"], each.may_decide) for each in found] == [("shelter-phone", True), ("first-in-may", True)]
    assert all(each.row["request"] for each in found)
    for each in found:
        await proposing.decide(member("example-shelter"), backend, each.row["id"], "accept")
    assert (await stored(backend, "channels", "shelter-phone"))["address"] == "+442079460155"
    assert (await stored(backend, "absences", "first-in-may"))["holder"] == "shelter-first"


@pytest.mark.parametrize(
    ("said", "corrections", "path"),
    [
        ("maybe", [], ("answer",)),
        ("correct", [], ("corrections",)),
        ("confirm", [Correction("channels", "shelter-phone", {"rank": "1"})], ("corrections",)),
        ("correct", [Correction("channels", "line-phone", {"rank": "1"})], ("corrections", "0")),
        ("correct", [Correction("channels", "new", {"contact_point": "line-desk", "kind": "in-person"})],
         ("corrections", "0")),
        ("correct", [Correction("channels", "shelter-phone", {"contact_point": "line-desk"})], ("corrections", "0")),
        ("correct", [Correction("holders", "shelter-second", {"rank": "1"})], ("corrections", "0")),
        ("correct", [Correction("absences", "second-in-august", {"since": "2026-05-01"})], ("corrections", "0")),
        ("correct", [Correction("organizations", "example-shelter", {"name": "x"})], ("corrections", "0")),
        ("correct", [Correction("channels", "shelter-phone", {"rank": "1"}),
                     Correction("channels", "shelter-phone", {"address": "12"})],
         ("corrections", "1", "columns", "address")),
    ],
)  # fmt: skip
async def test_a_link_reaches_nothing_but_its_own_contact_point(
    store: Store, said: str, corrections: list[Correction], path: tuple[str, ...]
) -> None:
    backend = await filled(store)
    token = of(await started(backend), "shelter-first").token
    before = await dump(store)
    with pytest.raises(Invalid) as refused:
        await round_answers.answer(ANONYMOUS, backend, token, said, corrections)
    assert refused.value.path == path
    assert refused.value.remedy
    assert await dump(store) == before


async def test_an_answer_has_an_end(store: Store) -> None:
    backend = await filled(store)
    token = of(await started(backend), "shelter-first").token
    many = [Correction("channels", "shelter-phone", {"rank": "1"})] * 21
    for given, path in (({"said": "correct", "corrections": many}, "corrections"), ({"read": ["x"] * 21}, "read")):
        with pytest.raises(Limit) as refused:
            await round_answers.answer(ANONYMOUS, backend, token, **given)
        assert refused.value.path == (path,)


async def test_only_the_coordinator_runs_rounds(store: Store) -> None:
    backend = await filled(store)
    done = await started(backend)
    shelter = member("example-shelter")
    for attempt in (
        rounds.start(shelter, backend, "drill", DUE, task_force="example-force"),
        rounds.start(COORDINATOR, backend, "drill", DUE),
        rounds.start(member("example-line"), backend, "drill", DUE, task_force="example-force"),
        rounds.start(OPERATOR, backend, "drill", DUE, task_force="nothing"),
        rounds.remind(shelter, backend, done.row["id"]),
        rounds.close(shelter, backend, done.row["id"]),
        round_asks.round_of(shelter, backend, done.row["id"]),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(NotSignedIn):
        await round_asks.rounds(ANONYMOUS, backend)
    assert await round_asks.rounds(shelter, backend) == []
    assert (await round_asks.rounds(OPERATOR, backend))[0]["id"] == done.row["id"]
    with pytest.raises(Conflict):
        await started(backend)
    for kind, due, path in (("quiz", DUE, "kind"), ("drill", "2026-03-03", "due"), ("drill", "2027-03-03", "due")):
        with pytest.raises(Invalid) as refused:
            await rounds.start(COORDINATOR, backend, kind, due, task_force="example-force")
        assert refused.value.path == (path,)
    # Of the local one, in which the line coordinates: the shelter alone holds desks with named holders.
    north = await rounds.start(member("example-line"), backend, "confirmation", DUE, task_force="example-force-north")
    assert len(north.links) == 2


async def test_a_drill_sets_the_state_of_every_channel(store: Store) -> None:
    backend = await filled(store)
    done = await started(backend, "drill")
    tried = {link.subject for link in done.links}
    assert not {"shelter-relay", "authority-form"} & tried, "nothing of their own to try; a form is for cases"
    assert {"shelter-mail", "shelter-phone", "line-mail", "unit-mail", "authority-mail"} <= tried
    soon = at(backend, "2026-03-03T10:12:30.000Z")
    await round_answers.answer(ANONYMOUS, soon, of(done, "shelter-phone").token)
    row = await stored(backend, "channels", "shelter-phone")
    assert (row["state"], row["proven_on"]) == ("working", "2026-03-03")
    assert row["proven_how"] == "a drill, answered after 12 min"
    with pytest.raises(Invalid):
        await round_answers.answer(ANONYMOUS, soon, of(done, "line-mail").token, "left")
    # A person noted that nobody took up the phone; another channel was changed after it was tried.
    await round_answers.note(COORDINATOR, soon, of(done, "night-phone").key, answered=False)
    assert (await stored(backend, "channels", "night-phone"))["state"] == "failing"
    # A slip of the hand is noted anew.
    await round_answers.note(COORDINATOR, soon, of(done, "night-phone").key, answered=True)
    assert (await stored(backend, "channels", "night-phone"))["state"] == "working"
    await round_answers.note(COORDINATOR, soon, of(done, "night-phone").key, answered=False)
    with pytest.raises(NotFound):
        await round_answers.note(member("example-shelter"), soon, of(done, "line-mail").key, answered=True)
    await proposing.edit(member("example-line"), soon, "channels", "line-mail", {"address": "new@line.example.org"})
    await proposing.edit(member("example-unit"), soon, "channels", "unit-mail", {"state": "dead"})
    with pytest.raises(Invalid) as early:
        await rounds.close(COORDINATOR, soon, done.row["id"])
    assert early.value.path == ("early",)
    await rounds.close(COORDINATOR, soon, done.row["id"], early=True)
    with pytest.raises(Conflict):
        await round_answers.note(COORDINATOR, soon, of(done, "night-phone").key, answered=True)
    states = {row["id"]: row["state"] for row in (await roster.export_roster(OPERATOR, backend))["channels"]}
    assert states == {
        "authority-form": "working",
        "authority-mail": "failing",
        "line-mail": "unproven",
        "line-phone": "working",
        "night-phone": "failing",
        "shelter-mail": "failing",
        "shelter-phone": "working",
        "shelter-relay": "unproven",
        "unit-mail": "dead",
    }
    trials = {each["row"]["channel"]: each["row"]["state"] for each in await store.read("trials_list")}
    assert trials["shelter-mail"] == "silent"
    assert trials["line-phone"] == "untried", "nobody has noted that they called"
    with pytest.raises(NotFound):
        await round_answers.answer(ANONYMOUS, soon, of(done, "line-phone").token)
    assert await audit.verify(OPERATOR, backend) == []


async def test_a_repeat_starts_no_second_round(store: Store) -> None:
    backend = await filled(store)
    ask: dict[str, Any] = {"task_force": "example-force", "idempotency_key": "once"}
    first = await rounds.start(COORDINATOR, backend, "confirmation", DUE, **ask)
    before = await dump(store)
    again = await rounds.start(COORDINATOR, backend, "confirmation", DUE, **ask)
    assert (again.row, again.links) == (first.row, [])
    assert await dump(store) == before


async def test_a_task_force_may_want_to_hear_from_holders_regularly(store: Store) -> None:
    backend = make_backend(store, NOW)
    regular = tiny_roster()
    for id, every in (("example-force", "P90D"), ("example-force-north", "P4W")):
        row_of(regular, "task_forces", id)["confirm_every"] = every
    row_of(regular, "holders", "shelter-first")["confirmed_on"] = "2026-02-10"
    row_of(regular, "holders", "shelter-second")["since"] = "2026-01-01"
    await imported(backend, regular)
    report = await gaps.coverage_gaps(OPERATOR, backend, days=30)
    # The stricter of the two holds: four weeks.
    assert await kinds(backend, "shelter-first", days=30) == [("unconfirmed", "2026-03-10")]
    (gap,) = (each for each in report.gaps if each.subject == "shelter-second")
    assert (gap.kind, gap.severity) == ("unconfirmed", "minor")
    assert gap.mend.command == "relaypoint edit holders shelter-second confirmed_on=2026-03-03"
    await proposing.edit(member("example-shelter"), backend, "holders", "shelter-second", dict(gap.mend.columns))
    assert await kinds(backend, "shelter-second") == []
    later = at(backend, "2026-03-31T10:00:00.000Z")
    found = [each for each in (await gaps.coverage_gaps(OPERATOR, later)).gaps if each.kind == "unconfirmed"]
    assert {gap.severity for gap in found} == {"major"}, "nobody there is sure any more"


async def test_who_takes_the_work_is_asked_instead(store: Store) -> None:
    backend = await filled(store)
    shelter = member("example-shelter")
    done = await started(backend)
    new = {"contact_point": "shelter-desk", "role": "deputy", "rank": "3"}
    await proposing.edit(shelter, backend, "holders", "shelter-new", new, new=True)
    dry = await ending.end(shelter, backend, "holder", "shelter-first", to=["shelter-new"], dry_run=True)
    assert [(each.kind, each.subject, each.due, each.taker) for each in dry.asks] == [
        ("confirmation", "shelter-first", DUE, "shelter-new")
    ]
    ended = await ending.end(shelter, backend, "holder", "shelter-first", to=["shelter-new"], idempotency_key="k")
    assert ended.asks == dry.asks
    again = await ending.end(shelter, backend, "holder", "shelter-first", to=["shelter-new"], idempotency_key="k")
    assert again == ended
    late = at(backend, "2026-03-10T09:00:00.000Z")
    assert await kinds(late, "shelter-first") == []
    assert await kinds(late, "shelter-new") == [("unconfirmed", None)]
    links = (await rounds.remind(COORDINATOR, backend, done.row["id"])).links
    assert sorted(link.subject for link in links) == ["shelter-new", "shelter-second"]
    await round_answers.answer(ANONYMOUS, backend, next(each.token for each in links if each.subject == "shelter-new"))
    assert await kinds(late, "shelter-new") == []
    # With the desk go the tests of its channels; nobody is blamed for them.
    drill = await started(backend, "drill")
    closed = await ending.end(shelter, backend, "contact-point", "shelter-night-desk")
    assert [(each.kind, each.subject) for each in closed.asks] == [("drill", "night-phone")]
    (trial,) = (
        ask for ask in await round_asks.asks(COORDINATOR, backend, drill.row["id"]) if ask.subject == "night-phone"
    )
    assert trial.row["state"] == "untried"
    assert await audit.verify(OPERATOR, backend) == []
