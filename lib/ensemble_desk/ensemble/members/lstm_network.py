"""A small long short-term memory network as plain arrays: three class probabilities from a window of features."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.votes import Probabilities

Floats = NDArray[np.floating[Any]]

_AT_ONCE = 4_096  # windows held at a time
_GATES = 4  # input, forget, cell, output: the order of the rows of the weights, which is torch's
_CLASSES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """One layer of k cells over f features, and a linear head.

    Attributes
    ----------
    mean, scale : shape (f,), of the features it learnt from.
    input_weights, recurrent_weights, bias : shapes (4k, f), (4k, k), (4k,).
    head_weights, head_bias : shapes (3, k), (3,).
    """

    mean: Floats
    scale: Floats
    input_weights: Floats
    recurrent_weights: Floats
    bias: Floats
    head_weights: Floats
    head_bias: Floats

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild from :meth:`to_state`; raises KeyError or ValueError for arrays that are missing or do not fit."""
        network = cls(**{field.name: np.asarray(state[field.name], dtype=np.float32) for field in fields(cls)})
        k, f = network.head_weights.shape[-1], network.mean.size
        shapes = {
            "mean": (f,),
            "scale": (f,),
            "input_weights": (_GATES * k, f),
            "recurrent_weights": (_GATES * k, k),
            "bias": (_GATES * k,),
            "head_weights": (_CLASSES, k),
            "head_bias": (_CLASSES,),
        }
        for name, shape in shapes.items():
            array = getattr(network, name)
            if array.shape != shape or not np.isfinite(array).all():
                message = f"{name} is no finite array of shape {shape}"
                raise ValueError(message)
        if not (network.scale > 0).all():
            message = "a scale is not positive"
            raise ValueError(message)
        return network

    def to_state(self) -> dict[str, Any]:
        return {field.name: np.asarray(getattr(self, field.name), dtype=np.float32) for field in fields(self)}

    def probabilities(self, table: Floats, ends: NDArray[np.intp], *, window: int) -> Probabilities:
        """Probabilities at the rows ``ends`` of a table of features, each from the ``window`` rows up to it.

        Takes shapes (n_rows, f) and (n,), gives (n, 3); every end needs ``window - 1`` rows before it.
        """
        scaled = (np.asarray(table, dtype=np.float64) - self.mean) / self.scale
        blocks = [self._block(scaled, ends[at : at + _AT_ONCE], window=window) for at in range(0, len(ends), _AT_ONCE)]
        return np.concatenate(blocks) if blocks else np.empty((0, _CLASSES))

    def _block(self, scaled: Floats, ends: NDArray[np.intp], *, window: int) -> Probabilities:
        k = self.head_weights.shape[1]
        hidden: Floats = np.zeros((len(ends), k))
        cell = hidden
        for back in range(window - 1, -1, -1):
            sums = scaled[ends - back] @ self.input_weights.T + hidden @ self.recurrent_weights.T + self.bias
            take, keep, new, give = (sums[:, gate * k : (gate + 1) * k] for gate in range(_GATES))
            cell = _sigmoid(keep) * cell + _sigmoid(take) * np.tanh(new)
            hidden = _sigmoid(give) * np.tanh(cell)
        raw = hidden @ self.head_weights.T + self.head_bias
        grown = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))  # does not overflow
