"""What messages show of an address moves the channels that use it; what could not be delivered is seen, not lost."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relaypoint.app.delivering import deliver_due
from relaypoint.app.returned import take_bounces
from relaypoint.domain.clock import format_instant
from relaypoint.domain.errors import Conflict, NotFound, Unavailable
from relaypoint.domain.evidence import Evidence, Result, Try, against, channel_after, lasting
from relaypoint.domain.policy import OPERATOR
from relaypoint.graph import Row
from relaypoint.notifications import bounces
from relaypoint.notifications.delivery import NotNow, Refused, Unable
from relaypoint.notifications.messages import Message
from relaypoint.notifications.spool import Spool
from relaypoint.resolvers import bouncing, gaps, handoffs, proving, sending, settling, undelivered
from relaypoint.resolvers.backend import Backend
from relaypoint.tests.helpers import Through, at_time, imported, member, raw, row, tiny_roster
from relaypoint.tests.test_notices import NEED, SHELTER, SITE, UNIT, Failing, notices, send, tried

DAY = timedelta(days=1)
PROOF = "0123456789abcdef" * 2


class Answering(Failing):
    """A transport that does with a message what it is told for its address, and takes the rest."""

    def __init__(self, **errors: Exception) -> None:
        super().__init__(0)
        self.errors = errors

    async def send(self, kind: str, message: Message) -> None:
        if error := self.errors.get(message.address.partition("@")[0]):
            raise error
        await super().send(kind, message)


def after(backend: Backend, time: timedelta) -> Backend:
    return at_time(backend, format_instant(backend.clock() + time))


async def channel(backend: Backend, id: str = "shelter-mail") -> dict[str, Any]:
    return dict((await backend.memory.roster(backend.store)).rows["channels"][id])


async def told(backend: Backend, transport: Failing, **changes: Any) -> dict[str, Any]:
    """A referral is sent, told of, and what that shows is weighed. Returns the referral."""
    referral = await send(backend, **changes)
    await deliver_due(backend, transport, SITE)
    await proving.prove(OPERATOR, backend)
    return referral


REFUSING = {"desk": Refused("550 5.1.1")}


async def test_a_refused_address_is_failing_and_dead_when_that_lasts(backend: Backend) -> None:
    states = []
    for time in (timedelta(), timedelta(hours=1), timedelta(hours=2), DAY):
        await told(after(backend, time), Answering(**REFUSING))
        states.append((await channel(backend))["state"])
    assert states == ["failing", "failing", "failing", "dead"]
    assert (await channel(backend))["proven_on"] is None
    await told(after(backend, DAY), Answering())
    assert (await notices(backend))[-1]["why"][0] == "shelter-mail: dead", "and nothing is sent there any more"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (Refused("550"), "failing"),
        (Refused("550 5.1.1"), "failing"),
        (Refused("552 5.2.2"), "failing"),
        (Refused("550 5.7.1"), "working"),
        (Unable("554"), "working"),
        (ConnectionError(), "working"),
        (NotNow("451 4.7.1"), "working"),
    ],
)
async def test_only_what_says_something_of_the_address_counts(backend: Backend, error: Exception, state: str) -> None:
    await told(backend, Answering(desk=error))
    assert (await channel(backend))["state"] == state


async def test_what_is_put_off_to_the_end_is_failing_and_never_dead(backend: Backend) -> None:
    await send(backend)
    for hour in range(settling.MOST_ATTEMPTS):
        assert (await channel(backend))["state"] == "working"
        later = after(backend, timedelta(hours=hour))
        await deliver_due(later, Answering(desk=NotNow("452 4.2.2")), SITE)
        await proving.prove(OPERATOR, later)
    assert (await channel(backend))["state"] == "failing"
    assert [each["result"] for each in await tried(backend)] == ["not-now"] * 7 + ["late"]
    assert {each["reply"] for each in await tried(backend)} == {"452 4.2.2"}


async def test_who_acts_on_a_message_proves_the_channel(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "channels", "shelter-mail")["state"] = "unproven"
    await imported(backend, roster)
    referral = await told(backend, Answering())
    assert (await channel(backend))["state"] == "unproven", "that it was taken proves nothing of who reads it"
    later = after(backend, DAY)
    await handoffs.move_handoff(SHELTER, later, referral["handoffs"][0]["id"], "receive")
    assert await proving.prove(OPERATOR, later) == ["shelter-mail"]
    found = await channel(backend)
    assert (found["state"], found["proven_on"], found["proven_how"]) == (
        "working",
        "2026-03-04",
        "a message, acknowledged",
    )
    again = after(backend, 3 * DAY)
    referral = await told(again, Answering())
    await handoffs.move_handoff(SHELTER, again, referral["handoffs"][0]["id"], "accept")
    assert await proving.prove(OPERATOR, again) == [], "what was proven lately is not noted each time"


async def test_who_acts_on_what_they_were_not_told_proves_nothing(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "channels", "shelter-mail")["state"] = "unproven"
    await imported(backend, roster)
    referral = await send(backend)  # Nothing has gone out.
    await handoffs.move_handoff(SHELTER, backend, referral["handoffs"][0]["id"], "receive")
    assert await proving.prove(OPERATOR, backend) == []


async def test_what_was_refused_and_is_taken_again_is_unproven(backend: Backend) -> None:
    await told(backend, Answering(**REFUSING))
    await told(after(backend, DAY), Answering())
    assert (await channel(backend))["state"] == "unproven"
    for time in (2 * DAY, 3 * DAY):
        await told(after(backend, time), Answering(**REFUSING))
    assert (await channel(backend))["state"] == "failing", "it counts anew"


async def test_one_address_at_fault_is_one_trouble(backend: Backend) -> None:
    roster = tiny_roster()
    for desk in ("line-desk", "unit-desk"):
        mail = {**row(roster, "channels", "line-mail"), "id": f"{desk}-shared", "contact_point": desk}
        roster["channels"].append({**mail, "address": "DESK@shelter.example.org"})
    await imported(backend, roster)
    await told(backend, Answering(**REFUSING))
    known = await backend.memory.roster(backend.store)
    at_fault = {id for id, row in known.rows["channels"].items() if row["state"] == "failing"}
    assert at_fault == {"shelter-mail", "line-desk-shared", "unit-desk-shared"}
    found = [gap for gap in (await gaps.coverage_gaps(OPERATOR, backend)).gaps if "fail" in str(gap.text)]
    assert [gap.kind for gap in found] == ["address-at-fault"]
    assert "line-desk, shelter-desk, unit-desk" in str(found[0].text)


def report(
    key: str, address: str, *, status: str = "5.1.1", action: str = "failed", whole: bool = True, proof: str = PROOF
) -> bytes:
    """A mail server's report, of its three parts."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "MAILER-DAEMON@mx.example.org", "desk@relay.example.org"
    mail["Subject"] = "Undelivered Mail Returned to Sender"
    mail.set_content("It could not be delivered.")
    text = mail.as_string()
    own = f"{key}.{proof}" if proof else key
    original = f"From: desk@relay.example.org\nMessage-ID: <{own}@relay.example.org>\nSubject: Urgent\n"
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    return (
        text.split("\n\n")[0].replace(
            'Content-Type: text/plain; charset="utf-8"',
            'Content-Type: multipart/report; report-type=delivery-status; boundary="B"',
        )
        + "\n\n--B\nContent-Type: text/plain\n\nIt could not be delivered.\n"
        + "--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
        + f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n"
        + f"Diagnostic-Code: smtp; 550 {status} No such user\n\n"
        + f"--B\nContent-Type: {kind}\n\n{original}\n\n--B--\n"
    ).encode()


