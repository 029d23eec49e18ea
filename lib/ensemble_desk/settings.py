"""One frozen settings object, read once from the environment (prefix DESK_) and passed down."""

import getpass
import os
import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ensemble_desk.errors import SettingsError, redaction

_PASSWORD = re.compile(r"//[^/@]*?:(.+)@")

_FEATURE_SET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_PLACE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*")


class Settings(BaseModel):
    """What a deployment may choose; every field is the environment variable DESK_ + its upper-case name.

    The environment is read right here: pydantic-settings, which could, takes every job some 50 ms to import.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    models_url: str = Field(
        default_factory=lambda: str(Path.cwd() / "trained_models"),
        description="Folder of artifacts and their manifests; by default trained_models/ where the program is started.",
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
        default="", description="A second file that every line of the ledger goes to, best on another disk."
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
    def _folder(cls, given: str) -> str:
        if not given.strip() or "://" in given.removeprefix("file://"):
            message = "write the path of a folder; no other place can be used"
            raise ValueError(message)
        return given

    @field_validator("dask")
    @classmethod
    def _scheduler(cls, given: str) -> str:
        if given and not re.fullmatch(r"(tcp|tls|ucx|ws|wss)://[^\s/]+/?", given):
            message = "write the address of a scheduler, such as tcp://10.0.0.5:8786"
            raise ValueError(message)
        return given

    @field_validator("roles", "role_groups", mode="before")
    @classmethod
    def _pairs(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        pairs = [part.rpartition("=") for part in given.split(",") if part.strip()]
        known = {"viewer", "analyst", "operator", "admin"}
        for name, _, role in pairs:
            if not name.strip() or role.strip() not in known:
                message = f"write name=role with a role of {', '.join(sorted(known))}; found {name.strip()!r}"
                raise ValueError(message)
        return {name.strip(): role.strip() for name, _, role in pairs}

    @field_validator("features", mode="before")
    @classmethod
    def _functions(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        pairs = [part.partition("=") for part in given.split(",") if part.strip()]
        for name, _, place in pairs:
            if not _FEATURE_SET.fullmatch(name.strip()) or not _PLACE.fullmatch(place.strip()):
                message = f"write NAME=package.module:function; found {name.strip()!r}"
                raise ValueError(message)
        return {name.strip(): place.strip() for name, _, place in pairs}

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _names(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        names = tuple(name.strip().lower() for name in given.split(",") if name.strip())
        if any(set(name) & set("/: ") for name in names):
            message = "write names such as desk.example.org with commas between them, without http:// and port"
            raise ValueError(message)
        return names

    @field_validator("drift_points", mode="before")
    @classmethod
    def _rising(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        parts = [part.strip() for part in given.split(",")]
        rising = all(part.isdecimal() for part in parts) and sorted(set(map(int, parts))) == list(map(int, parts))
        if len(parts) != 3 or not rising:  # noqa: PLR2004 - the three borders between four bands
            message = "write three rising whole numbers such as 5,15,25"
            raise ValueError(message)
        return tuple(map(int, parts))

    @field_validator("max_age", mode="before")
    @classmethod
    def _ages(cls, given: object) -> object:
        """Read ages by timeframe; '' stands for all others."""
        if not isinstance(given, str):
            return given
        found = {}
        for part in filter(None, (part.strip().lower() for part in given.split(","))):
            timeframe, _, age = part.rpartition("=")
            is_age = re.fullmatch(r"[1-9][0-9]{0,4}(d|bars)", age.strip())
            is_timeframe = re.fullmatch(r"((mn|[mhdw])[0-9]{1,2})?", timeframe.strip())
            if not is_age or not is_timeframe or timeframe.strip() in found:
                message = f"write an age such as 60d or 500bars, or d1=60d,h1=500bars; found {part!r}"
                raise ValueError(message)
            found[timeframe.strip()] = age.strip()
        return found

    @field_validator("alert_urls", mode="before")
    @classmethod
    def _urls(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        urls = tuple(given.split())
        if any("://" not in url for url in urls):
            message = "write apprise URLs such as slack://… with spaces between them"
            raise ValueError(message)
        return urls

    @property
    def models_folder(self) -> Path:
        return Path(self.models_url.removeprefix("file://")).expanduser().absolute()

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
        return (first.absolute(), *((Path(self.ledger_copy).expanduser().absolute(),) if self.ledger_copy else ()))

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must stand in no log: addresses of channels, and the password of the database in either spelling."""
        found = _PASSWORD.search(self.database_url)
        password = found[1] if found else ""
        return tuple(filter(None, (*self.alert_urls, self.token, password, unquote(password))))

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
        name = _variable("_".join(str(part) for part in first["loc"]))
        field = Settings.model_fields.get(str(first["loc"][0])) if first["loc"] else None
        shown = redaction.redacted(repr(first.get("input")))
        given = "" if field is not None and not field.repr else f" (got {shown})"  # it may be a secret
        raise SettingsError(name, f"{first['msg'].removeprefix('Value error, ')}{given}") from (
            error if given else None
        )


def _variable(name: str) -> str:
    return f"DESK_{name.upper()}"
