"""What find advises beyond the ranking: gateways, successors, whom to ask, why one comes after another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relaypoint.domain.answer import Finding
from relaypoint.domain.finding import find
from relaypoint.domain.model import Body, Ground, Named, Organization
from relaypoint.domain.words import Access
from relaypoint.tests.cases import NOON, body, codes, desk, ground, need, order, pathway, service

GONE = {
    "ended": {"until": "2026-11-23"},
    "not yet there": {"since": "2026-11-24"},
    "suspended": {"status": "suspended"},
}


def through(gateway: Organization) -> Ground:
    ways = (pathway("one", "asker", gateway), pathway("two", gateway.id, "end"))
    return ground(service("help", body("end")), access=Access.PATHWAY, pathways=ways)


@pytest.mark.parametrize("change", GONE.values(), ids=GONE)
def test_no_gateway_is_shown_that_is_not_there(change: dict[str, Any]) -> None:
    assert order(find(through(body("gate")), need(), NOON)) == ["help"]
    assert codes(find(through(body("gate", **change)), need(), NOON)) == {"help": ["no-pathway"]}


def asked(found: Finding) -> str:
    (out,) = found.excluded
    return str(out.reasons[-1].relax)


@pytest.mark.parametrize("change", GONE.values(), ids=GONE)
def test_nobody_is_asked_to_refer_who_is_not_there(change: dict[str, Any]) -> None:
    for start, named in ((body("other"), True), (body("other", **change), False)):
        ways = (pathway("way", None, "end", from_organization=start),)
        found = find(ground(service("help", body("end")), access=Access.PATHWAY, pathways=ways), need(), NOON)
        assert ("Body other" in asked(found)) == named


@pytest.mark.parametrize(
    ("start", "avoid"),
    [
        (
            {"from_organization": body("unit", "government", Body("force", "police"))},
            ["unit", "force", "police"],
        ),
        ({"from_kind": "police"}, ["police"]),
    ],
)
def test_nobody_is_asked_to_refer_whom_the_case_avoids(start: dict[str, Any], avoid: list[str]) -> None:
    around = ground(
        service("help", body("end")), access=Access.PATHWAY, pathways=(pathway("way", None, "end", **start),)
    )
    assert "Ask somebody who may refer" in asked(find(around, need(), NOON))
    for entry in avoid:
        assert "Ask somebody who may refer" not in asked(find(around, need(avoid=[entry]), NOON)), entry


def test_no_successor_is_named_that_is_avoided_or_not_there() -> None:
    def advice(avoid: list[str], **change: Any) -> str:
        heir = body("heir", "police", **change)
        offer = service("help", body("old", until="2026-01-01", replaced_by=(heir,)))
        return asked(find(ground(offer), need(avoid=avoid), NOON))

    assert "Body heir" in advice([])
    assert "heir" not in advice(["heir"]) + advice(["police"])
    assert all("heir" not in advice([], **change) for change in GONE.values())


def test_a_suspended_asker_is_answered_and_told() -> None:
    found = find(ground(service(), asker=body("asker", status="suspended")), need(), NOON)
    assert order(found) == ["help"]
    assert "suspended" in found.notes[0]
    assert find(ground(service()), need(), NOON).notes == ()


def test_the_nearest_miss_is_in_the_place_and_not_avoided() -> None:
    here = service("here", None, desk("here-desk", until="2020-01-01"), until="2020-01-01")
    away = service("away", areas=frozenset({"AQ-SOUTH"}))
    found = find(ground(service("bad"), away, here), need(avoid=["bad-org"]), NOON)
    assert list(codes(found)) == ["here", "away", "bad"]


@pytest.mark.parametrize(
    ("places", "text"),
    [
        (("South",), "It fits if the person can get to: South."),
        (tuple("ABCDE"), "It fits if the person can get to: A, B, C and 2 more."),
    ],
)
def test_a_service_elsewhere_says_where(places: tuple[str, ...], text: str) -> None:
    named = tuple(Named(f"AQ-{name}", name) for name in places)
    found = find(ground(service(areas=frozenset({"AQ-SOUTH"}), places=named)), need(), NOON)
    assert asked(found) == text


def test_each_candidate_says_why_it_comes_after_the_one_before() -> None:
    speaks = service("speaks", languages=("vi",))
    asks = service("asks", interpretation="yes")
    twin = service("asks-too", interpretation="yes")
    found = find(ground(asks, twin, speaks), need(languages=("vi",)), NOON)
    assert order(found) == ["speaks", "asks", "asks-too"]
    first, second, third = (candidate.behind for candidate in found.candidates)
    assert first is None
    assert second == "after Body speaks-org by language: through interpretation; there: speaks Vietnamese"
    assert third == "equal to Body asks-org in every criterion: either will do"


def test_a_country_pairs_no_service_with_a_desk_for_elsewhere() -> None:
    north, south = desk("north", areas=frozenset({"AQ-TOWN"})), desk("south", areas=frozenset({"AQ-SOUTH"}))
    everywhere = desk("everywhere", areas=frozenset({"AQ"}))
    help = service("help", None, north, south, everywhere, areas=frozenset({"AQ-NORTH"}))
    country = ground(
        help,
        areas=ground().areas[2:],
        inside=frozenset({"AQ-NORTH", "AQ-SOUTH", "AQ-TOWN"}),
        within={
            "AQ-NORTH": frozenset({"AQ"}),
            "AQ-SOUTH": frozenset({"AQ"}),
            "AQ-TOWN": frozenset({"AQ-NORTH", "AQ"}),
        },
    )
    found = find(country, need(place="AQ"), NOON)
    assert sorted(c.contact_point.id for c in found.candidates) == ["everywhere", "north"]
    (out,) = find(replace(country, services=(replace(help, contact_points=(south,)),)), need(place="AQ"), NOON).excluded
    assert [reason.code for reason in out.reasons] == ["place"]


def test_what_is_accessible_is_open_to_everyone() -> None:
    accessible, plain = service("a", serves=("accessible",)), service("b")
    for tags, first, confirm in (((), 0, ()), (("accessible",), 0, ("whether it is accessible: it does not say",))):
        found = find(ground(accessible, plain), need(tags=tags), NOON)
        assert order(found) == ["a", "b"]
        values = [next(c.value for c in each.criteria if c.name == "fit") for each in found.candidates]
        assert values[0] == first
        assert found.candidates[0].confirm == ()
        assert found.candidates[1].confirm == confirm


def test_the_language_of_the_desk_counts_as_the_services() -> None:
    speaks = desk("help-desk", languages=("vi",))
    for offered, fits in ((desk("help-desk"), False), (speaks, True)):
        help = service("help", None, offered, languages=("en",), interpretation="no")
        assert bool(order(find(ground(help), need(languages=("vi",)), NOON))) == fits


def test_ones_own_organization_is_remarked() -> None:
    found = find(ground(service("help", body("asker"))), need(), NOON)
    assert found.candidates[0].notes == ("this is your own organization",)
