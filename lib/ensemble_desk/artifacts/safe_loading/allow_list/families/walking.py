"""One walk over the parts of a member: who asks whom, how many columns go in and come out, and that it ends.

Parts may be shared, so a small file could ask for a prediction without end: the walk counts.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ensemble_desk.artifacts.safe_loading.allow_list.families import estimators, parts
from ensemble_desk.artifacts.safe_loading.allow_list.families.transforming import catalogue, functions
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, UnfitError, expect
from ensemble_desk.ensemble.flat.forest import FlatForest

MOST_PARTS = 20_000
SCORES = "decision_function"
SHARES = "predict_proba"
_DEEPEST = 8
_READS = ("n_features_in_", "feature_names_in_")
_PASSES = (None, "passthrough")
Shape = tuple[int, int]  # columns that go in, and classes or columns that come out
Checks = Mapping[str, Callable[["Walk", Any], Shape]]


def is_fitted(model: Any) -> bool:
    if type(model).__name__ == "Pipeline":
        steps = model.__dict__.get("steps")
        return type(steps) is list and bool(steps) and type(steps[-1]) is tuple and is_fitted(steps[-1][-1])
    return isinstance(model, FlatForest) or "classes_" in getattr(model, "__dict__", {})


def _tell_free(steps: list[Any], behind: Any) -> None:
    """Tell functions, which keep all columns, what the next part reads; unless another transformer is before that."""
    for step in reversed(steps):
        if step is None or type(step) is str:
            continue
        functions.tell(step, **{name: vars(behind)[name] for name in _READS if name in getattr(behind, "__dict__", {})})
        behind = step


def named(made: Any) -> str:
    return f"a {type(made).__name__}"


class Walk:
    """One walk over the parts of a member."""

    def __init__(self, voters: Checks, transformers: Checks) -> None:
        self._voters, self._transformers = voters, transformers
        self._left, self._depth = MOST_PARTS, 0
        self._asked: set[int] = set()

    def voter(self, model: Any, *, asked: str) -> Shape:
        """Give how many columns a classifier reads and how many classes it tells apart."""
        if not (is_fitted(model) and hasattr(model, asked)):
            raise MalformedError(problem=f"a part of it, a {type(model).__name__}, cannot be asked for {asked}")
        self.once(model)
        if isinstance(model, FlatForest):
            return model.n_features_in_, len(model.classes)
        check = self._voters.get(type(model).__name__)
        if check is not None:
            shape = self._within(check, model)
            expect(model.__dict__.get("n_features_in_") in (None, shape[0]), named(model), "features")
            return shape
        if "tree_" in vars(model):
            estimators.single_tree(model)
        if "n_features_in_" not in vars(model):
            raise UnfitError(problem=f"its {type(model).__name__} does not tell how many features it reads")
        return parts.features(model), parts.classes(model)

    def transformer(self, made: Any) -> Shape:
        """Give how many columns a transformer reads and how many it makes."""
        check = self._transformers.get(type(made).__name__)
        reads, makes = self._within(check, made) if check else (parts.features(made), catalogue.width(made))
        if makes > reads:
            parts.narrow(makes, named(made))
        return reads, makes

    def once(self, part: Any) -> None:
        """Refuse a part that is asked several times: a few bytes could make a forecast take minutes."""
        if id(part) in self._asked:
            raise MalformedError(problem=f"one {type(part).__name__} stands for several")
        self._asked.add(id(part))

    def _within(self, check: Callable[["Walk", Any], Shape], made: Any) -> Shape:
        self._left, self._depth = self._left - 1, self._depth + 1
        if self._left < 0 or self._depth > _DEEPEST:
            raise MalformedError(problem="its estimators are nested too deeply, or too many")
        shape = check(self, made)
        self._depth -= 1
        return shape

    def chain(self, made: Any, steps: list[Any], *, behind: Any = None) -> Shape | None:
        """Check transformers one after the other; None when nothing is changed by any.

        ``behind`` is what reads behind them.
        """
        _tell_free([step for _, step in steps], behind)
        first = last = None
        for _, step in steps:
            if isinstance(step, str | None) and step in _PASSES:
                continue
            self.once(step)
            reads, makes = self.transformer(step)
            expect(last in (None, reads), named(made), "width")
            first, last = first or reads, makes
        return None if first is None or last is None else (first, last)

    def several(self, made: Any, members: Any, *, asked: str = SHARES) -> Shape:
        """Check voters that all read the same columns and tell the same number of classes apart."""
        expect(type(members) is list and 0 < len(members) <= MOST_PARTS, named(made), "parts")
        self._left -= len(members)
        shapes = {self.voter(member, asked=asked) for member in members}
        expect(len(shapes) == 1, named(made), "parts")
        return shapes.pop()