@pytest.mark.parametrize("whole", [True, False])
def test_a_report_is_read(whole: bool) -> None:
    (found,) = bounces.read(report("0199-key-of-it", "desk@shelter.example.org", whole=whole))
    assert found == bounces.Bounce("0199-key-of-it", PROOF, "desk@shelter.example.org", "5.1.1")


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"Subject: Out of office\n\nI am away.\n",
        report("0199-key-of-it", "desk@shelter.example.org", action="delayed", status="4.4.7"),
        report("0199-key-of-it", "desk@shelter.example.org", action="delivered", status="2.0.0"),
        report("0199-key-of-it", "desk@shelter.example.org", status="4.2.2"),
        report("a key", "desk@shelter.example.org"),
        report("0199-key-of-it", "desk@shelter.example.org", proof=""),
        report("0199-key-of-it", "nobody"),
        report("0199-key-of-it", "desk@shelter.example.org").replace(b"multipart/report", b"multipart/mixed"),
        report("0199-key-of-it", "desk@shelter.example.org") + b" " * bounces.MOST,
        # What takes long to take apart, and is short itself.
        b"Content-Type: multipart/report; boundary=a\n\n"
        + b"".join(b"--%d\nContent-Type: multipart/mixed; boundary=%d\n\n" % (at, at + 1) for at in range(50)),
        b"Content-Type: multipart/report" + b"; a=b" * 5000,
    ],
)
def test_what_reports_no_failure_says_nothing(mail: bytes) -> None:
    assert bounces.read(mail) == []


