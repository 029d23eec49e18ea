"""Numbers of a large table put together part by part, without a moment at which all of them are there twice."""

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.sources.upload.cells import table

Number = TypeVar("Number", bound=np.generic)


@dataclass(slots=True, eq=False)
class Stack(Generic[Number]):
    """Rows one below the other, in room for as many as are ever read: what stays empty of it takes no memory."""

    n: int = 0
    _held: NDArray[Number] | None = None

    def add(self, part: NDArray[Number]) -> None:
        end = self.n + len(part)
        if self._held is None:
            self._held = part
        else:
            if len(self._held) < end:
                before, self._held = self._held, np.empty((table.MOST_ROWS, *part.shape[1:]), part.dtype)
                self._held[: self.n] = before
            self._held[self.n : end] = part
        self.n = end

    def whole(self) -> NDArray[Number]:
        """Give all rows; raises ValueError where there is none."""
        if self._held is None:
            message = "there are no rows"
            raise ValueError(message)
        return self._held[: self.n]
