"""What the sealed fields of a stored case decide: whom it must not reach, where it is, who else could take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from relaypoint.domain.answer import Need
from relaypoint.domain.avoid import EVERYBODY, Avoid
from relaypoint.domain.eligibility import is_child
from relaypoint.domain.errors import Unavailable
from relaypoint.domain.words import Confidentiality, Priority
from relaypoint.graph import Row
from relaypoint.resolvers.backend import Backend


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's informed consent that ``organization`` learns of them for ``service_type``: given and withdrawn on a
    day (ISO); ``given_on`` None: never, the body had the case without. Each body's own legal basis stands apart from
    it."""

    organization: str
    service_type: str
    given_on: str | None
    withdrawn_on: str | None = None

    def covers(self, organization: str, service_type: str) -> bool:
        return (self.organization, self.service_type, self.withdrawn_on) == (organization, service_type, None)


@dataclass(frozen=True, slots=True)
class StoredCase:
    """``candidates`` are the contact points that could take it when it was sent, the best first. ``agreed_types`` are
    the service types that an adult agrees to; None where it was not said."""

    avoid: Avoid
    place: str | None = None
    candidates: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    consent: bool = False
    consents: tuple[Consent, ...] = ()
    agreed_types: Sequence[str] | None = None

    def agreed_to(self, organization: str, service_type: str) -> bool:
        """Whether the person may be made known there: an informed consent is recorded that was not withdrawn, or a
        child is to be protected, which needs none."""
        return is_child(self.tags) or any(each.covers(organization, service_type) for each in self.consents)

    def withdrawn_from(self, organization: str, service_type: str) -> bool:
        """Whether the person took back that they may be made known there; then nothing new goes there."""
        return not self.agreed_to(organization, service_type) and any(
            (each.organization, each.service_type) == (organization, service_type) for each in self.consents
        )

    def may_move_to(self, organization: str, service_type: str, present: str) -> bool:
        """Whether consent lets a case that lies with the body ``present`` go to a desk of ``organization``: within one
        body it does, unless the person took it back."""
        if organization == present and not self.withdrawn_from(organization, service_type):
            return True
        return self.agreed_to(organization, service_type)

    def need(self, row: Row, asker: str) -> Need | None:
        """What to look for again on behalf of ``asker``; None where the case can't be read any more. ``row`` has
        ``referral`` and ``service_type`` as stored."""
        if self.place is None:
            return None
        return Need(
            asker=asker,
            service=row["service_type"],
            place=self.place,
            languages=self.languages,
            priority=Priority(row["referral"]["priority"]),
            confidentiality=Confidentiality(row["referral"]["confidentiality"]),
            tags=self.tags,
            avoid=self.avoid,
            consent=None if self.agreed_types is None else frozenset(self.agreed_types),
        )


def languages_of(fields: Mapping[str, Any]) -> list[str]:
    """A case that was sealed by an earlier version has one language, or none."""
    return list(fields["languages"]) if "languages" in fields else [each for each in (fields.get("language"),) if each]


def agreed_types_of(fields: Mapping[str, Any]) -> list[str] | None:
    """The service types that the adult agreed to when the case was sent, and those that a consent is in force for
    since; None where it was not said."""
    if fields.get("agreed_types") is None:
        return None
    since = {each["service_type"] for each in fields.get("consents", ()) if not each.get("withdrawn_on")}
    return sorted({*fields["agreed_types"], *since})


def stored_case(backend: Backend, sealed_key: str | None, sealed: str) -> StoredCase:
    """Where it can't be read any more, nobody may be reached: one lost key neither leaks nor stops the others."""
    if sealed_key is None:
        return StoredCase(EVERYBODY)
    try:
        fields = backend.vault.unseal(sealed_key, sealed)
    except Unavailable:
        return StoredCase(EVERYBODY)
    return StoredCase(
        Avoid.of(fields["avoid"]),
        fields["place"],
        tuple(fields["candidates"]),
        tuple(languages_of(fields)),
        tuple(fields.get("tags", ())),
        fields.get("consent", False),
        tuple(Consent(**each) for each in fields.get("consents", ())),
        agreed_types_of(fields),
    )


def viewed(backend: Backend, row: Row, view: str) -> str | None:
    """The sealed case with what the child wants, as of today; None where it is not a child's."""
    fields = backend.vault.unseal(row["sealed_key"], row["sealed"])
    if not is_child(fields.get("tags", ())):
        return None
    said = {"code": view, "recorded_on": backend.now()[:10]}
    return backend.vault.seal(row["sealed_key"], {**fields, "childs_view": said})


def consented(backend: Backend, row: Row, organization: str) -> str:
    """The sealed case with a consent that this organization learns of the person, given today; the person's earlier
    ones stay. ``row`` has ``sealed_key``, ``sealed`` and ``service_type`` as stored."""
    fields, kept = _consents(backend, row, organization)
    present = [Consent(**each) for each in fields.get("consents", ())]
    given = next((each for each in present if each not in kept), None)  # The day on which it was given stays.
    given = given or Consent(organization, row["service_type"], backend.now()[:10])
    return backend.vault.seal(row["sealed_key"], {**fields, "consents": [*map(asdict, kept), asdict(given)]})


def withdrawn(backend: Backend, row: Row, organization: str) -> str | None:
    """The sealed case with that consent withdrawn today; None where none is in force."""
    fields, kept = _consents(backend, row, organization)
    present = [Consent(**each) for each in fields.get("consents", ())]
    ended = [replace(each, withdrawn_on=backend.now()[:10]) for each in present if each not in kept]
    if not ended:
        return None
    return backend.vault.seal(row["sealed_key"], {**fields, "consents": [*map(asdict, (*kept, *ended))]})


def refused(backend: Backend, row: Row, organization: str) -> str:
    """The sealed case with the person's word, today, that this organization, which they did not agree to, is not to
    learn of them, or no more."""
    fields, kept = _consents(backend, row, organization)
    today = Consent(organization, row["service_type"], None, backend.now()[:10])
    return backend.vault.seal(row["sealed_key"], {**fields, "consents": [*map(asdict, kept), asdict(today)]})


def _consents(backend: Backend, row: Row, organization: str) -> tuple[dict[str, Any], list[Consent]]:
    """The case, and those of its consents that are not the one in force for this organization and service."""
    fields = backend.vault.unseal(row["sealed_key"], row["sealed"])
    present = [Consent(**each) for each in fields.get("consents", ())]
    return fields, [each for each in present if not each.covers(organization, row["service_type"])]
