"""Each case's readable fields, sealed under a key of its own. To erase a case is to destroy its key.

The keys themselves lie in the store, wrapped under the installation's key, which never enters the store: neither a
copy of the store nor of its backups can be read without it. Both are sealed by AES-256-GCM, each time under a fresh
nonce, and for one use: a wrapped key can't be passed off as a case.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import a2b_base64
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from relaypoint.domain.errors import Unavailable

#: What is sealed begins so; what an earlier version sealed is a Fernet token, which never does.
_SEALED: Final = "2."
#: Of AES-256-GCM, in bytes.
_KEY_SIZE: Final = 32
_NONCE_SIZE: Final = 12
#: Of a token, in bytes.
_TOKEN_SIZE: Final = 16
#: What the key is derived for that tokens are made with.
_TOKENS: Final = b"relaypoint tokens"
#: What a thing is sealed for.
_CASE_KEY: Final = b"relaypoint case key"
_CASE: Final = b"relaypoint case"
_SETTING: Final = b"relaypoint setting"


class Vault:
    """``installation_key`` is 32 random bytes as URL-safe base64. Raises ``ValueError`` for anything else."""

    def __init__(self, installation_key: bytes) -> None:
        self._wrap = urlsafe_b64decode(installation_key)
        if len(self._wrap) != _KEY_SIZE:
            raise ValueError("The installation's key is not 32 bytes as URL-safe base64.")
        self._fingerprints = hashlib.sha256(b"fingerprints\n" + installation_key).digest()
        self._tokens = HKDF(hashes.SHA256(), _KEY_SIZE, salt=None, info=_TOKENS).derive(self._wrap)

    @staticmethod
    def new_installation_key() -> bytes:
        return urlsafe_b64encode(os.urandom(_KEY_SIZE))

    def new_case_key(self) -> str:
        """A fresh key, wrapped for the store."""
        return _seal(self._wrap, os.urandom(_KEY_SIZE), _CASE_KEY)

    def fingerprint(self, text: str) -> str:
        """Tells two texts apart without giving either away to whoever lacks the installation's key."""
        return hmac.new(self._fingerprints, text.encode(), hashlib.sha256).hexdigest()

    def token(self, purpose: str, about: str) -> str:
        """What only whoever was sent it can know: 32 hexadecimal digits, the same each time, so that nothing of it has
        to be kept. ``purpose`` is one line: what it is for, and good for nothing else."""
        given = hmac.new(self._tokens, f"{purpose}\n{about}".encode(), hashlib.sha256)
        return given.digest()[:_TOKEN_SIZE].hex()

    def number(self, purpose: str) -> int:
        """A secret number of 256 bits for one purpose, the same each time: a private key that is kept nowhere."""
        return int.from_bytes(hmac.new(self._tokens, f"{purpose}\n".encode(), hashlib.sha256).digest())

    def is_token(self, token: str, purpose: str, about: str) -> bool:
        """Whether it is that token; how much of it is right can't be measured."""
        return hmac.compare_digest(token.encode(), self.token(purpose, about).encode())

    def seal(self, case_key: str, fields: dict[str, Any]) -> str:
        return _seal(self._open(case_key), json.dumps(fields, ensure_ascii=False).encode(), _CASE)

    def unseal(self, case_key: str, sealed: str) -> dict[str, Any]:
        """Raises ``Unavailable`` where the installation's key is another one than the case was sealed with."""
        fields: dict[str, Any] = json.loads(_unseal(self._open(case_key), sealed, _CASE))
        return fields

    def seal_setting(self, fields: dict[str, Any]) -> str:
        """What an installation keeps for itself, such as whom it signs for and how, under its own key."""
        return _seal(self._wrap, json.dumps(fields, ensure_ascii=False).encode(), _SETTING)

    def unseal_setting(self, sealed: str) -> dict[str, Any]:
        """Raises ``Unavailable`` as ``unseal``."""
        fields: dict[str, Any] = json.loads(_unseal(self._wrap, sealed, _SETTING))
        return fields

    def _open(self, case_key: str) -> bytes:
        key = _unseal(self._wrap, case_key, _CASE_KEY)
        return key if len(key) == _KEY_SIZE else urlsafe_b64decode(key)  # As an earlier version wrapped it.


def _seal(key: bytes, content: bytes, use: bytes) -> str:
    nonce = os.urandom(_NONCE_SIZE)
    return _SEALED + b64encode(nonce + AESGCM(key).encrypt(nonce, content, use)).decode()


def _unseal(key: bytes, sealed: str, use: bytes) -> bytes:
    try:
        if not sealed.startswith(_SEALED):
            return Fernet(urlsafe_b64encode(key)).decrypt(sealed.encode())
        content = a2b_base64(sealed[len(_SEALED) :])
        return AESGCM(key).decrypt(content[:_NONCE_SIZE], content[_NONCE_SIZE:], use)
    except (InvalidTag, InvalidToken, ValueError) as error:
        raise Unavailable(
            "vault.key",
            "The installation's key is not the one that this case was sealed with.",
            remedy="Point RELAYPOINT_KEY_FILE at the key file that belongs to this store.",
        ) from error
