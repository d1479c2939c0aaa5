"""Nothing acts or is read without a declared policy."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType, introspection_from_schema, is_introspection_type

import relaypoint.resolvers
from relaypoint.domain.errors import NotFound
from relaypoint.domain.policy import ANONYMOUS, OPERATOR, POLICY, Action, Kind, NotSignedIn, Subject, require
from relaypoint.schema import sdl
from relaypoint.schema.operational import schema
from relaypoint.schema.permissions import Guard, declared
from relaypoint.tests.helpers import member

#: Public coroutines that serve use cases and are none: they act for a subject whose right was asked before.
HELPERS = {
    "open_handoffs.known_steps",
    "open_handoffs.open_steps",
    "announcing.promises",
    "api_keys.bearer",
    "answering.agreeing",
    "answering.taken_back",
    "acting.acting",
    "arriving.search_over",
    "claiming.claiming",
    "contingency_effect.effect_of",
    "erasing.erasing",
    "erasing.erasing_answered",
    "erasing.erasing_over",
    "erasing.steps_of_body",
    "faces.with_faces",
    "browsers.reached",
    "feed.place",
    "feed.position_at",
    "finding.present_view",
    "keys.has_key",
    "keys.prove_key",
    "known.read_whole",
    "known.roster_at",
    "known.rows_on",
    "leases.take_lease",
    "leaving.work_left",
    "needs.checked",
    "open_handoffs.open_handoffs",
    "open_work.left_behind",
    "open_work.left_open",
    "open_work.open_work",
    "proposals.proposal",
    "references.by_reference",
    "sending.answering_desk",
    "sending.own_desks",
    "referrals.own_referral",
    "referrals.shown_referral",
    "referrals.shown_referrals",
    "roster_edit.carried_out",
    "roster_edit.decided",
    "roster_edit.held",
    "roster_write.roster_steps",
    "stalled.silent",
    "step_rows.step_of",
    "typed.contact_point_named",
    "typed.organization_named",
    "typed.place_named",
    "typed.service_type_named",
    "typed.task_force_named",
    "unknown.unknown",
    "undelivered.letters",
    "undelivered.undelivered_by_desk",
    "webhooks.paused_webhooks",
    "unmet.note_unmet",
    "unmet.unmet_needs",
    "wanted.wanted_of",
    "writing.earlier",
    "writing.forget_operations",
    "writing.write_once",
}


def use_cases() -> Iterator[tuple[str, Any]]:
    for found in pkgutil.iter_modules(relaypoint.resolvers.__path__):
        module = importlib.import_module(f"relaypoint.resolvers.{found.name}")
        for name, function in vars(module).items():
            own = getattr(function, "__module__", "") == module.__name__
            if own and inspect.iscoroutinefunction(function) and not name.startswith("_"):
                yield f"{found.name}.{name}", function


def test_every_use_case_takes_the_subject_first_and_declares_its_action() -> None:
    found = dict(use_cases())
    assert len(found) > 15
    assert found.keys() >= HELPERS
    for name, function in found.items():
        if name not in HELPERS:
            assert list(inspect.signature(function).parameters)[:2] == ["subject", "backend"], name
            assert function.action in POLICY, name


def test_every_action_is_in_the_table() -> None:
    assert set(POLICY) == set(Action)


@pytest.mark.parametrize("action", list(Action))
def test_what_a_kind_may_start(action: Action) -> None:
    for subject in (ANONYMOUS, member("some-body"), OPERATOR):
        if subject.kind in POLICY[action]:
            require(subject, action)
        else:
            with pytest.raises((NotFound, NotSignedIn)) as refused:
                require(subject, action)
            assert refused.value.code == "NOT_FOUND"


def object_types() -> list[GraphQLObjectType]:
    types = schema._schema.type_map.values()
    return [each for each in types if isinstance(each, GraphQLObjectType) and not is_introspection_type(each)]


def test_every_graphql_field_has_a_declared_policy() -> None:
    fields = [(each, name) for each in object_types() for name in each.fields]
    assert len(fields) > 150
    assert [f"{each.name}.{name}" for each, name in fields if declared(each, name) is None] == []


def test_everything_in_the_schema_is_described() -> None:
    missing = []
    for each in schema._schema.type_map.values():
        if is_introspection_type(each):
            continue
        if not each.description:
            missing.append(each.name)
        fields: dict[str, Any] = getattr(each, "fields", {})
        for name, field in fields.items():
            if not field.description:
                missing.append(f"{each.name}.{name}")
            arguments: dict[str, Any] = getattr(field, "args", {})
            missing += [f"{each.name}.{name}({given})" for given, of in arguments.items() if not of.description]
    assert missing == []


def test_what_a_mutation_can_answer_is_told_by_introspection() -> None:
    introspected = introspection_from_schema(schema._schema)
    unions = {
        each["name"]: {member["name"] for member in each["possibleTypes"]}
        for each in introspected["__schema"]["types"]
        if each["kind"] == "UNION"
    }
    problems = {"InvalidInput", "NotFound", "Conflict", "Unavailable"}
    assert unions == {
        "ReferResult": {"ReferralSent", "NoChannel", *problems},
        "MoveResult": {"HandoffMoved", "NoChannel", *problems},
        "ConsentResult": {"ConsentRecorded", "NoChannel", *problems},
        "ShiftResult": {"ShiftHandedOver", "NoChannel", *problems},
        "ReferManyResult": {"ReferralsSent", "NoChannel", *problems},
        "PassResult": {"HandoffPassed", "NoChannel", *problems},
        "ImportResult": {"RosterImport", *problems},
        "EndResult": {"Ended", *problems},
        "EditResult": {"RosterEdit", *problems},
        "AcknowledgeResult": {"GuidanceReader", *problems},
        "JointRequestResult": {"JointRequest", *problems},
        "ProposalResult": {"Proposal", *problems},
        "RoundResult": {"RoundStarted", *problems},
        "RoundCloseResult": {"Round", *problems},
        "AnswerResult": {"Asked", *problems},
        "TestResult": {"RoundAsk", *problems},
        "BrowserResult": {"Browser", *problems},
        "WebhookResult": {"Webhook", *problems},
        "WebhookEndResult": {"WebhookEnded", *problems},
        "ApiKeyResult": {"ApiKey", *problems},
        "ApiKeyEndResult": {"ApiKeyEnded", *problems},
        "MessagesResult": {"MessagesSettled", *problems},
        "StatusResult": {"OperationalStatus", *problems},
        "ContingencyResult": {"ContingencyChange", *problems},
    }


async def test_a_field_that_nobody_declared_is_denied_to_everybody() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def secret(self) -> str:
            return "leaked"

    bare = strawberry.Schema(query=Query, extensions=[Guard])

    class Context:
        subject = Subject(Kind.OPERATOR)

    result = await bare.execute("{ secret }", context_value=Context())
    assert result.data is None
    assert result.errors is not None
    assert "no declared policy" in str(result.errors[0].original_error)


def test_the_committed_sdl_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert sdl.main(["--check"]) == 0, capsys.readouterr().out
