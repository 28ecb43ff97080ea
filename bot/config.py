"""Settings from TOML and the environment, frozen; every mistake is reported at once."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError
from sqlalchemy import make_url

from bot import values
from storage.digests import Editing

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PREFIX = "NETWORK_BOT_"
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class ConfigError(Exception):
    """The configuration cannot be used; `problems` holds one clear sentence per mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Section(BaseModel):
    """A table of the configuration; unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Telegram(Section):
    """How to reach the Bot API."""

    token: SecretStr | None = None
    token_file: Path | None = None
    api_url: Annotated[str, AfterValidator(values.http_base)] = "https://api.telegram.org"
    mode: Literal["polling", "webhook"] = "polling"
    proxy_url: Annotated[str | None, AfterValidator(values.proxy)] = None

    @model_validator(mode="after")
    def _one_token(self) -> Telegram:
        if (self.token is None) == (self.token_file is None):
            raise ValueError("exactly one of token and token_file is needed")
        return self


class Webhook(Section):
    """Where Telegram delivers updates when `telegram.mode` is `webhook`."""

    public_url: str | None = None
    listen: Annotated[str, AfterValidator(values.address)] = "127.0.0.1:8443"
    secret_token: SecretStr | None = None
    max_connections: int = Field(default=40, ge=1, le=100)


class Storage(Section):
    """The database."""

    url: Annotated[str, AfterValidator(values.storage_url)] = "sqlite+aiosqlite:///network.db"


class Network(Section):
    """The network itself."""

    name: str = Field(default="Practitioners' network", min_length=1, max_length=60)
    timezone: Annotated[str, AfterValidator(values.known_zone)] = "Asia/Ashgabat"
    languages: Annotated[list[str], AfterValidator(values.spoken)] = ["en", "ru"]
    default_language: str = "en"
    administrators: list[Annotated[int, Field(gt=0, lt=2**52)]] = []
    max_label: Annotated[str, AfterValidator(values.known_label)] = "TLP:AMBER"

    @model_validator(mode="after")
    def _default_is_spoken(self) -> Network:
        if self.default_language not in self.languages:
            raise ValueError(f"default_language {self.default_language!r} is not among languages")
        return self


class Admission(Section):
    """How people are admitted; 0 vouches and 0 days for objections make it plain review."""

    self_application: bool = True
    vouches: int = Field(default=2, ge=0, le=10)
    other_organisation: int = Field(default=1, ge=0, le=10)
    objection_days: int = Field(default=7, ge=0, le=90)
    lapse_days: int = Field(default=21, ge=0, le=365)
    approvals: int = Field(default=1, ge=1, le=5)

    @model_validator(mode="after")
    def _others_are_vouches(self) -> Admission:
        if self.vouches and self.other_organisation > self.vouches:
            raise ValueError("other_organisation cannot be more than vouches")
        return self


Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Digest(Section):
    """When new members get their weekly digest, in their own time zone, and how its issues are edited.

    The deadline for contributions is in the network's zone, in the week before.
    """

    weekday: Weekday = "monday"
    time: Clock = "09:00"
    skip_holidays: bool = True
    deadline_weekday: Weekday = "friday"
    deadline_time: Clock = "15:00"
    unsigned: bool = True


class Announcements(Section):
    """Announcements by administrators."""

    two_person_above: int = Field(default=20, ge=0)


class Delivery(Section):
    """How fast messages leave, and what happens when Telegram's answer is ambiguous.

    At `paid_messages_per_second` leave announcements for which administrators pay in Stars; 0: that is not offered.
    """

    messages_per_second: float = Field(default=28, gt=0, le=100_000)
    paid_messages_per_second: float = Field(default=0, ge=0, le=1000)
    per_chat_per_second: float = Field(default=1, gt=0)
    per_group_per_minute: float = Field(default=20, gt=0)
    in_flight: int = Field(default=8, ge=1, le=200)
    lease_seconds: int = Field(default=60, ge=5, le=3600)
    on_unknown: Literal["resend", "hold"] = "resend"

    @model_validator(mode="after")
    def _paid_is_faster(self) -> Delivery:
        if 0 < self.paid_messages_per_second <= self.messages_per_second:
            raise ValueError("paid_messages_per_second is 0, or more than messages_per_second")
        return self


class Fetch(Section):
    """What may be fetched from other servers, beyond the public internet."""

    private_networks: list[Annotated[str, AfterValidator(values.network)]] = []


class Library(Section):
    """The library of shared links and files."""

    inline: bool = False


class Mail(Section):
    """Digests by e-mail: how mail leaves, and where the links in it lead. Without a `host` no mail is offered.

    `public_url` is the https address under which `listen` is reached from outside; links that stop the mails need it.
    """

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    sender: Annotated[str, AfterValidator(values.sender)] | None = None
    public_url: Annotated[str, AfterValidator(values.https_base)] | None = None
    listen: Annotated[str, AfterValidator(values.address)] = "127.0.0.1:8444"
    messages_per_minute: float = Field(default=60, gt=0, le=6000)

    @model_validator(mode="after")
    def _complete(self) -> Mail:
        lacking = [key for key in ("sender", "public_url") if getattr(self, key) is None]
        if self.host is not None and lacking:
            raise ValueError(f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} needed where host is set")
        if self.password is not None and self.password_file is not None:
            raise ValueError("only one of password and password_file can be given")
        if (self.username is None) != (self.password is None and self.password_file is None):
            raise ValueError("username is needed with password or password_file, and one of these with username")
        return self


class Health(Section):
    """Where `/healthz`, `/readyz` and `/metrics` are served, if anywhere, and who else gets alarms by mail."""

    listen: Annotated[str, AfterValidator(values.address)] | None = None
    alert_addresses: list[Annotated[str, AfterValidator(values.mail_address)]] = []


class Config(BaseSettings):
    """Everything the operator decides; see config.example.toml for each key."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    telegram: Telegram
    webhook: Webhook = Webhook()
    storage: Storage = Storage()
    network: Network = Network()
    admission: Admission = Admission()
    digest: Digest = Digest()
    announcements: Announcements = Announcements()
    delivery: Delivery = Delivery()
    fetch: Fetch = Fetch()
    library: Library = Library()
    mail: Mail = Mail()
    health: Health = Health()

    @model_validator(mode="after")
    def _alarms_can_leave(self) -> Config:
        if self.health.alert_addresses and self.mail.host is None:
            raise ValueError("health.alert_addresses: alarms by mail need mail.host")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The environment overrides the file, which arrives as keyword arguments.
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


