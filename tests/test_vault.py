"""Each case sealed under a key of its own, which lies in the store wrapped under the installation's."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode

import pytest
from cryptography.fernet import Fernet

from relaypoint.domain.errors import Unavailable
from relaypoint.resolvers import vault as vault_module
from relaypoint.resolvers.vault import Vault

FIELDS = {"place": "GB-X-NORTH", "avoid": ["example-authority"], "tags": ["child", "Ω"]}


def made() -> tuple[bytes, Vault]:
    key = Vault.new_installation_key()
    return key, Vault(key)


def test_a_case_is_read_with_its_key_and_tells_nothing_without() -> None:
    key, vault = made()
    case_key = vault.new_case_key()
    sealed = vault.seal(case_key, FIELDS)
    assert Vault(key).unseal(case_key, sealed) == FIELDS
    assert "GB-X" not in sealed
    # The same fields under the same key are never sealed alike, so that nobody sees that nothing changed.
    assert vault.seal(case_key, FIELDS) != sealed


@pytest.mark.parametrize("other", ["installation", "case", "swapped", "cut", "changed", "nothing", "no letters of it"])
def test_what_is_not_what_was_sealed_is_refused_by_one_error(other: str) -> None:
    _, vault = made()
    case_key = vault.new_case_key()
    sealed = vault.seal(case_key, FIELDS)
    middle = len(sealed) // 2
    changed = sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :]
    reader, key, text = {
        "installation": (made()[1], case_key, sealed),
        "case": (vault, vault.new_case_key(), sealed),
        "swapped": (vault, case_key, case_key),  # Sealed by this vault, for another use.
        "cut": (vault, case_key, sealed[:-8]),
        "changed": (vault, case_key, changed),
        "nothing": (vault, case_key, ""),
        "no letters of it": (vault, case_key, "2.Ω"),
    }[other]
    with pytest.raises(Unavailable) as raised:
        reader.unseal(key, text)
    assert raised.value.message_id == "vault.key"
    assert "GB-X" not in str(raised.value)


def test_what_was_sealed_for_one_use_is_good_for_no_other() -> None:
    key, vault = made()
    passed_off = vault_module._seal(urlsafe_b64decode(key), bytes(32), vault_module._CASE)
    with pytest.raises(Unavailable):
        vault.seal(passed_off, FIELDS)


def test_what_an_earlier_version_sealed_is_read_and_sealed_anew() -> None:
    key, vault = made()
    own = Fernet.generate_key()
    case_key = Fernet(key).encrypt(own).decode()
    sealed = Fernet(own).encrypt(json.dumps(FIELDS).encode()).decode()
    assert vault.unseal(case_key, sealed) == FIELDS
    anew = vault.seal(case_key, {**FIELDS, "tags": []})
    assert vault.unseal(case_key, anew) == {**FIELDS, "tags": []}


@pytest.mark.parametrize("key", [b"", b"short", b"x" * 44])
def test_what_is_no_installation_key_is_told_at_once(key: bytes) -> None:
    with pytest.raises(ValueError, match=r"32 bytes|padding|base64"):
        Vault(key)


def test_a_token_is_for_one_purpose_under_one_key() -> None:
    key = Vault.new_installation_key()
    vault, again, other = Vault(key), Vault(key), Vault(Vault.new_installation_key())
    token = vault.token("receipt", "23456-ABCDE")
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert token == again.token("receipt", "23456-ABCDE")
    told_apart = {
        token,
        other.token("receipt", "23456-ABCDE"),
        vault.token("receipts", "23456-ABCDE"),
        vault.token("receipt", "23456-ABCDF"),
        vault.token("", "receipt\n23456-ABCDE"),
        vault.fingerprint("receipt\n23456-ABCDE")[:32],
    }
    assert len(told_apart) == 6
    assert vault.is_token(token, "receipt", "23456-ABCDE")
    assert not other.is_token(token, "receipt", "23456-ABCDE")
    assert not vault.is_token(token[:-1], "receipt", "23456-ABCDE")
    assert not vault.is_token("é", "receipt", "23456-ABCDE")