@given(st.binary(max_size=400), st.integers(0, 600), st.integers(0, 600))
def test_no_mail_breaks_the_reading(noise: bytes, at: int, cut: int) -> None:
    mail = report("0199-key-of-it", "desk@shelter.example.org")
    assert len(bounces.read(mail[:at] + noise + mail[at + cut :])) <= 1


async def back(backend: Backend, key: str, address: str, reply: str | None) -> str | None:
    """A report that is believed."""
    return await bouncing.came_back(OPERATOR, backend, key, bouncing.proof(backend, key), address, reply)


async def bounced(backend: Backend) -> tuple[str, Backend]:
    """A desk with two mail channels; a message went by the first. Its key, and a minute later."""
    roster = tiny_roster()
    second = {**row(roster, "channels", "line-mail"), "id": "second", "contact_point": "shelter-desk", "rank": "9"}
    roster["channels"].append({**second, "address": "second@shelter.example.org"})
    await imported(backend, roster)
    await told(backend, Answering())
    (notice,) = await notices(backend)
    assert notice["channel"] == "shelter-mail"
    return notice["id"], after(backend, timedelta(minutes=1))


async def test_what_came_back_goes_by_the_next_channel(backend: Backend) -> None:
    key, later = await bounced(backend)
    assert await back(later, key, "Desk@Shelter.example.org", "5.1.1") == "shelter-desk"
    assert await back(later, key, "desk@shelter.example.org", "5.1.1") is None, "once"
    await proving.prove(OPERATOR, later)
    assert (await channel(backend))["state"] == "failing"
    transport = Answering()
    assert (await deliver_due(later, transport, SITE))["delivered"] == 1
    assert [message.address for _, message in transport.taken] == ["second@shelter.example.org"]
    (notice,) = await notices(backend)
    assert (notice["id"], notice["channel"]) == (key, "second"), "the same message, under the same key"
    assert [each["result"] for each in await tried(backend)] == ["taken", "bounced", "taken"]
    assert "shelter-mail: bounced" in notice["why"]


async def test_where_each_channel_came_back_it_is_undelivered(backend: Backend) -> None:
    key, later = await bounced(backend)
    await back(later, key, "desk@shelter.example.org", "5.1.1")
    await deliver_due(later, Answering(), SITE)
    latest = after(later, timedelta(minutes=1))
    assert await back(latest, key, "second@shelter.example.org", None)
    assert (await deliver_due(latest, Answering(), SITE))["dead"] == 1
    assert [each.id for each in await undelivered.undelivered(SHELTER, latest)] == [key]


