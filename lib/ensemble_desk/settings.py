"""One frozen settings object, read once from the environment (prefix DESK_) and passed down."""

import getpass
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from ensemble_desk import setting_texts
from ensemble_desk.errors import SettingsError, redaction

_PASSWORD = re.compile(r"//[^/@]*?:(.+)@")
_OF_BUCKETS = (  # what the clients of buckets read themselves
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_CLIENT_SECRET",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_CLIENT_SECRET",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
)
_READERS: dict[str, Callable[[str], object]] = {
    "dask": setting_texts.scheduler,
    "roles": setting_texts.roles,
    "role_groups": setting_texts.roles,
    "features": setting_texts.functions,
    "allowed_hosts": setting_texts.hosts,
    "drift_points": setting_texts.rising,
    "max_age": setting_texts.ages,
    "alert_urls": setting_texts.channels,
}


class Settings(BaseModel):
    """What a deployment may choose; every field is the environment variable DESK_ + its upper-case name.

    The environment is read right here: pydantic-settings, which could, takes every job some 50 ms to import.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    models_url: str = Field(
        default_factory=lambda: str(Path.cwd() / "trained_models"),
        description="Where artifacts and their manifests are: a folder, or a bucket as s3://BUCKET/PREFIX, gs:// or "
        "az://; by default trained_models/ where the program is started.",
    )
    models_cache: str = Field(
        default_factory=lambda: str(Path.cwd() / ".desk_cache"),
        description="Folder of this machine for copies of a bucket's objects; by default .desk_cache/ where the "
        "program is started.",
    )
    models_cache_mb: float = Field(
        default=2048.0, ge=0, description="What the copies of a bucket's objects may take on this machine, in MiB."
    )
    database_url: str = Field(
        default="",
        repr=False,  # it may hold a password
        description="Where the registry is: postgresql://USER:PASSWORD@HOST/NAME or sqlite:///FILE; empty means "
        "registry/registry.db inside the models folder.",
    )
    database_patience: float = Field(
        default=15.0,
        ge=0,
        description="Seconds that a job waits for a PostgreSQL server that does not answer; pages wait for one.",
    )
    ledger_file: str = Field(
        default="", description="Where the ledger of moves is kept; empty means ledger.log beside the registry's file."
    )
    ledger_copy: str = Field(
        default="",
        description="A second file that every line of the ledger goes to, best on another disk; or an address below a "
        "bucket, best one with an object lock.",
    )
    bars_source: Literal["sample", "database", "yahoo"] = Field(
        default="sample",
        description="Where bars come from: sample (bundled with installed packages), database (what was imported) or "
        "yahoo.",
    )
    calendar: str = Field(
        default="XNYS",
        description="Exchange whose sessions daily bars are compared with, such as XNYS or XLON; 24/7 for what never "
        "closes.",
    )
    database_schema: str = Field(
        default="",
        description="PostgreSQL schema that holds the registry's tables; empty: the one the connection begins with.",
    )
    horizons: str = Field(
        default="",
        description="Horizons by timeframe, as d1=1D,5D,10D;h1=1H:1,1D:7 or JSON; the first is what is trained.",
    )
    features: dict[str, str] = Field(
        default_factory=dict,
        description="A team's own features, as NAME=package.module:function pairs with commas between them.",
    )
    actor: str = Field(default="", description="Name recorded for moves from the command line; empty: the login name.")
    max_artifact_mb: float = Field(
        default=64.0, gt=0, description="Largest artifact accepted, packed or unpacked, in MiB."
    )
    max_upload_mb: float = Field(default=200.0, gt=0, description="Largest upload of bars or features, in MiB.")
    cache_mb: float = Field(
        default=512.0, gt=0, description="Memory that one process keeps loaded versions in, in MiB."
    )
    jobs: int = Field(
        default=0, ge=0, description="Processes that work on many keys is done in at once; 0 means one per core."
    )
    dask: str = Field(
        default="",
        description="Address of a Dask scheduler, such as tcp://10.0.0.5:8786, whose workers do the work on many keys; "
        "empty: this machine's cores.",
    )
    background_trainings: int = Field(
        default=2, ge=1, description="Most trainings at once that were started on the pages of one server."
    )
    local_admin: Literal["loopback", "token", "off"] = Field(
        default="loopback",
        description="Who is admin without sign-in: whoever is at this machine, whoever opens the address that the "
        "server prints (token), or nobody (off).",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Names the dashboard may be reached by besides those of this machine, with commas between them; "
        "empty: any, read-only without sign-in.",
    )
    default_role: Literal["viewer", "analyst", "operator", "admin"] = Field(
        default="viewer", description="Role of a signed-in person who is not named in DESK_ROLES."
    )
    roles: dict[str, str] = Field(
        default_factory=dict,
        description="Roles of signed-in people, as in ann@example.org=operator,bob@example.org=admin.",
    )
    role_groups: dict[str, str] = Field(
        default_factory=dict, description="Roles by group of the sign-in, as group=role pairs with commas between them."
    )
    groups_claim: str = Field(default="groups", description="The claim in which the sign-in tells a person's groups.")
    token: str = Field(
        default="", repr=False, description="Token by which a job or a service acts, see `desk token create`."
    )
    drift_points: tuple[int, int, int] = Field(
        default=(5, 15, 25),
        description="Points below the validated accuracy at which MONITOR, DRIFT and EMERGENCY begin, as 5,15,25.",
    )
    drift_least_predictions: int = Field(default=5, ge=1, description="Outcomes before anything is said of drift.")
    drift_window: int = Field(
        default=60, ge=20, description="Newest outcomes, without overlap, that live accuracy is taken over."
    )
    cost_bps: float = Field(default=5.0, ge=0, description="Cost of trading, in basis points of what is traded.")
    max_age: dict[str, str] = Field(
        default_factory=dict,
        description="Age at which versions expire, in days or bars, for all or by timeframe: 60d or d1=60d,h1=500bars.",
    )
    expired: Literal["warn", "refuse"] = Field(
        default="warn", description="What becomes of expired versions: marked only, or refused by the loader as well."
    )
    alert_urls: tuple[str, ...] = Field(
        default=(), repr=False, description="Where alerts go: apprise URLs such as slack://… with spaces between them."
    )
    page_url: str = Field(
        default="http://localhost:8501", description="Address of the dashboard, for the links in alerts."
    )
    log_kept_days: int = Field(default=0, ge=0, description="Newest days that `desk log export` deletes nothing of.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level of messages that are logged, on standard error."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="How they are written: text, or json with the ids of run and request as fields."
    )

    @model_validator(mode="before")
    @classmethod
    def _with_environment(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Take what is not given from the environment; a variable that is set to nothing counts as not set."""
        named = {name.upper(): value for name, value in os.environ.items() if value}
        told = {name: named[_variable(name)] for name in cls.model_fields if _variable(name) in named}
        return told | given

    @field_validator("models_url")
    @classmethod
    def _place(cls, given: str) -> str:
        return setting_texts.place_of_models(given)

    @field_validator(*_READERS, mode="before")
    @classmethod
    def _text(cls, given: object, about: ValidationInfo) -> object:
        return _READERS[str(about.field_name)](given) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _with_database(self) -> "Settings":
        if self.bucket_url and not self.database_url:
            message = "a bucket holds no database: set DESK_DATABASE_URL to postgresql://… or sqlite:///FILE as well"
            raise ValueError(message)
        if self.bucket_url and not self.database_url.startswith("sqlite") and not self.ledger_file:
            message = "set DESK_LEDGER_FILE as well, on a disk that all machines which move production share"
            raise ValueError(message)
        return self

    @property
    def bucket_url(self) -> str:
        """The address of the bucket; empty where artifacts are in a folder."""
        return self.models_url if setting_texts.is_bucket(self.models_url) else ""

    @property
    def models_folder(self) -> Path:
        """The folder of artifacts; with a bucket, what of them is on this machine."""
        folder = self.models_cache if self.bucket_url else self.models_url.removeprefix("file://")
        return Path(folder).expanduser().absolute()

    @property
    def registry_url(self) -> str:
        """The database's URL; its file has a folder of its own, so that the models folder rests while it is used."""
        beside = self.models_folder / "registry.db"  # where earlier releases kept it
        file = beside if beside.exists() else self.models_folder / "registry" / "registry.db"
        url = self.database_url or f"sqlite:///{file}"
        if not self.database_schema:
            return url
        return f"{url}{'&' if '?' in url else '?'}desk_schema={self.database_schema}"

    @property
    def ledger_files(self) -> tuple[Path, ...]:
        """The ledger, and its copy where there is one; a server's database has it in the models folder."""
        file = self.registry_url.removeprefix("sqlite:///")
        beside = Path(file).parent if file != self.registry_url else self.models_folder / "registry"
        first = Path(self.ledger_file).expanduser() if self.ledger_file else beside / "ledger.log"
        copy = "" if self.ledger_bucket else self.ledger_copy
        return (first.absolute(), *((Path(copy).expanduser().absolute(),) if copy else ()))

    @property
    def ledger_bucket(self) -> str:
        """The address of the ledger's copy in a bucket; empty where there is none."""
        return self.ledger_copy.rstrip("/") if setting_texts.is_bucket(self.ledger_copy) else ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must stand in no log: addresses of channels, a bucket's keys, the database's password either way."""
        found = _PASSWORD.search(self.database_url)
        password = found[1] if found else ""
        of_buckets = (os.environ.get(name, "") for name in _OF_BUCKETS)
        return tuple(filter(None, (*self.alert_urls, self.token, password, unquote(password), *of_buckets)))

    @property
    def actor_name(self) -> str:
        return self.actor or getpass.getuser()

    @property
    def max_artifact_bytes(self) -> int:
        return int(self.max_artifact_mb * 2**20)


def load() -> Settings:
    """Read the settings from the environment; raises SettingsError naming the first that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = _variable("_".join(str(part) for part in first["loc"]) or "database_url")
        field = Settings.model_fields.get(str(first["loc"][0])) if first["loc"] else None
        shown = redaction.redacted(repr(first.get("input")))
        secret = field is None or not field.repr  # one about several fields shows them all
        given = "" if secret else f" (got {shown})"
        raise SettingsError(name, f"{first['msg'].removeprefix('Value error, ')}{given}") from (
            error if given else None
        )


def _variable(name: str) -> str:
    return f"DESK_{name.upper()}"
