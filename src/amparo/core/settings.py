"""What an operator can set: by environment variables `AMPARO_…` or in a TOML file."""

import os
import re
import tomllib
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, PositiveInt, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from amparo.core.errors import Invalid

MIB = 1024 * 1024
_DATABASE = re.compile(r"sqlite:///[^:?]|postgresql(\+psycopg)?://")


class Settings(BaseSettings):
    """All settings. Each has a default that is safe on a small machine."""

    model_config = SettingsConfigDict(
        env_prefix="AMPARO_", env_ignore_empty=True, frozen=True, extra="forbid"
    )

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("amparo")),
        description="Folder for everything that Amparo keeps between two runs.",
    )
    database_url: str = Field(
        default="",
        description="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; "
        "empty: `amparo.db` in AMPARO_HOME.",
    )
    vault_key_file: Path | None = Field(
        default=None,
        description="The age key that held uploads are encrypted to; "
        "`vault-key.txt` in AMPARO_HOME.",
    )
    access_key_file: Path | None = Field(
        default=None,
        description="The key that people's second factors are sealed with, the same on all hosts; "
        "`access-key.txt` in AMPARO_HOME.",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8080",
        description="Where browsers find this, without a path; `https://…` for all but a trial.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=("127.0.0.1",),
        description="Addresses or networks of proxies that are believed who calls "
        "(`X-Forwarded-For`), as JSON.",
    )
    mail_server: str = Field(
        default="",
        description="HOST:PORT of the mail server that letters go out by; for solo mode.",
    )
    mail_from: str = Field(default="", description="The address that letters come from.")
    mail_user: str = Field(default="", description="Whom the mail server knows; nobody if empty.")
    mail_password_file: Path | None = Field(
        default=None, description="A file with the password for the mail server."
    )
    oidc_issuer: str = Field(
        default="",
        description="The OpenID provider with which people may sign in; nothing for none.",
    )
    oidc_client_id: str = Field(default="", description="What the provider knows Amparo as.")
    oidc_client_secret_file: Path | None = Field(
        default=None, description="A file with the secret that the provider has given to Amparo."
    )
    audit_key_file: Path | None = Field(
        default=None,
        description="The key that signs the audit trail; `audit-key.pem` in AMPARO_HOME.",
    )
    audit_witness_file: Path | None = Field(
        default=None,
        description="A file, best on another machine, to which the audit trail's checkpoints are "
        "appended.",
    )
    audit_witness_command: tuple[str, ...] = Field(
        default=(),
        description="A command and its arguments, as JSON, that gets the newest checkpoint as a "
        "line on its standard input, each minute.",
    )
    audit_witness_url: str = Field(
        default="",
        description="Another Amparo, `https://…`, that is told the newest checkpoint, each minute.",
    )
    audit_witness_key_file: Path | None = Field(
        default=None,
        description="A file with the service key by which the other Amparo knows this one; its "
        "scope is `audit:witness`.",
    )
    flood_floor: PositiveInt = Field(
        default=100,
        description="Fewer uploads than this that match a signal within two hours are no flood.",
    )
    lookup_floor: PositiveInt = Field(
        default=10_000,
        description="Fewer look-ups than this of one key within two hours raise no alarm.",
    )
    uploads_bytes: PositiveInt = Field(
        default=512 * MIB,
        description="Bytes of uploads that are received and decided at once; further ones are told "
        "to come again.",
    )
    key_rate: PositiveInt = Field(
        default=5000, description="How many requests a second one key may make of one process."
    )
    fetch_hosts: tuple[str, ...] = Field(
        default=(),
        description='Hosts that uploads may be fetched from, as JSON: `["cdn.example.org"]`, each '
        "with all below it; `*` for all public ones, nothing for none.",
    )
    webhook_hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts of your own network that webhooks may be on, as JSON; others must be "
        "public, and https.",
    )
    webhook_seconds: PositiveInt = Field(
        default=10, description="How long the receiver of a webhook may take to answer."
    )
    fetch_seconds: PositiveInt = Field(
        default=20, description="How long fetching an upload may take, redirects included."
    )
    hash_types: tuple[Path, ...] = Field(
        default=(),
        description='Plug-in files of further hash types, as JSON: `["/etc/amparo/mine.py"]`.',
    )
    hash_seconds: PositiveInt = Field(
        default=5, description="How long a hash type that asks a service may take for a file."
    )
    scorers: tuple[str, ...] = Field(
        default=(),
        description="What scores pictures that no list knows, as JSON: `opennsfw`, "
        "`google-content-safety`, `http`, or plug-in files.",
    )
    score_seconds: PositiveInt = Field(
        default=3, description="How long all scorers and lists elsewhere may take for an upload."
    )
    score_per_minute: PositiveInt = Field(
        default=600,
        description="How often a minute one process may ask each scorer or list elsewhere.",
    )
    score_per_day: PositiveInt = Field(
        default=20_000,
        description="How often a day one process may ask each scorer or list elsewhere.",
    )
    score_hosts: tuple[str, ...] = Field(
        default=(),
        description="Hosts of your own network that scorers may be on, as JSON; others must be "
        "public, and https.",
    )
    score_url: str = Field(
        default="", description="Where the scorer `http` asks, without credentials."
    )
    score_token_file: Path | None = Field(
        default=None, description="A file with the token that the scorer `http` says who it is by."
    )
    score_labels: tuple[str, ...] = Field(
        default=("http",), description="What the scores of the scorer `http` are called, as JSON."
    )
    google_key_file: Path | None = Field(
        default=None, description="A file with the key for Google's Content Safety API."
    )
    shield_url: str = Field(
        default="https://shield.projectarachnid.com",
        description="Where Project Arachnid Shield is asked.",
    )
    shield_user: str = Field(
        default="", description="Whom Project Arachnid Shield knows; it is not asked if empty."
    )
    shield_password_file: Path | None = Field(
        default=None, description="A file with the password for Project Arachnid Shield."
    )
    shield_sends: Literal["pdq", "media"] = Field(
        default="pdq",
        description="What Project Arachnid Shield is told of an upload: `pdq`, the hashes of its "
        "pictures, or `media`, the file.",
    )
    shield_kind: Literal["suspect", "confirmed"] = Field(
        default="suspect",
        description="What kind of list an exact `csam` of Project Arachnid Shield counts as.",
    )
    processes: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Sandboxed processes that decode and hash; 0: one a processor."
    )
    max_file_bytes: PositiveInt = Field(
        default=100 * MIB,
        description="Commands give a larger file its digests only; as an upload it is refused.",
    )
    max_text_bytes: PositiveInt = Field(
        default=1_000_000, description="A longer text is refused before it is read."
    )
    max_pixels: PositiveInt = Field(
        default=80_000_000, description="A picture of more pixels is refused by its header."
    )
    max_frames: PositiveInt = Field(
        default=10_000, description="Of an animation with more frames only the first is hashed."
    )
    sampled_frames: PositiveInt = Field(
        default=16, description="How many frames of an animation are hashed beside one a second."
    )
    item_seconds: PositiveInt = Field(
        default=20,
        description="Processor time that one file, or half a minute of a video, may take.",
    )
    video_frames: PositiveInt = Field(
        default=10_000,
        description="Of a video at most so many frames are hashed; of a longer one farther apart.",
    )
    video_length_seconds: PositiveInt = Field(
        default=6 * 60 * 60, description="What lies beyond this second of a video is not hashed."
    )
    video_seconds: PositiveInt = Field(
        default=120,
        description="How long hashing one video may take; its frames until then are looked up.",
    )
    item_memory_bytes: PositiveInt = Field(
        default=640 * MIB,
        description="Memory for decoding, all files together; 192 MiB a process at least. As much "
        "again where pictures are let in while videos are decoded.",
    )

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url or f"sqlite:///{self.home / 'amparo.db'}"

    @property
    def vault_key(self) -> Path:
        """The file of the age key."""
        return self.vault_key_file or self.home / "vault-key.txt"

    @property
    def access_key(self) -> Path:
        """The file of the key for what people have secret."""
        return self.access_key_file or self.home / "access-key.txt"

    @property
    def audit_key(self) -> Path:
        """The file of the key that signs the audit trail."""
        return self.audit_key_file or self.home / "audit-key.pem"

    @field_validator("public_url")
    @classmethod
    def _an_origin(cls, url: str) -> str:
        """A scheme and a host, as browsers compare them."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ValueError("must be http://HOST or https://HOST, with a port where it needs one")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        """What the server understands; it would pass over anything else and say nothing."""
        for each in given:
            if each == "*" and len(given) > 1:
                raise ValueError("`*` believes everybody and stands alone; name your proxies")
            if each != "*" and not _is_address(each):
                raise ValueError(
                    f"{each!r} is neither an address nor a network, such as 192.0.2.7 or "
                    "10.0.0.0/8, with nothing after its prefix"
                )
        return given

    @field_validator("database_url")
    @classmethod
    def _a_database(cls, url: str) -> str:
        """A file that stays, or a server; what else the URL says is its driver's to judge."""
        if url and not _DATABASE.match(url):
            raise ValueError("must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
        return url

    @field_validator("home")
    @classmethod
    def _whole_path(cls, home: Path) -> Path:
        """The same folder whatever the shell left unexpanded and wherever one stands."""
        return Path(os.path.abspath(home.expanduser()))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        toml = TomlConfigSettingsSource(settings_cls, _readable(_settings_file()))
        return init_settings, env_settings, toml


def _is_address(text: str) -> bool:
    """Whether it is an address or a network, as the server reads them."""
    try:
        ip_network(text) if "/" in text else ip_address(text)
    except ValueError:
        return False
    return True


def _settings_file() -> Path:
    """`AMPARO_SETTINGS_FILE`, or `amparo.toml` in the operator's configuration folder."""
    named = os.environ.get("AMPARO_SETTINGS_FILE")
    if named and not Path(named).is_file():
        raise Invalid(f"AMPARO_SETTINGS_FILE names {named!r}, which is not a file.")
    if named:
        return Path(named)
    try:
        return Path(platformdirs.user_config_dir("amparo")) / "amparo.toml"
    except RuntimeError:  # a user without a home folder
        return Path(os.devnull)


def _readable(file: Path) -> Path | None:
    """The file, None where it is not there or lies in a folder of somebody else's."""
    try:
        return file if file.is_file() else None
    except PermissionError:
        return None


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once; a wrong one is named with what it should be."""
    try:
        return Settings()
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{_settings_file()} is not TOML: {error}.") from error
    except SettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        name = f"AMPARO_{field[1].upper()}" if field else "A setting"
        raise Invalid(f'{name} must be JSON, such as ["one", "another"].') from error
    except ValidationError as error:
        lines = [_said(each) for each in error.errors()]
        raise Invalid("Settings cannot be used. " + " ".join(lines)) from error


def _said(error: ErrorDetails) -> str:
    """A wrong setting, by the name under which it was given; unknown ones come from the file."""
    name = "_".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        meant = get_close_matches(name.removeprefix("amparo_"), Settings.model_fields, n=1)
        hint = f"; is {meant[0]} meant?" if meant else "."
        return f"{_settings_file()}: {name} is no setting of Amparo{hint}"
    return f"AMPARO_{name.upper()}: {error['msg'].removeprefix('Value error, ')}."