@pytest.mark.parametrize("wrong", ["key", "address", "not sent"])
async def test_a_report_of_what_was_not_sent_there_changes_nothing(backend: Backend, wrong: str) -> None:
    key, later = await bounced(backend)
    if wrong == "not sent":
        await send(backend)
        key = (await notices(backend))[-1]["id"]
    given = (
        "0199-other-key" if wrong == "key" else key,
        f"{'other' if wrong == 'address' else 'desk'}@shelter.example.org",
    )
    assert await back(later, *given, "5.1.1") is None
    assert await proving.prove(OPERATOR, later) == []
    assert (await channel(backend))["state"] == "working"


async def test_reports_in_a_folder_are_taken_in_once(backend: Backend, tmp_path: Path) -> None:
    key, later = await bounced(backend)
    box = mailbox.Maildir(tmp_path / "mails")
    box.add(report(key, "desk@shelter.example.org", proof=bouncing.proof(backend, key)))
    box.add(b"Subject: Out of office\n\nI am away.\n")
    assert await take_bounces(later, tmp_path / "mails") == 1
    assert await take_bounces(later, tmp_path / "mails") == 0
    assert list((tmp_path / "mails" / "new").iterdir()) == []
    assert len(list((tmp_path / "mails" / "cur").iterdir())) == 2, "no mail is deleted"
    with pytest.raises(Unavailable) as refused:
        await take_bounces(later, tmp_path / "nowhere")
    assert refused.value.path == ("RELAYPOINT_MAIL_BOUNCES",)


async def test_a_report_is_read_again_where_taking_it_in_broke_off(backend: Backend, tmp_path: Path) -> None:
    key, later = await bounced(backend)
    mail = report(key, "desk@shelter.example.org", proof=bouncing.proof(backend, key))
    mailbox.Maildir(tmp_path / "mails").add(mail)
    reading: Iterator[list[bounces.Bounce]] = bounces.take_in(tmp_path / "mails")
    assert len(next(reading)) == 1
    reading.close()  # type: ignore[attr-defined]
    assert await take_bounces(later, tmp_path / "mails") == 1


async def dead(backend: Backend, **changes: Any) -> dict[str, Any]:
    """A message to the shelter's desk that could not be delivered. Returns the referral."""
    return await told(backend, Answering(**REFUSING), **changes)


async def test_what_is_undelivered_is_seen_by_whose_desk_it_is(backend: Backend) -> None:
    await dead(backend)
    for who, count in (
        (SHELTER, 1),
        (OPERATOR, 1),
        (UNIT, 0),
        (member("example-line"), 0),
        (member("example-authority"), 0),
    ):
        assert len(await undelivered.undelivered(who, backend)) == count, who
    (letter,) = await undelivered.undelivered(SHELTER, backend, "Shelter-Desk ")
    assert letter.why[0] == "shelter-mail: refused: 550 5.1.1"
    assert await undelivered.undelivered(SHELTER, backend, "shelter-night-desk") == []
    (gap,) = (each for each in (await gaps.coverage_gaps(OPERATOR, backend)).gaps if each.kind == "undelivered")
    assert (gap.severity, gap.subject) == ("critical", "shelter-desk")
    assert "could not be delivered: 1," in str(gap.text)


async def test_it_goes_out_again_when_the_channel_is_mended(backend: Backend) -> None:
    await dead(backend)
    later = after(backend, DAY)
    (letter,) = await undelivered.undelivered(SHELTER, later)
    assert await undelivered.again(SHELTER, later, [letter.reference]) == 1
    assert await undelivered.undelivered(SHELTER, later) == []
    transport = Answering()
    assert (await deliver_due(later, transport, SITE))["delivered"] == 1
    assert [message.key for _, message in transport.taken] == [letter.id]
    with pytest.raises(NotFound):
        await undelivered.again(SHELTER, later, [letter.id])


