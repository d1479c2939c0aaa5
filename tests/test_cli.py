"""The command line as people and scripts use it, with and without a running server."""

from __future__ import annotations

import json
import re
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from relaypoint.app.serving import address_of
from relaypoint.domain.handoffs import ALIASES, REASONS, VERBS
from relaypoint.tests.helpers import EXAMPLE, row, tiny_roster, write_folder
from relaypoint.tests.processes import environment, relaypoint, run, serving

CASE = ["--from", "Example-Unit ", "--service", "Housing", "--place", "gb-x-north", "--for", "Female"]
NOW = "2026-03-03T10:00:00Z"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with the tiny roster, for each test to copy."""
    folder = tmp_path_factory.mktemp("prepared")
    given = {"RELAYPOINT_STORE": f"file:{folder / 'store'}", "RELAYPOINT_NOW": NOW}
    assert run(given, "import", str(write_folder(folder / "roster", tiny_roster()))).returncode == 0
    return folder / "store"


@pytest.fixture
def settings(prepared: Path, embedded_url: str, tmp_path: Path) -> dict[str, str]:
    """An embedded store with the tiny roster, on a Tuesday morning."""
    shutil.copytree(prepared, embedded_url.removeprefix("file:"))
    return {
        "RELAYPOINT_STORE": embedded_url,
        "RELAYPOINT_SPOOL": str(tmp_path / "spool"),
        "RELAYPOINT_NOW": NOW,
    }


def parsed(done: subprocess.CompletedProcess[str]) -> Any:
    assert "Traceback" not in done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_main_job(settings: dict[str, str], tmp_path: Path) -> None:
    found = parsed(run(settings, "find", *CASE, "--json"))
    assert set(found) >= {"candidates", "excluded", "emergency"}
    assert found["emergency"]["number"] == "999"
    assert [each["contactPoint"]["id"] for each in found["candidates"]] == ["shelter-desk", "shelter-night-desk"]
    shown = run(settings, "find", *CASE, "--priority", "stat")
    assert "Danger now: call 999" in shown.stdout
    assert "Phone now" in shown.stdout

    sent = parsed(run(settings, "refer", *CASE, "--json"))
    reference = sent["referral"]["reference"]
    assert parsed(run(settings, "notify", "--json")) == {"delivered": 1, "dead": 0, "failed": 0, "waiting": 0}
    (message,) = (tmp_path / "spool").glob("*.json")
    told = json.loads(message.read_text())
    assert told["address"] == "desk@shelter.example.org"
    lines = told["body"].split("\n")
    assert lines[0] == told["subject"].split(":")[0] == "Routine"
    own = lines[lines.index("Reference") + 1]
    assert own not in (reference, ""), "the message has a reference of its own"
    assert f"http://127.0.0.1:8000/n/{own}" in lines
    assert re.fullmatch(rf"http://127\.0\.0\.1:8000/r/en-{own}-[0-9a-f]{{32}}", lines[-2])
    for word in ("housing", "female", "GB-X", "north", "shelter desk", "unit", reference.lower()):
        assert word not in told["body"].lower().replace("shelter.example.org", "")

    assert run(settings, "stalled").returncode == 0
    late = {**settings, "RELAYPOINT_NOW": "2026-03-05T10:00:00Z"}
    done = run(late, "stalled", "--json")
    (stall,) = parsed(done)
    assert (done.returncode, stall["reason"], stall["holder"]["id"]) == (1, "unacknowledged", "shelter-desk")
    assert stall["nextSteps"][0]["channels"][0]["address"] == "+442079460101", "a message went unanswered: by voice now"
    assert run(late, "handoff", reference, "accept", "--as", "example-line").returncode == 2
    assert run(late, "handoff", reference, "accept", "--as", "example-unit").returncode == 3
    moved = parsed(run(late, "handoff", reference, "accept", "--as", "example-shelter", "--json"))
    assert moved["handoff"]["status"] == "accepted"
    assert run(late, "stalled").returncode == 0
    held = run(late, "handoff", reference, "hold", "--reason", "awaiting-person", "--review", "soon")
    assert held.returncode == 2
    assert run(late, "referral", sent["referral"]["id"]).returncode == 0
    assert run(late, "handoff", reference, "accept", "--expected-version", "1").returncode == 3


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["find", *CASE[:4], "--place", "XX-NOWHERE"], 2),
        (["find", *CASE[:4], "--place", "\u0130\u0000"[:1]], 2),
        (["find", *CASE, "--for", "femal"], 2),
        (["find", *CASE, "--language", "klingonese"], 2),
        (["find", *CASE, "--priority", "soon"], 2),
        (["find", *CASE, "--avoid", "polise"], 2),
        (["find", *CASE, "--avoid", "cso"], 1),
        (["refer", *CASE, "--avoid", "cso"], 1),
        (["refer", *CASE, "--to", "nobody"], 2),
        (["refer", *CASE, "--to", "shelter-desk", "--confidentiality", "strict", "--avoid", "example-shelter"], 1),
        (["handoff", "nothing", "accept"], 2),
        (["referral", "nothing"], 2),
        (["import", "/nowhere"], 2),
        (["export", "/proc/nowhere"], 2),
        (["stalled", "--reason", "lazy"], 2),
        (["stalled", "--place", "Atlantis"], 2),
        (["stalled", "--first", "0"], 2),
        (["stalled", "--as-of", "yesterday"], 2),
        (["stalled", "--weeks", "2", "--by", "reason"], 2),
        (["stalled", "--weeks", "2", "--as-of", "2026-03-01"], 2),
        (["stalled", "--by", "reason", "--page", "page.html", "--as-of", "2026-03-01"], 2),
        (["nonsense"], 2),
        (["serve", "--host", "256.0.0.1"], 2),
    ],
)
def test_bad_input_is_told_with_a_remedy_and_without_a_stack(
    settings: dict[str, str], command: list[str], code: int
) -> None:
    done = run(settings, *command)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert (done.stdout + done.stderr).strip()


@pytest.mark.parametrize(
    "change",
    [
        {"RELAYPOINT_STORE": "http://example.org"},
        {"RELAYPOINT_STORE": "file:/proc/nowhere"},
        {"RELAYPOINT_STORE": "bolt://127.0.0.1:9"},
        {"RELAYPOINT_NOW": "tomorrow"},
        {"RELAYPOINT_DEV": "perhaps"},
        {"RELAYPOINT_KEY_FILE": "/dev/null"},
    ],
)
def test_bad_settings_are_told_with_a_remedy(settings: dict[str, str], change: dict[str, str]) -> None:
    done = run({**settings, **change}, "find", *CASE)
    assert done.returncode in (2, 5)
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) >= 2


def test_a_slip_of_the_pen_does_not_hide_whom_to_call(settings: dict[str, str]) -> None:
    done = run(settings, "find", *CASE[:3], "hausing", *CASE[4:])
    assert done.returncode == 2
    assert "Danger now: call 999" in done.stderr
    assert "hausing" in done.stderr


def test_a_store_that_is_broken_is_told(settings: dict[str, str]) -> None:
    folder = Path(settings["RELAYPOINT_STORE"].removeprefix("file:"))
    (folder / "graph.kgl").write_bytes(b"nonsense" * 100)
    done = run(settings, "find", *CASE, "--json")
    assert done.returncode == 5
    assert json.loads(done.stdout)["error"]["code"] == "UNAVAILABLE"
    assert "Traceback" not in done.stderr


def test_the_key_is_only_for_its_owner_and_must_fit(settings: dict[str, str], tmp_path: Path) -> None:
    folder = Path(settings["RELAYPOINT_STORE"].removeprefix("file:"))
    assert stat.S_IMODE((folder / "installation.key").stat().st_mode) == 0o600
    done = run({**settings, "RELAYPOINT_KEY_FILE": str(tmp_path / "other.key")}, "find", *CASE)
    assert done.returncode == 5
    assert "RELAYPOINT_KEY_FILE" in done.stderr


def test_commands_go_to_the_server_that_holds_the_store(settings: dict[str, str], tmp_path: Path) -> None:
    live = {name: value for name, value in settings.items() if name != "RELAYPOINT_NOW"}
    socket = Path(settings["RELAYPOINT_STORE"].removeprefix("file:")) / "commands.sock"
    with serving(live):
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        report = parsed(run(live, "doctor", "--json"))
        assert (report["store"], str(socket) in report["commands"]) == ("answers", True)
        assert run(live, "find", *CASE).returncode == 0
        roster = tiny_roster()
        roster["organizations"][0]["name"] = "Example Constabulary"
        done = parsed(run(live, "import", str(write_folder(tmp_path / "changed", roster)), "--json"))
        assert [(change["kind"], change["id"]) for change in done["changes"]] == [("changed", "example-police")]
        assert run(live, "find", *CASE[:4], "--place", "XX").returncode == 2
        assert run(live, "refer", *CASE, "--avoid", "cso").returncode == 1
        held = subprocess.run(
            relaypoint("serve", "--port", "0"), env=environment(live), capture_output=True, text=True, timeout=60
        )
        assert held.returncode == 5
    assert not socket.exists()
    assert "into the store" in parsed(run(live, "doctor", "--json"))["commands"]


@pytest.mark.parametrize("url", [None, "https://referrals.example.org/"])
def test_links_lead_to_where_the_server_answers(settings: dict[str, str], url: str | None) -> None:
    live = {name: value for name, value in settings.items() if name != "RELAYPOINT_NOW"}
    live |= {"RELAYPOINT_URL": url} if url else {}
    spool = Path(settings["RELAYPOINT_SPOOL"])

    def links() -> set[str]:
        texts = [json.loads(each.read_text())["body"] for each in spool.glob("*.json")]
        return {link for text in texts for link in re.findall(r"https?://\S+?(?=/[nr]/)", text)}

    with serving(live) as address:
        sent = parsed(run(live, "refer", *CASE, "--json"))["referral"]
        assert run(live, "notify").returncode == 0
        for _ in range(100):  # The server may have been first, and be at it still.
            if links():
                break
            time.sleep(0.1)
        assert links() == {(url or address).rstrip("/")}
    for each in spool.glob("*.json"):
        each.unlink()
    assert (
        run(live, "handoff", sent["reference"], "cancel", "--reason", "other", "--as", "example-unit").returncode == 0
    )
    assert run(live, "notify").returncode == 0
    assert links() == {(url or "http://127.0.0.1:8000").rstrip("/")}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123"),
        ("::", "http://[::1]:8123"),
        ("::1", "http://[::1]:8123"),
        ("relay.example.org", "http://relay.example.org:8123"),
    ],
)
def test_a_server_is_found_where_it_listens(host: str, address: str) -> None:
    assert address_of(host, 8123) == address


def test_the_socket_of_a_killed_server_does_no_harm(settings: dict[str, str]) -> None:
    live = {name: value for name, value in settings.items() if name != "RELAYPOINT_NOW"}
    process = subprocess.Popen(
        relaypoint("serve", "--port", "0"), env=environment(live), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Serving")
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    process.stdout.close()
    assert run(live, "find", *CASE).returncode == 0
    with serving(live):
        assert run(live, "find", *CASE).returncode == 0


def test_a_gap_is_told_with_what_mends_it_and_goes(settings: dict[str, str], tmp_path: Path) -> None:
    desks = ("--organization", "example-line")
    whole = run(settings, "gaps", "--json", *desks)
    assert (whole.returncode, parsed(whole)["gaps"]) == (0, [])
    roster = tiny_roster()
    roster["channels"] = [each for each in roster["channels"] if each["id"] != "night-phone"]
    for each in roster["pathways"]:
        if each["id"] == "police-to-line":
            each["until"] = "2026-03-01"
    assert run(settings, "import", str(write_folder(tmp_path / "changed", roster))).returncode == 0
    done = run(settings, "gaps", "--json", *desks)
    (gap,) = parsed(done)["gaps"]
    assert (done.returncode, gap["kind"], gap["subject"]) == (1, "pathway-expired", "police-to-line")
    assert (gap["mend"]["sheet"], gap["mend"]["row"]) == ("pathways", "police-to-line")
    assert gap["mend"]["cells"] == [{"column": "until", "value": None}]
    # A row that a file leaves out stays in the store, so the phone is still there.
    other = parsed(run(settings, "gaps", "--organization", "example-shelter", "--json"))["gaps"]
    assert [each["kind"] for each in other] == ["single-number"]
    before = parsed(run(settings, "gaps", "--json", "--at", "2026-02-27", *desks))
    assert ([each["kind"] for each in before["gaps"]], [each["opensOn"] for each in before["ahead"]]) == (
        [],
        ["2026-03-01"],
    )
    shown = run(settings, "gaps", *desks)
    assert (shown.returncode, "Gaps in the roster (1)" in shown.stdout) == (1, True)
    wrong = run(settings, "gaps", "--place", "Example Nort")
    assert (wrong.returncode, "GB-X-NORTH" in wrong.stderr) == (2, True)
    named = run(settings, "gaps", "--place", "Example North", "--service", "Housing")
    assert (named.returncode, "Gaps in the roster" in named.stdout) == (1, True)


def test_a_message_that_nobody_can_be_sent_is_told(settings: dict[str, str]) -> None:
    sent = run(settings, "refer", *CASE, "--to", "shelter-night-desk")
    assert sent.returncode == 0
    assert "Phone it now" in sent.stdout
    done = run(settings, "notify", "--json")
    assert (done.returncode, parsed(done)) == (1, {"delivered": 0, "dead": 1, "failed": 0, "waiting": 0})
    stalled = run(settings, "stalled")
    assert stalled.returncode == 1
    assert "undelivered" in stalled.stdout
    assert parsed(run(settings, "notify", "--json")) == {"delivered": 0, "dead": 0, "failed": 0, "waiting": 0}


def test_what_has_stalled_is_narrowed_cut_and_told_of_the_past(settings: dict[str, str]) -> None:
    for _ in range(2):
        assert run(settings, "refer", *CASE, "--to", "shelter-desk").returncode == 0
    late = {**settings, "RELAYPOINT_NOW": "2026-03-10T10:00:00Z"}
    assert len(parsed(run(late, "stalled", "--json"))) == 2
    cut = run(late, "stalled", "--first", "1")
    assert (cut.returncode, "There are more" in cut.stdout) == (1, True)
    assert len(parsed(run(late, "stalled", "--first", "1", "--json"))) == 1
    narrow = ["--organization", "Example Shelter", "--service", "housing", "--reason", "unacknowledged"]
    assert len(parsed(run(late, "stalled", *narrow, "--as", "example-unit", "--json"))) == 2
    none = run(late, "stalled", "--priority", "stat", "--json")
    assert (none.returncode, parsed(none)) == (0, [])
    before = run(late, "stalled", "--as-of", NOW)
    assert (before.returncode, "Nothing has stalled" in before.stdout) == (0, True)
    wrong = run(late, "stalled", "--reason", "lazy")
    assert "[--reason]" in wrong.stderr


def test_a_child_in_cardiff_has_nobody_with_a_channel_and_the_gap_is_told(embedded_url: str) -> None:
    settings = {"RELAYPOINT_STORE": embedded_url, "RELAYPOINT_NOW": "2026-11-23T23:30:00Z"}
    assert run(settings, "import", str(EXAMPLE), "--json").returncode == 0
    case = ["--from", "migrant-help", "--service", "child-protection", "--place", "GB-GSS-W06000015", "--for", "child"]
    done = run(settings, "find", *case, "--json")
    answer = parsed(done)
    assert (done.returncode, answer["candidates"]) == (1, [])
    (reason,) = answer["excluded"][0]["reasons"]
    assert (reason["code"], bool(reason["relax"])) == ("no-channel", True)
    shown = run(settings, "find", *case)
    assert shown.returncode == 1
    assert "Danger now: call 999" in shown.stdout


def test_the_doctor_shows_settings_and_warns_without_secrets(settings: dict[str, str]) -> None:
    done = run({**settings, "RELAYPOINT_NEO4J_PASSWORD": "hush-hush", "RELAYPOINT_DEV": "1"}, "doctor")
    assert done.returncode == 0
    assert "hush-hush" not in done.stdout + done.stderr
    assert "the store answers" in done.stdout
    assert "RELAYPOINT_DEV is set" in done.stdout
    mail = {"RELAYPOINT_MAIL": "smtps://desk:hush-hush@mail.example.org", "RELAYPOINT_MAIL_PASSWORD": "hush-hush"}
    told = run({**settings, **mail}, "doctor")
    assert "hush-hush" not in told.stdout + told.stderr
    assert "RELAYPOINT_MAIL is not the address" in told.stdout
    lost = run({**settings, "RELAYPOINT_STORE": "file:/proc/nowhere"}, "doctor", "--json")
    assert (lost.returncode, parsed(lost)["store"]) == (5, "does not answer")


def test_the_dev_sign_in_is_not_served_to_others(settings: dict[str, str]) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        done = run({**settings, "RELAYPOINT_DEV": "1"}, "serve", "--host", host, "--port", "0")
        assert done.returncode == 2
        assert "127.0.0.1" in done.stderr


def test_the_name_of_a_place_leads_to_its_code(settings: dict[str, str]) -> None:
    done = run(settings, "find", *CASE[:4], "--place", "example north", "--json")
    assert json.loads(done.stdout)["place"] == {"id": "GB-X-NORTH", "name": "Example North"}
    done = run(settings, "find", *CASE[:4], "--place", "Exmaple North")
    assert done.returncode == 2
    assert "Example North (GB-X-NORTH)" in done.stderr


def test_what_is_avoided_and_what_would_change_is_said(settings: dict[str, str], tmp_path: Path) -> None:
    assert "as asked: police" in run(settings, "find", *CASE, "--avoid", "police").stdout
    roster = tiny_roster()
    next(each for each in roster["channels"] if each["id"] == "line-phone")["address"] = "+442079460104"
    done = run(settings, "import", str(write_folder(tmp_path / "digit", roster)), "--dry-run")
    assert "address: +442079460103 → +442079460104" in done.stdout


def test_nobody_is_told_to_have_been_told(settings: dict[str, str]) -> None:
    done = run(settings, "refer", *CASE, "--to", "shelter-night-desk")
    assert "Nobody has been told" in done.stdout
    assert "Sent" not in done.stdout


def test_a_store_whose_key_is_not_there_makes_no_other(settings: dict[str, str], tmp_path: Path) -> None:
    stray = tmp_path / "elsewhere" / "key"
    told = run({**settings, "RELAYPOINT_KEY_FILE": str(stray)}, "gaps")
    assert told.returncode == 5
    assert str(stray) in told.stderr.replace("\n", "")
    assert not stray.exists()


def test_the_help_names_every_verb_and_reason(settings: dict[str, str]) -> None:
    told = run({**settings, "COLUMNS": "200"}, "handoff", "--help").stdout.replace("\n", " ")
    for word in (*VERBS, *ALIASES, *(reason for reasons in REASONS.values() for reason in reasons)):
        assert word in told, word


def test_the_records_are_verified(settings: dict[str, str], tmp_path: Path) -> None:
    write_folder(tmp_path / "roster", tiny_roster())
    assert run(settings, "import", str(tmp_path / "roster")).returncode == 0
    told = run(settings, "audit", "verify", "--json")
    assert (told.returncode, json.loads(told.stdout)) == (0, [])


def test_a_coordinator_redirects_by_the_reference_alone(settings: dict[str, str]) -> None:
    done = parsed(run(settings, "refer", *CASE, "--for", "child", "--json"))
    reference = done["referral"]["reference"]
    moved = run(settings, "handoff", reference, "redirect", "--to", "shelter-night-desk", "--as", "example-authority")
    assert moved.returncode in (0, 1), moved.stderr
    assert "Sent on" in moved.stdout or "its sender is asked" in moved.stdout


def test_whoever_refuses_is_sent_as_they_were_found(settings: dict[str, str], tmp_path: Path) -> None:
    roster = tiny_roster()
    row(roster, "pathways", "unit-to-shelter")["consent"] = "required"
    assert run(settings, "import", str(write_folder(tmp_path / "roster", roster))).returncode == 0
    adult = [*CASE, "--for", "adult"]
    first = parsed(run(settings, "find", *adult, "--json"))["candidates"][0]
    assert (first["contactPoint"]["id"], first["alsoDirect"]) == ("shelter-desk", True)
    asked = run(settings, "refer", *adult)
    assert asked.returncode == 2
    assert "--no-consent" in " ".join(asked.stderr.split())
    (first, *_) = parsed(run(settings, "find", *adult, "--no-consent", "--json"))["candidates"]
    assert (first["contactPoint"]["id"], first["pathway"]) == ("shelter-desk", [])
    sent = parsed(run(settings, "refer", *adult, "--no-consent", "--json"))["referral"]
    many = parsed(run(settings, "group", *adult, "--people", "2", "--no-consent", "--json"))["referrals"]
    printed = run(settings, "group", *adult, "--people", "2", "--no-consent").stdout
    assert printed.count("To be acknowledged by ") == 2
    assert printed.count("phone 0") >= 2
    shown = run(settings, "referral", many[0]["reference"], "--as", "example-unit").stdout
    assert f"or for the same person (this is for person 1):\n  {many[1]['reference']}" in shown
    further = [sent["id"], "--service", "advice", "--no-consent", "--as", "example-unit"]
    more = parsed(run(settings, "split", *further, "--json"))["referrals"]
    desks = [each["handoffs"][0]["contactPoint"]["id"] for each in (sent, *many, *more)]
    assert desks == ["shelter-desk"] * 3 + ["line-desk"]
    both = run(settings, "refer", *adult, "--no-consent", "--consent", "--json")
    assert (both.returncode, parsed(both)["error"]["messageId"]) == (2, "refer.consent-twice")
    assert parsed(both)["emergency"]["number"] == "999"


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (["find", "--from", "example-unit", "--service", "housing", "--json"], ["--place"]),
        (["refer", "--json", "--plaice", "GB"], []),
        (["nonsense", "--json"], []),
        (["stalled", "--first", "many", "--json"], ["--first"]),
    ],
)
def test_a_machine_is_told_in_json_what_was_typed_wrong(
    settings: dict[str, str], command: list[str], path: list[str]
) -> None:
    done = run(settings, *command)
    error = parsed(done)["error"]
    assert (done.returncode, done.stderr, error["code"], error["path"]) == (2, "", "INVALID", path)
    assert error["message"]
    assert run(settings, command[0], "--help", "--json").returncode == (2 if command[0] == "nonsense" else 0)


def test_who_contradicts_themselves_still_hears_whom_to_call(settings: dict[str, str]) -> None:
    both = ["--consent", "identification", "--no-consent"]
    shown = run(settings, "find", *CASE, *both)
    assert (shown.returncode, "Danger now: call 999" in shown.stderr) == (2, True)
    assert "contradict each other" in shown.stderr
    told = run(settings, "find", *CASE, *both, "--json")
    assert (told.returncode, parsed(told)["emergency"]["number"]) == (2, "999")


def test_ones_own_referrals_are_listed_newest_first(settings: dict[str, str]) -> None:
    first, second = (parsed(run(settings, "refer", *CASE, "--json"))["referral"]["reference"] for _ in range(2))
    assert (
        run(settings, "handoff", first, "cancel", "--reason", "no-longer-needed", "--as", "example-unit").returncode
        == 0
    )
    listed = [each["reference"] for each in parsed(run(settings, "referrals", "--as", "example-shelter", "--json"))]
    assert listed == [second, first]
    shown = run(settings, "referrals", "--open", "--as", "example-unit").stdout
    assert second in shown
    assert first not in shown
    assert "No referral is on record here." in run(settings, "referrals", "--as", "example-police").stdout
    later = {**settings, "TZ": "UTC", "COLUMNS": "200"}
    for hour, *said in (("11", "accept"), ("12", "claim", "--holder", "shelter-second")):
        later["RELAYPOINT_NOW"] = f"2026-03-03T{hour}:00:00Z"
        assert run(later, "handoff", second, *said, "--as", "example-shelter").returncode == 0
    for shown in (run(later, "referrals", "--open").stdout, run(later, "referral", second).stdout.split("Step ")[0]):
        assert "12:00" not in shown
        assert "11:00" in shown
        assert "10:00" in shown, "when it was sent stands beside it"
    assert "(passed)" not in run(later, "handoff", second, "--as", "example-shelter").stdout
    later["RELAYPOINT_NOW"] = "2026-06-01T12:00:00Z"
    assert "(passed)" in run(later, "handoff", second, "--as", "example-shelter").stdout


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["accept", "--consent-to", "line-desk", "--as", "example-shelter"], ["[--consent-to]"]),
        (["acept", "--as", "example-shelter"], ["[VERB]", "Did you mean accept? Use one of: receive"]),
        (["decllne", "--as", "example-shelter"], ["Did you mean decline?"]),
        (["phoned", "--result", "reached", "--at", "soon", "--as", "example-unit"], ["[--at]"]),
        (["pass-on", "--to", "nowhere", "--as", "example-shelter"], ["[--to]"]),
        (["accept", "--expected-version", "7", "--as", "example-shelter"], ["[--expected-version]"]),
    ],
)
def test_a_refusal_names_what_was_typed(settings: dict[str, str], command: list[str], words: list[str]) -> None:
    reference = parsed(run(settings, "refer", *CASE, "--json"))["referral"]["reference"]
    done = run(settings, "handoff", reference, *command)
    told = " ".join(done.stderr.split())
    assert done.returncode in (2, 3)
    assert [word for word in words if word not in told] == [], told
    assert re.search(r"\b[a-z]+[A-Z]", told) is None, told


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (["gaps", "--task-force", "nobody"], "[--task-force]"),
        (["stalled", "--service", "nothing"], "[--service]"),
        (["stalled", "--contact-point", "nowhere"], "[--contact-point]"),
        (["due", "--contact-point", "nowhere"], "[--contact-point]"),
        (["shift", "nowhere", "--to", "shelter-first", "--as", "example-shelter"], "[CONTACT_POINT]"),
        (["refer", *CASE, "--reply-to", "nowhere"], "[--reply-to]"),
        (["find", *CASE, "--language", "en", "--language", "klingonese"], "[--language 2]"),
        (["webhook", "add", "http://127.0.0.1/", "--as", "example-unit"], "[URL]"),
        (["webhook", "add", "https://x.example.org/", "--type", "nothing", "--as", "example-unit"], "[--type 1]"),
        (
            ["webhook", "add", "https://x.example.org/", "--contact-point", "line-desk", "--as", "example-unit"],
            "[--contact-point 1]",
        ),
        (["webhook", "pause", "nothing"], "[ID]"),
        (["events", "--after", "tomorrow"], "[--after]"),
        (["undelivered", "--again", "nothing"], "[ID 1]"),
        (["undelivered", "--all-again"], "[--contact-point]"),
    ],
)
def test_a_field_of_the_interface_is_told_as_the_option(
    settings: dict[str, str], command: list[str], word: str
) -> None:
    done = run(settings, *command)
    assert (done.returncode, word in done.stderr) == (2, True), done.stderr


def test_a_hold_is_told_its_last_day_and_a_receiver_who_alone_may_say_it(settings: dict[str, str]) -> None:
    reference = parsed(run(settings, "refer", *CASE, "--for", "child", "--json"))["referral"]["reference"]
    assert run(settings, "handoff", reference, "accept", "--as", "example-shelter").returncode == 0
    hold = ["hold", "--reason", "awaiting-person", "--as", "example-shelter", "--review"]
    late = run(settings, "handoff", reference, *hold, "2026-06-02")
    assert (late.returncode, "2026-06-01 at the latest" in late.stderr) == (2, True), late.stderr
    assert run(settings, "handoff", reference, *hold, "2026-06-01").returncode == 0
    for theirs in (["split", reference, "--service", "advice"], ["childs-view", reference, "wants-it"]):
        done = run(settings, *theirs, "--as", "example-shelter")
        assert (done.returncode, "Only its sender may say this" in done.stderr) == (3, True), done.stderr
        assert run(settings, *theirs, "--as", "example-police").returncode == 2, "what one does not see is not there"


def test_one_is_told_as_one(settings: dict[str, str], tmp_path: Path) -> None:
    assert run(settings, "export", str(tmp_path / "all")).returncode == 0
    one = tmp_path / "one"
    one.mkdir()
    head, first, *others = (tmp_path / "all" / "organizations.csv").read_text().splitlines(keepends=True)
    (one / "organizations.csv").write_text(head + first)
    done = " ".join(run(settings, "import", str(one)).stdout.split())
    assert "1 row read;" in done
    assert f"and staying: {len(others)} stored rows of organizations." in done
    (one / "organizations.csv").write_text(head + "".join(others))
    done = " ".join(run(settings, "import", str(one)).stdout.split())
    assert f"{len(others)} rows read;" in done
    assert "and staying: 1 stored row of organizations." in done


def test_who_wants_a_language_that_nothing_is_written_in_is_warned(settings: dict[str, str]) -> None:
    columns = ["contact_point=line-desk", "role=primary", "message_language=cy", "--new", "--as", "example-line"]
    done = run(settings, "edit", "holders", "line-first", *columns)
    assert (done.returncode, "warning: holders line-first, message_language: no mess" in done.stdout) == (0, True), done


def test_a_program_is_told_of_events_and_its_secret_is_shown_once(settings: dict[str, str]) -> None:
    own = ("--as", "example-unit")
    made = parsed(run(settings, "webhook", "add", "https://hooks.example.org/token", *own, "--json"))
    assert made["secret"].startswith("whsec_")
    listed = run(settings, "webhook", "list", *own)
    assert (listed.returncode, made["key"] in listed.stdout) == (0, True)
    assert "token" not in listed.stdout
    assert "whsec" not in listed.stdout
    assert f"up to {made['cursor']}, the last" in listed.stdout
    run(settings, "webhook", "pause", made["key"], *own)
    for many in ("1 event behind", "2 events behind"):
        assert run(settings, "refer", *CASE).returncode == 0
        assert f"up to {made['cursor']}, {many}" in " ".join(run(settings, "webhook", "list", *own).stdout.split())
    assert run(settings, "webhook", "list", "--as", "example-shelter").stdout == "There is no webhook.\n"
    for act in (["pause"], ["resume"], ["test"], ["replay", "--since", "2026-03-01"], ["rotate"]):
        done = run(settings, "webhook", act[0], made["key"], *act[1:], *own, "--json")
        assert parsed(done)["key"] == made["key"]
    assert run(settings, "webhook", "end", made["key"], *own).returncode == 0
    assert run(settings, "webhook", "end", made["key"], *own).returncode == 2


def test_what_happened_is_read_on_from_where_one_was(settings: dict[str, str]) -> None:
    start = parsed(run(settings, "events", "--as", "example-unit", "--json"))["pageInfo"]["endCursor"]
    run(settings, "refer", *CASE)
    shown = run(settings, "events", "--after", start, "--as", "example-unit").stdout
    assert "referral.sent" in shown
    assert "Go on with: relaypoint events --after feed:" in shown
    assert parsed(run(settings, "events", "--after", start, "--as", "example-police", "--json"))["edges"] == []


def test_what_could_not_be_delivered_is_listed_and_noted_as_told(settings: dict[str, str]) -> None:
    sent = parsed(run(settings, "refer", *CASE, "--to", "shelter-night-desk", "--json"))
    reference = sent["referral"]["reference"]
    assert run(settings, "undelivered").returncode == 0
    assert run(settings, "notify").returncode == 1
    own = ("--as", "example-shelter")
    shown = run(settings, "undelivered", *own)
    assert (shown.returncode, "needs a person" in " ".join(shown.stdout.split())) == (1, True), shown.stdout
    (letter,) = parsed(run(settings, "undelivered", *own, "--json"))
    assert run(settings, "undelivered", "--again", letter["reference"], *own).returncode == 0
    assert run(settings, "notify").returncode == 1
    assert "Nobody there has been told" in run(settings, "handoff", reference, "--as", "example-unit").stdout
    noted = run(settings, "undelivered", "--told", letter["key"], *own)
    assert (noted.returncode, "No message is undelivered" in noted.stdout) == (0, True), noted.stderr
    assert "Nobody there has been told" not in run(settings, "handoff", reference, "--as", "example-unit").stdout
    assert run(settings, "bounces", "/nowhere").returncode == 2


def test_a_case_that_nobody_has_is_not_forgotten_once_it_was_seen(settings: dict[str, str]) -> None:
    sent = parsed(run(settings, "refer", *CASE, "--json"))["referral"]
    reference, step = sent["reference"], sent["handoffs"][0]["id"]
    assert (
        run(settings, "handoff", reference, "reject", "--reason", "no-capacity", "--as", "example-shelter").returncode
        == 0
    )
    seen = run(settings, "handoff", reference, "seen", "--as", "example-unit")
    told = " ".join(seen.stdout.split())
    assert (seen.returncode, f"relaypoint handoff {step} resend --to" in told) == (0, True), told
    assert "Nobody has this case now." in told
    assert "Nobody has" not in run(settings, "handoff", reference, "--as", "example-shelter").stdout


def test_a_case_whose_person_was_found_is_in_its_senders_lists_until_somebody_has_it(settings: dict[str, str]) -> None:
    reference = parsed(run(settings, "refer", *CASE, "--json"))["referral"]["reference"]
    own, theirs = ("--as", "example-unit"), ("--as", "example-shelter")
    moves = (("accept", *theirs), ("expect", "--by", "2026-03-03T11:00Z", *own), ("not-arrived", *theirs))
    for verb in (*moves, ("fail", "--reason", "unreachable", *theirs)):
        assert run(settings, "handoff", reference, *verb).returncode == 0
    found = " ".join(run(settings, "handoff", reference, "seen", "--result", "found", *own).stdout.split())
    assert all(each in found for each in ("Nobody has this case now.", "resend --to", "no longer needed:"))
    (stalled,) = parsed(run(settings, "stalled", *own, "--json"))
    assert stalled["reason"] == "failed"
    assert reference in run(settings, "referrals", "--open", *own).stdout
    assert run(settings, "handoff", reference, "seen", *own).returncode == 0
    assert reference not in run(settings, "referrals", "--open", *own).stdout
    assert run(settings, "stalled", *own).stdout.startswith("Nothing has stalled")


def test_nobody_is_told_that_nobody_has_a_case_that_somebody_has(settings: dict[str, str]) -> None:
    reference = parsed(run(settings, "refer", *CASE, "--json"))["referral"]["reference"]
    own, theirs = ("--as", "example-unit"), ("--as", "example-shelter")
    assert "Nobody has this case" not in run(settings, "handoff", reference, *own).stdout
    assert run(settings, "handoff", reference, "accept", *theirs).returncode == 0
    told = run(settings, "handoff", reference, "expect", "--by", "2026-03-03T11:00Z", *own)
    assert (told.returncode, "Nobody has this case" in told.stdout) == (0, False)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("found", "Did you mean seen --result found?"),
        ("served", "Did you mean complete --reason served?"),
        ("accepted", "Did you mean phoned --result accepted?"),
        ("reject", "rejected needs a coded reason. ["),
        ("answer", "answer needs one of its codes. ["),
    ],
)
def test_who_lacks_a_word_is_told_which(settings: dict[str, str], typed: str, said: str) -> None:
    reference = parsed(run(settings, "refer", *CASE, "--json"))["referral"]["reference"]
    done = run(settings, "handoff", reference, typed)
    assert (done.returncode, said in " ".join(done.stderr.split())) == (2, True), done.stderr


def test_a_call_that_nobody_answered_is_on_record_and_stops_no_clock(settings: dict[str, str]) -> None:
    reference = parsed(run(settings, "refer", *CASE, "--json"))["referral"]["reference"]
    own = ("--as", "example-unit")
    before = parsed(run(settings, "handoff", reference, *own, "--json"))["handoff"]
    done = run(settings, "handoff", reference, "phoned", "--result", "no-answer", *own, "--json")
    after = parsed(done)["handoff"]
    assert (after["phoned"], after["acknowledgeBy"]) == (None, before["acknowledgeBy"])
    told = " ".join(run(settings, "referral", reference, *own).stdout.split())
    assert "nobody answered the phone" in told


def test_its_sender_is_told_what_is_left_once_it_said_what_became_of_the_person(settings: dict[str, str]) -> None:
    reference = parsed(run(settings, "refer", *CASE, "--json"))["referral"]["reference"]
    own, theirs = ("--as", "example-unit"), ("--as", "example-shelter")
    for verb in (("accept", *theirs), ("expect", "--by", "2026-03-03T11:00Z", *own), ("not-arrived", *theirs)):
        assert run(settings, "handoff", reference, *verb).returncode == 0
    left = {
        "found": "expect --by TIME",
        "reported-missing": "seen --result found",
        "no-longer-sought": "cancel --reason",
    }
    for word, command in left.items():
        told = " ".join(run(settings, "handoff", reference, "seen", "--result", word, *own).stdout.split())
        assert f"no more: {word}" in told
        assert "The desk still has the case." in told
        assert command in told
    there = run(settings, "handoff", reference, *theirs).stdout
    assert ("no-longer-sought" in there, "The desk still has" in there) == (True, False)