@dataclass(frozen=True)
class Loaded:
    """A usable configuration: settings, the secrets themselves, and the database with its path resolved."""

    settings: Config
    token: str
    storage_url: str
    mail_password: str | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may tell."""
        webhook = self.settings.webhook.secret_token
        hook = webhook.get_secret_value() if webhook is not None else None
        return tuple(secret for secret in (self.token, self.mail_password, hook) if secret)

    @property
    def digest_weekday(self) -> int:
        return WEEKDAYS.index(self.settings.digest.weekday)

    @property
    def digest_time(self) -> time:
        return time.fromisoformat(self.settings.digest.time)

    @property
    def editing(self) -> Editing:
        digest = self.settings.digest
        weekday = WEEKDAYS.index(digest.deadline_weekday)
        zone = self.settings.network.timezone
        return Editing(zone, weekday, time.fromisoformat(digest.deadline_time), unsigned=digest.unsigned)


def load(path: Path) -> Loaded:
    """Read the configuration at `path` and the environment.

    Raises:
        ConfigError: with every mistake that was found.
    """
    try:
        settings = Config(**_table(path))
    except ValidationError as error:
        raise ConfigError([*_unknown_variables(), *(_sentence(path, p) for p in error.errors())]) from None
    except SettingsError as error:
        raise ConfigError([*_unknown_variables(), f"environment: {error.args[0]}: lists are written as JSON"]) from None
    if unknown := _unknown_variables():
        raise ConfigError(unknown)
    return Loaded(
        settings, _token(path, settings.telegram), _beside(path, settings.storage.url), _password(path, settings.mail)
    )


def _unknown_variables() -> list[str]:
    """Name the variables whose section does not exist; a wrong key of a section that does is named by its table."""
    written = (name.upper() for name in os.environ if name.upper().startswith(_PREFIX) and "__" in name)
    sections = (
        name for name in written if name.removeprefix(_PREFIX).split("__")[0].lower() not in Config.model_fields
    )
    return [f"environment: {name}: there is no such key" for name in sorted(sections)]


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}  # the environment may hold everything
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: not valid TOML: {error}"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from None


def _sentence(path: Path, problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{path}: {key}: there is no such key"
    if key == "telegram" and problem["type"] == "missing":
        hint = "" if path.exists() else f" ({path} does not exist)"
        return f"{path}: telegram.token: a bot token is needed{hint}"
    told = f"{key}: " if key else ""  # what concerns several sections names them itself
    return f"{path}: {told}{problem['msg'].removeprefix('Value error, ')}"


def _token(path: Path, telegram: Telegram) -> str:
    if telegram.token is not None:
        token = telegram.token.get_secret_value().strip()
    else:
        assert telegram.token_file is not None
        token = _secret(path, telegram.token_file, "telegram.token_file")
    if not _TOKEN.fullmatch(token):
        raise ConfigError([f"{path}: telegram.token: a bot token looks like 123456:ABC-DEF; this one does not"])
    return token


def _password(path: Path, mail: Mail) -> str | None:
    if mail.password is not None:
        return mail.password.get_secret_value()
    return None if mail.password_file is None else _secret(path, mail.password_file, "mail.password_file")


def _secret(path: Path, file: Path, key: str) -> str:
    try:
        return (path.parent / file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: {key}: cannot be read: {error}"]) from None


def _beside(path: Path, url: str) -> str:
    parsed = make_url(url)
    file = parsed.database if parsed.get_backend_name() == "sqlite" else None
    if not file or file.startswith(("file:", ":memory:")) or Path(file).is_absolute():
        return url
    return parsed.set(database=str((path.parent / file).resolve())).render_as_string(hide_password=False)