async def test_what_was_told_otherwise_is_seen_and_goes_out_no_more(backend: Backend) -> None:
    await dead(backend)
    (letter,) = await undelivered.undelivered(SHELTER, backend)
    assert await undelivered.told_otherwise(SHELTER, backend, [letter.id]) == 1
    assert await undelivered.undelivered(OPERATOR, backend) == []
    assert (await deliver_due(after(backend, DAY), Answering(), SITE))["delivered"] == 0
    (noted,) = await raw(backend.store, "MATCH (n:Notice) RETURN n.status AS status, n.told_by AS by")
    assert (noted["status"], noted["by"]) == ("dead", "member:example-shelter")


async def test_a_coordinator_has_all_to_a_desk_sent_again_and_sees_none(backend: Backend) -> None:
    await dead(backend)
    await dead(backend)
    leading = member("example-authority")
    assert await undelivered.undelivered(leading, backend) == []
    assert await undelivered.again(leading, backend, contact_point="shelter-desk") == 2
    with pytest.raises(NotFound):
        await undelivered.again(UNIT, backend, contact_point="shelter-desk")
    with pytest.raises(NotFound):
        await undelivered.again(UNIT, backend, contact_point="no-desk")


async def test_of_two_who_settle_one_message_one_is_told_so(backend: Backend) -> None:
    await dead(backend)
    (letter,) = await undelivered.undelivered(SHELTER, backend)

    class Stale(Through):
        """Somebody else is done with it between this one's look and its word."""

        async def read(self, statement: str, /, **parameters: Any) -> list[Row]:
            rows = await super().read(statement, **parameters)
            if statement == "notices_dead":
                await undelivered.told_otherwise(SHELTER, backend, [letter.id])
            return rows

    with pytest.raises(Conflict):
        await undelivered.again(SHELTER, replace(backend, store=Stale(backend.store)), [letter.id])


async def test_who_is_avoided_is_not_told_by_what_could_not_be_delivered(backend: Backend, tmp_path: Path) -> None:
    roster = tiny_roster()
    roster["holders"].append({"id": "newcomer", "contact_point": "line-desk", "role": "deputy", "rank": "3"})
    await imported(backend, roster)
    await send(backend, avoid=("newcomer",))
    row(roster, "holders", "newcomer")["contact_point"] = "shelter-desk"
    await imported(backend, roster)
    await deliver_due(backend, Spool(tmp_path), SITE)
    assert await undelivered.undelivered(SHELTER, backend) == []
    assert len(await undelivered.undelivered(OPERATOR, backend)) == 1
    assert await undelivered.again(member("example-authority"), backend, contact_point="shelter-desk") == 0
    assert "undelivered" not in {gap.kind for gap in (await gaps.coverage_gaps(OPERATOR, backend)).gaps}


async def test_what_is_known_by_now_is_no_longer_undelivered(backend: Backend) -> None:
    referral = await dead(backend)
    await handoffs.move_handoff(SHELTER, backend, referral["handoffs"][0]["id"], "receive")
    assert await undelivered.undelivered(OPERATOR, backend) == []


@pytest.mark.parametrize(
    ("result", "reply", "counts", "lasts"),
    [
        (Result.REFUSED, None, True, True),
        (Result.REFUSED, "550", True, True),
        (Result.REFUSED, "550 5.1.1", True, True),
        (Result.REFUSED, "550 5.2.1", True, True),
        (Result.REFUSED, "552 5.2.2", True, False),
        (Result.REFUSED, "550 5.7.26", False, True),
        (Result.REFUSED, "barred", False, True),
        (Result.REFUSED, "no address", False, True),
        (Result.BOUNCED, "5.4.1", False, True),
        (Result.BOUNCED, "5.0.0", True, True),
        (Result.LATE, "451 4.7.1", True, False),
        (Result.NOT_NOW, "450 4.2.1", False, True),
        (Result.FAILED, "ConnectionError", False, True),
        (Result.TAKEN, None, False, True),
    ],
)
def test_what_counts_against_an_address(result: Result, reply: str | None, counts: bool, lasts: bool) -> None:
    attempt = Try("channel", result, reply)
    assert against(attempt) is counts
    assert not counts or lasting(attempt) is lasts


