"""The losses of boosting in the allow-list: made afresh, only the number of classes is taken from the file."""

from collections.abc import Callable
from typing import Any

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import Builder, Recipe, expect, state_of
from ensemble_desk.errors import extras

_BYTES = 64  # its own name in the file is longer
_FEWEST, _MOST = 3, 2**10  # two classes have losses of their own


def loss(name: str, *, told: str = "n_classes") -> Callable[[Builder, Recipe], Any]:
    """Give the function that makes one loss; its compiled half, its link and its intervals come with it.

    ``told`` is the attribute that tells the number of classes; until 1.3 the losses of boosting called it K.
    """

    def build(builder: Builder, given: Recipe) -> Any:
        with extras.needed():
            from sklearn._loss import loss as losses

        builder.copying(_BYTES)
        state = state_of(given)
        expect(type(state) is dict, "a loss")
        if name != "HalfMultinomialLoss":
            return getattr(losses, name)()
        n_classes = builder.value(state.get(told))
        expect(type(n_classes) is int and _FEWEST <= n_classes <= _MOST, "a loss", "classes")
        return losses.HalfMultinomialLoss(n_classes=n_classes)

    return build
