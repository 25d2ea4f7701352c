"""Settings: read once from the environment, checked loudly before anything starts."""

import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from app.errors import BadSettings

PREFIX = "QUARTERDECK_"
KNOWN_SECRETS = frozenset({"changeme", "secret", "development", "quarterdeck", "password", "default"})
MIN_SECRET = 32


class Settings(BaseSettings):
    """Everything an operator may change (CONTRACT section 3)."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(Path("var"), description="Folder of everything Quarterdeck writes.")
    mode: Literal["development", "production"] = Field(
        "development", description="Production refuses what is insecure."
    )
    secret_key: str = Field("", description="Signs sessions and the audit head; at least 32 characters.")
    database_url: str = Field(
        "", description="SQLAlchemy URL of the records; SQLite in the home folder when empty."
    )
    lake_url: str = Field("", description="Where the Delta tables are; the home folder when empty.")
    redis_url: str = Field("", description="Shared store for limits and cache; none when empty.")
    engine: str = Field("local", description="Where heavy jobs run: local or dask://host:port.")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1", "localhost", "[::1]"), description="Host names the server answers to, comma separated."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="How many proxies in front may set X-Forwarded-*."
    )
    oidc_issuer: str = Field("", description="Company sign-in: issuer.")
    oidc_client_id: str = Field("", description="Company sign-in: client id.")
    oidc_client_secret: str = Field("", description="Company sign-in: client secret.")
    smtp_url: str = Field("", description="Mail server for notifications.")
    otlp_endpoint: str = Field("", description="OpenTelemetry collector.")
    log_format: Literal["json", "console"] = Field("console", description="Shape of a log line.")

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(filter(None, map(str.strip, value.split(",")))) if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic names it
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the caller, the environment, ``.env`` and files, in this order."""
        return init_settings, env_settings, dotenv_settings, file_secret_settings

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the settings and check them.

        Raises:
            BadSettings: Naming the setting and what is wrong with it.
        """
        values = _from_files() | overrides
        _refuse_unknown()
        try:
            settings = cls(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = PREFIX + str(first["loc"][0] if first["loc"] else "").upper()
            raise BadSettings(f"{name}: {first['msg']}") from error
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse what production must not run with."""
        if self.mode != "production":
            return
        if not self.secret_key:
            raise BadSettings(f"{PREFIX}SECRET_KEY is missing: set at least {MIN_SECRET} random characters.")
        if len(self.secret_key) < MIN_SECRET:
            raise BadSettings(
                f"{PREFIX}SECRET_KEY is too short: {len(self.secret_key)} < {MIN_SECRET} characters."
            )
        if self.secret_key.lower().rstrip("0123456789!.-_") in KNOWN_SECRETS or len(set(self.secret_key)) < 8:
            raise BadSettings(f"{PREFIX}SECRET_KEY is a known or guessable value: set random characters.")
        if "*" in "".join(self.allowed_hosts):
            raise BadSettings(f"{PREFIX}ALLOWED_HOSTS has a wildcard: name the hosts.")

    @property
    def production(self) -> bool:
        """Whether this is a production installation."""
        return self.mode == "production"

    @cached_property
    def root(self) -> Path:
        """The home folder, absolute."""
        return self.home.expanduser().resolve()

    @cached_property
    def database(self) -> str:
        """SQLAlchemy URL of the records."""
        return self.database_url or f"sqlite:///{self.root / 'records.db'}"

    @cached_property
    def lake(self) -> str:
        """Root of the Delta tables."""
        return self.lake_url or str(self.root / "lake")

    @cached_property
    def secret(self) -> str:
        """The signing secret; in development one is made once and kept in the home folder."""
        if self.secret_key:
            return self.secret_key
        path = self.root / "secret_key"
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        return path.read_text().strip()


def _from_files() -> dict[str, str]:
    """Read each ``NAME_FILE`` whose plain ``NAME`` is not set."""
    found = {}
    for name in Settings.model_fields:
        path = os.environ.get(f"{PREFIX}{name.upper()}_FILE")
        if path and f"{PREFIX}{name.upper()}" not in os.environ:
            try:
                found[name] = Path(path).read_text().strip()
            except OSError as error:
                raise BadSettings(
                    f"{PREFIX}{name.upper()}_FILE: cannot read {path}: {error.strerror}"
                ) from error
    return found


def _refuse_unknown() -> None:
    known = {f"{PREFIX}{name.upper()}{suffix}" for name in Settings.model_fields for suffix in ("", "_FILE")}
    for name in sorted({*os.environ, *dotenv_values(".env")}):
        if name.startswith(PREFIX) and name not in known:
            raise BadSettings(
                f"{name} is not a setting; known: {', '.join(sorted(n for n in known if not n.endswith('_FILE')))}"
            )