@given(
    st.sampled_from(("working", "unproven", "failing", "dead")),
    st.integers(0, 5),
    st.sampled_from((None, "2026-03-01", "2026-03-03", "2026-03-05")),
    st.booleans(),
    st.booleans(),
)
def test_no_evidence_against_it_makes_a_channel_better(
    state: str, refused: int, proven: str | None, lasts: bool, mended: bool
) -> None:
    grave = {"working": 0, "unproven": 0, "failing": 1, "dead": 2}
    before = {"id": "c", "state": state, "proven_on": proven, "proven_how": None, "since": None, "until": None}
    shown = Evidence(
        id="a",
        version=1,
        refused=refused,
        since="2026-03-03T08:00:00.000Z" if refused else None,
        last="2026-03-04T10:00:00.000Z" if refused else None,
        lasting=lasts,
        mended=mended and not refused,
    )
    found = channel_after(before, shown, "2026-03-04")
    if refused:
        assert found is None or grave[found["state"]] > grave[state]
    if found and found["state"] == "dead":
        assert refused >= 3
        assert lasts
    assert channel_after({**before, "until": "2026-03-01"}, shown, "2026-03-04") is None


# what breaks on the way of one message, or is said by others


async def send_advice(backend: Backend) -> dict[str, Any]:
    """A referral to the line's desk."""
    need = replace(NEED, service="advice", confidentiality="official", languages=())
    return (await sending.refer(UNIT, backend, need, to="line-desk")).referral


class Breaking(Answering):
    """A transport that breaks, in no way that it tells of, at one address."""

    async def send(self, kind: str, message: Message) -> None:
        if message.address.startswith("desk@shelter"):
            raise IndexError("nobody thought of that")
        await super().send(kind, message)


async def test_what_breaks_at_one_address_stops_no_other(backend: Backend) -> None:
    await send(backend)
    await send_advice(backend)
    counts = await deliver_due(backend, transport := Breaking(), SITE)
    assert (counts["delivered"], counts["failed"]) == (1, 1)
    assert [message.address for _, message in transport.taken] == ["desk@line.example.org"]


async def test_a_forged_report_is_not_believed(backend: Backend) -> None:
    key, later = await bounced(backend)
    for secret in ("", "0" * 32, backend.vault.token("another purpose", key), bouncing.proof(backend, "another key")):
        assert await bouncing.came_back(OPERATOR, later, key, secret, "desk@shelter.example.org", "5.1.1") is None
    assert await proving.prove(OPERATOR, later) == []


async def test_who_names_anothers_address_proves_nothing_of_the_others_channel(backend: Backend) -> None:
    roster = tiny_roster()
    shared = {**row(roster, "channels", "line-mail"), "id": "line-shared", "address": "desk@shelter.example.org"}
    roster["channels"].append({**shared, "rank": "1", "assurance": "strict"})
    row(roster, "channels", "shelter-mail")["state"] = "dead"
    await imported(backend, roster)
    sent = await told(backend, Answering())
    assert sent
    line = await send_advice(backend)
    await deliver_due(backend, Answering(), SITE)
    await handoffs.move_handoff(member("example-line"), backend, line["handoffs"][0]["id"], "receive")
    assert "shelter-mail" not in await proving.prove(OPERATOR, backend)
    assert (await channel(backend))["state"] == "dead"


