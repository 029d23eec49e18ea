"""Errors of settings, roles and reasons."""

from ensemble_desk.errors.base import DeskError


class TokenNameTakenError(DeskError):
    """A token of this name was made before."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is a token {name} already, or there was one: history names who acted by it. Choose another name."
        )


class UnknownTokenError(DeskError):
    """No token has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no token {name}. See: desk token list")


class TokenRefusedError(DeskError):
    """A token is not known, has expired or was taken back."""

    def __init__(self) -> None:
        super().__init__("This token is not accepted. Ask an admin for a new one: desk token create")


class SettingsError(DeskError):
    """A setting cannot be used."""

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(f"Setting {name}: {problem}")


class NotAllowedError(DeskError):
    """The actor's role does not include this action."""

    def __init__(self, actor: str, *, role: str, needed: str, action: str) -> None:
        self.actor, self.role, self.needed, self.action = actor, role, needed, action
        super().__init__(
            f"{actor} is {role}; to {action} takes the role {needed}. Nothing changed. Ask an admin for the role."
        )


class ReasonRequiredError(DeskError):
    """A move of production was asked for without saying why."""

    def __init__(self, action: str) -> None:
        self.action = action
        super().__init__(f"To {action} takes a reason. Nothing changed. Say in a few words why, then retry.")
