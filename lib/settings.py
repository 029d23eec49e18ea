"""One frozen settings object, read once from the environment (prefix DESK_) and passed down."""

import getpass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from lib.errors import SettingsError

PROJECT_FOLDER = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What a deployment may choose; every field is the environment variable DESK_ + its upper-case name."""

    model_config = SettingsConfigDict(env_prefix="DESK_", frozen=True, extra="ignore")

    models_url: str = Field(
        default=str(PROJECT_FOLDER / "trained_models"), description="Folder of artifacts and their manifests."
    )
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL of the registry; empty means registry.db inside the models folder.",
    )
    bars_source: Literal["sample"] = Field(default="sample", description="Where bars come from.")
    actor: str = Field(default="", description="Name recorded for moves from the command line; empty: the login name.")
    max_artifact_mb: float = Field(
        default=64.0, gt=0, description="Largest artifact accepted, packed or unpacked, in MiB."
    )
    max_upload_mb: float = Field(default=200.0, gt=0, description="Largest upload of bars or features, in MiB.")
    cache_mb: float = Field(default=512.0, gt=0, description="Memory for loaded versions in one process, in MiB.")
    jobs: int = Field(default=0, ge=0, description="Parallel training processes; 0 means one per core.")
    default_role: Literal["viewer", "analyst", "operator", "admin"] = Field(
        default="viewer", description="Role of a signed-in person who is not named in DESK_ROLES."
    )
    roles: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict, description="Roles by person, as name=role pairs with commas between them."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="Least level logged.")

    @field_validator("roles", mode="before")
    @classmethod
    def _pairs(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        pairs = [part.partition("=") for part in given.split(",") if part.strip()]
        known = {"viewer", "analyst", "operator", "admin"}
        for name, _, role in pairs:
            if not name.strip() or role.strip() not in known:
                message = f"write name=role with a role of {', '.join(sorted(known))}; found {name.strip()!r}"
                raise ValueError(message)
        return {name.strip(): role.strip() for name, _, role in pairs}

    @property
    def models_folder(self) -> Path:
        return Path(self.models_url.removeprefix("file://")).expanduser().absolute()

    @property
    def registry_url(self) -> str:
        return self.database_url or f"sqlite:///{self.models_folder / 'registry.db'}"

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
        name = "DESK_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(name, f"{first['msg']} (got {first.get('input')!r})") from error