async def test_what_was_proven_and_is_refused_again_and_again_is_dead_after_all(backend: Backend) -> None:
    await told(backend, Answering(**REFUSING))
    roster = tiny_roster()
    later = after(backend, 2 * DAY)
    row(roster, "channels", "shelter-mail").update(state="working", proven_on="2026-03-05")
    await imported(later, roster)
    states = []
    for days in (3, 4, 5, 6):
        await told(after(backend, days * DAY), Answering(**REFUSING))
        states.append((await channel(backend))["state"])
    assert states == ["failing", "failing", "dead", "dead"]


async def test_what_came_back_can_be_sent_again_once_it_is_mended(backend: Backend) -> None:
    await told(backend, Answering())
    (notice,) = await notices(backend)
    later = after(backend, timedelta(minutes=1))
    assert await back(later, notice["id"], "desk@shelter.example.org", "5.2.2")
    assert (await deliver_due(later, Answering(), SITE))["dead"] == 1
    assert await undelivered.again(SHELTER, later, [notice["id"]]) == 1
    assert (await deliver_due(later, Answering(), SITE))["delivered"] == 1


async def test_what_comes_back_after_the_address_was_mended_goes_to_the_new_one(backend: Backend) -> None:
    roster = tiny_roster()
    row(roster, "channels", "shelter-mail")["address"] = "deks@shelter.example.org"
    await imported(backend, roster)
    await told(backend, Answering())
    (notice,) = await notices(backend)
    await imported(backend, tiny_roster())
    later = after(backend, timedelta(minutes=1))
    assert await back(later, notice["id"], "deks@shelter.example.org", "5.1.1")
    transport = Answering()
    assert (await deliver_due(later, transport, SITE))["delivered"] == 1
    assert [message.address for _, message in transport.taken] == ["desk@shelter.example.org"]
    assert await back(later, notice["id"], "deks@shelter.example.org", "5.1.1") is None, "once"


@pytest.mark.parametrize(
    "mail",
    [
        b"Content-Type: message/rfc822\n\n" * 3000,
        b"Content-Type: multipart/report; boundary*=a\x00b''B\n\n",
        b"Content-Type: multipart/report; boundary*" + b"9" * 5000 + b"*=B\n\n",
        b'Content-Type: multipart/report; charset="x\x00"; boundary=B\n\n--B\n\n--B--\n',
    ],
)
async def test_a_hostile_mail_stops_no_report(backend: Backend, tmp_path: Path, mail: bytes) -> None:
    assert bounces.read(mail) == []
    key, later = await bounced(backend)
    box = tmp_path / "mails"
    mailbox.Maildir(box)
    (box / "new" / "0").write_bytes(mail)
    (box / "new" / "1").write_bytes(report(key, "desk@shelter.example.org", proof=bouncing.proof(backend, key)))
    assert await take_bounces(later, box) == 1
    assert list((box / "new").iterdir()) == []


async def test_one_cases_avoid_list_says_nothing_of_the_others(backend: Backend) -> None:
    """Five as one, of which the first avoids the body behind a relay."""
    await send(backend, avoid=("example-line",))
    for _ in range(5):
        await send(backend)
    await deliver_due(backend, Answering(**REFUSING), SITE)
    letters = await undelivered.undelivered(SHELTER, backend)
    assert len(letters) == 6
    assert not [why for each in letters for why in each.why if "avoided" in why]


async def test_who_is_avoided_is_not_told_where_a_channel_was_barred_before(backend: Backend) -> None:
    roster = tiny_roster()
    roster["holders"].append({"id": "newcomer", "contact_point": "line-desk", "role": "deputy", "rank": "3"})
    await imported(backend, roster)
    await send(backend, avoid=("newcomer",))
    row(roster, "holders", "newcomer")["contact_point"] = "shelter-desk"
    for each in ("shelter-mail", "shelter-phone", "shelter-relay"):
        row(roster, "channels", each)["state"] = "dead"
    await imported(backend, roster)
    assert (await deliver_due(backend, Answering(), SITE))["dead"] == 1
    assert await undelivered.undelivered(SHELTER, backend) == []
    assert len(await undelivered.undelivered(OPERATOR, backend)) == 1
