"""Settings: read once from ``RELAYPOINT_…`` variables, checked, and shown without secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import platformdirs
from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from relaypoint.domain.errors import Invalid
from relaypoint.domain.words import ChannelKind

_DATA = Path(platformdirs.user_data_dir("relaypoint"))

#: Where a server answers that is started without a choice.
SERVED: Final = "http://127.0.0.1:8000"


class Settings(BaseSettings):
    """``store`` is ``file:PATH`` or a Neo4j address. ``now`` fixes the clock of the command line."""

    model_config = SettingsConfigDict(env_prefix="RELAYPOINT_", env_ignore_empty=True, extra="ignore", frozen=True)

    store: str = f"file:{_DATA / 'store'}"
    neo4j_user: str | None = None
    neo4j_password: SecretStr | None = None
    neo4j_password_file: Path | None = None
    key_file: Path | None = None
    spool: Path = _DATA / "spool"
    mail: str | None = None
    mail_from: str | None = None
    mail_user: str | None = None
    mail_password: SecretStr | None = None
    mail_password_file: Path | None = None
    mail_ca: Path | None = None
    mail_secure: bool = False
    mail_bounces: Path | None = None
    sms: SecretStr | None = None
    sms_file: Path | None = None
    messenger: SecretStr | None = None
    messenger_file: Path | None = None
    gateway_local: bool = False
    url: str | None = None
    now: str | None = None
    dev: bool = False
    organization: str | None = None

    @property
    def folder(self) -> Path | None:
        """The embedded store's folder; None for a Neo4j address."""
        return Path(self.store.removeprefix("file:")).expanduser() if self.store.startswith("file:") else None

    @property
    def installation_key(self) -> Path:
        return self.key_file or (self.folder or _DATA) / "installation.key"

    @property
    def socket(self) -> Path | None:
        """Where a server that holds the embedded store takes this machine's commands."""
        return self.folder / "commands.sock" if self.folder else None

    @property
    def contact(self) -> str:
        """How those whose services carry messages reach whoever runs this, as a mailto or https address."""
        if self.mail_from:
            return f"mailto:{self.mail_from}"
        return self.url if self.url and self.url.startswith("https://") else "mailto:postmaster@localhost"

    def password(self) -> str | None:
        return _secret(self.neo4j_password, self.neo4j_password_file, "RELAYPOINT_NEO4J_PASSWORD_FILE")

    def mail_secret(self) -> str | None:
        return _secret(self.mail_password, self.mail_password_file, "RELAYPOINT_MAIL_PASSWORD_FILE")

    def templates(self) -> dict[ChannelKind, str]:
        """The addresses of the services that text messages and messengers go through; they hold secrets."""
        sms = _secret(self.sms, self.sms_file, "RELAYPOINT_SMS_FILE")
        messenger = _secret(self.messenger, self.messenger_file, "RELAYPOINT_MESSENGER_FILE")
        both = {ChannelKind.SMS: sms, ChannelKind.MESSENGER: messenger}
        return {kind: template for kind, template in both.items() if template is not None}


def _secret(given: SecretStr | None, file: Path | None, variable: str) -> str | None:
    """What a file holds, or else what was given itself."""
    if file is None:
        return given.get_secret_value() if given else None
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Invalid(
            "settings.password-file",
            "The file {file} can't be read.",
            path=(variable,),
            remedy="Check that it is there and readable for this user.",
            file=str(file),
        ) from error


def read_settings() -> Settings:
    """Raises ``Invalid``, naming the variable at fault."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"RELAYPOINT_{str(first['loc'][0]).upper()}"
        raise Invalid(
            "settings.value",
            "{name} is not right: {why}.",
            path=(name,),
            remedy="Correct or unset it; `relaypoint doctor` shows all settings.",
            name=name,
            why=first["msg"],
        ) from error
