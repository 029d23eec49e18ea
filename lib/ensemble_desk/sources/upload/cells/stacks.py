"""Numbers of a large table put together part by part, without a moment at which all of them are there twice."""

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.sources.upload.cells import table

Number = TypeVar("Number", bound=np.generic)


@dataclass(slots=True, eq=False)
class Stack(Generic[Number]):
    """Columns that grow at their end, in room for as many rows as are ever read: what stays empty takes no memory."""

    n: int = 0
    _held: NDArray[Number] | None = None

    def add(self, part: NDArray[Number]) -> None:
        """Put more rows to the end; ``part`` is of shape (k, n) or (n,)."""
        end = self.n + part.shape[-1]
        if self._held is None:
            self._held = part
        else:
            if self._held.shape[-1] < end:
                before, self._held = self._held, np.empty((*part.shape[:-1], table.MOST_ROWS), part.dtype)
                self._held[..., : self.n] = before
            self._held[..., self.n : end] = part
        self.n = end

    def whole(self) -> NDArray[Number]:
        """Give all rows; raises ValueError where there is none."""
        if self._held is None:
            message = "there are no rows"
            raise ValueError(message)
        return self._held[..., : self.n]
