"""Who acts, and what they may do; the library asks, not only the page."""

from dataclasses import dataclass
from enum import IntEnum

from ensemble_desk.database import texts
from ensemble_desk.errors import NotAllowedError, SettingsError
from ensemble_desk.settings import Settings


class Role(IntEnum):
    """Each role may do what those before it may: look, analyse, move production, delete versions."""

    VIEWER = 1
    ANALYST = 2
    OPERATOR = 3
    ADMIN = 4

    @classmethod
    def named(cls, name: str) -> "Role":
        return cls[name.upper()]

    def __str__(self) -> str:
        return self.name.lower()


TO_ASK = Role.ANALYST  # a forecast takes work; everybody may read what production says about the newest bars
TO_MOVE = Role.OPERATOR  # promote, roll back, follow latest, quarantine; needs a reason each time
TO_LIFT = Role.OPERATOR  # lift a quarantine: undoing one's own rollback at night must not wait for an admin
TO_NOTE = Role.OPERATOR  # write notes on versions and moves, which everybody reads
TO_PRUNE = Role.ADMIN  # the only thing that deletes
TO_GRANT = Role.ADMIN  # give roles and tokens


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or program that acts, under the name that history keeps."""

    name: str
    role: Role

    def __post_init__(self) -> None:
        if not texts.said(self.name) or texts.storable(self.name) != self.name:
            raise SettingsError(_NAME_SETTING, "an actor needs a name, because history records who acted")

    def may(self, needed: Role) -> bool:
        return self.role >= needed

    def require(self, needed: Role, action: str) -> None:
        """Raise NotAllowedError unless the role includes the action, named as a verb such as "roll back"."""
        if not self.may(needed):
            raise self.refusal(needed, action)

    def refusal(self, needed: Role, action: str) -> NotAllowedError:
        return NotAllowedError(self.name, role=str(self.role), needed=str(needed), action=action)


_NAME_SETTING = "DESK_ACTOR"


def local(settings: Settings) -> Actor:
    """The person at this machine, who owns its files anyway: admin."""
    return Actor(settings.actor_name, Role.ADMIN)
