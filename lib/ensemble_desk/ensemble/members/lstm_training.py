"""Fitting the long short-term memory network with torch: seeded, on one thread, stopped early on its newest rows."""

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.members.lstm_network import Floats, Network
from ensemble_desk.errors import extras

N_CELLS = 16
_N_CLASSES = 3
_VALIDATION_SHARE = 0.2
_MOST_EPOCHS = 40
_PATIENCE = 5
_BATCH = 64
_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 1e-3

_Tensors = tuple[Any, Any, int, slice]  # windows, classes, how many are learnt, and which say when to stop


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What the network learns: a table of features, the rows that have a class, and the classes.

    Attributes
    ----------
    table : shape (n_rows, f).
    ends : row numbers, each with ``window - 1`` rows before it, ascending, shape (n,).
    classes : shape (n,).
    gap : rows left out between learning and stopping, whose outcomes both would see.
    """

    table: Floats
    ends: NDArray[np.intp]
    classes: NDArray[np.int64]
    window: int
    gap: int

    @property
    def n_learnt(self) -> int:
        """Rows that weights are fitted to; the newest ones, after the gap, only say when to stop."""
        return len(self.ends) - int(_VALIDATION_SHARE * len(self.ends)) - self.gap


def require_torch() -> Any:
    """Import torch; raises MissingExtraError."""
    with extras.needed():
        return importlib.import_module("torch")


def fit(lesson: Lesson, *, seed: int) -> Network:
    """Fit on the older rows until the log-loss on the newest stops falling; the same network for the same arguments.

    Raises
    ------
    MissingExtraError
        When torch is not installed.
    """
    torch = require_torch()
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in another order would give other weights
    try:
        return _fit(torch, lesson, np.random.default_rng(seed))
    finally:
        torch.set_num_threads(n_threads)


def layers(torch: Any, n_features: int, *, n_cells: int = N_CELLS) -> tuple[Any, Any]:
    """Give the recurrent layer and the head as torch modules."""
    return torch.nn.LSTM(n_features, n_cells, batch_first=True), torch.nn.Linear(n_cells, _N_CLASSES)


def _fit(torch: Any, lesson: Lesson, rng: np.random.Generator) -> Network:
    learnt = lesson.table[: lesson.ends[lesson.n_learnt - 1] + 1]
    mean, scale = learnt.mean(axis=0), learnt.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    windows = ((lesson.table - mean) / scale)[lesson.ends[:, None] - np.arange(lesson.window - 1, -1, -1)]
    x, y = torch.tensor(windows, dtype=torch.float32), torch.tensor(lesson.classes)
    recurrent, head = layers(torch, lesson.table.shape[1])
    weights = [*recurrent.parameters(), *head.parameters()]
    reach = N_CELLS**-0.5
    with torch.no_grad():
        for weight in weights:  # torch's own start, drawn from a generator of ours instead of its global one
            weight.copy_(torch.tensor(rng.uniform(-reach, reach, tuple(weight.shape)), dtype=torch.float32))

    def model(some: Any) -> Any:
        return head(recurrent(some)[0][:, -1])

    newest = slice(lesson.n_learnt + lesson.gap, None)
    best = _descend(torch, model, weights, (x, y, lesson.n_learnt, newest), rng)
    w_ih, w_hh, b_ih, b_hh, w_head, b_head = (weight.numpy() for weight in best)
    state = (mean, scale, w_ih, w_hh, b_ih + b_hh, w_head, b_head)
    return Network(*(np.asarray(array, dtype=np.float32) for array in state))


def _descend(torch: Any, model: Any, weights: list[Any], lesson: _Tensors, rng: np.random.Generator) -> list[Any]:
    """Run epochs until the newest rows have not been forecast better for some; gives the best weights."""
    x, y, n_learnt, newest = lesson
    optimiser = torch.optim.AdamW(weights, lr=_LEARNING_RATE, weight_decay=_WEIGHT_DECAY)
    loss_of = torch.nn.CrossEntropyLoss()
    least, best, waited = np.inf, [weight.detach().clone() for weight in weights], 0
    for _ in range(_MOST_EPOCHS):
        order = rng.permutation(n_learnt)
        for at in range(0, len(order), _BATCH):
            some = torch.tensor(order[at : at + _BATCH])
            optimiser.zero_grad()
            loss_of(model(x[some]), y[some]).backward()
            optimiser.step()
        with torch.no_grad():
            loss = float(loss_of(model(x[newest]), y[newest]))
        if loss < least:
            least, best, waited = loss, [weight.detach().clone() for weight in weights], 0
        elif (waited := waited + 1) >= _PATIENCE:
            break
    return best
