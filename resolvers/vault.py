"""Each case's readable fields, sealed under a key of its own. To erase a case is to destroy its key.

The keys themselves lie in the store, wrapped under the installation's key, which never enters the store: neither a
copy of the store nor of its backups can be read without it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from relaypoint.domain.errors import Unavailable


class Vault:
    """``installation_key`` is a Fernet key: 32 random bytes as URL-safe base64."""

    def __init__(self, installation_key: bytes) -> None:
        self._wrap = Fernet(installation_key)
        self._fingerprints = hashlib.sha256(b"fingerprints\n" + installation_key).digest()

    @staticmethod
    def new_installation_key() -> bytes:
        return Fernet.generate_key()

    def new_case_key(self) -> str:
        """A fresh key, wrapped for the store."""
        return self._wrap.encrypt(Fernet.generate_key()).decode()

    def fingerprint(self, text: str) -> str:
        """Tells two texts apart without giving either away to whoever lacks the installation's key."""
        return hmac.new(self._fingerprints, text.encode(), hashlib.sha256).hexdigest()

    def seal(self, case_key: str, fields: dict[str, Any]) -> str:
        return self._open(case_key).encrypt(json.dumps(fields, ensure_ascii=False).encode()).decode()

    def unseal(self, case_key: str, sealed: str) -> dict[str, Any]:
        """Raises ``Unavailable`` where the installation's key is another one than the case was sealed with."""
        try:
            fields: dict[str, Any] = json.loads(self._open(case_key).decrypt(sealed.encode()))
        except InvalidToken as error:
            raise _wrong_key() from error
        return fields

    def _open(self, case_key: str) -> Fernet:
        try:
            return Fernet(self._wrap.decrypt(case_key.encode()))
        except InvalidToken as error:
            raise _wrong_key() from error


def _wrong_key() -> Unavailable:
    return Unavailable(
        "vault.key",
        "The installation's key is not the one that this case was sealed with.",
        remedy="Point RELAYPOINT_KEY_FILE at the key file that belongs to this store.",
    )
