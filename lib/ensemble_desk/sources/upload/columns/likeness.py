"""Whether columns of numbers are prices of one symbol, the money that shares cost, or something else."""

import numpy as np
from numpy.typing import NDArray

_MOVES, _TOGETHER, _CLOSE = 20, 0.5, 0.02  # rows to judge by; correlation of a price with the others; share of a price
_FEW, _MOST = 4, 0.99

Floats = NDArray[np.float64]


def part_ways(prices: Floats) -> bool:
    """Whether some column does not move with the others, as a count of trades beside prices does not; shape (n, 4)."""
    if len(prices) < _MOVES or not np.ptp(prices, axis=0).any():
        return False
    middle = np.median(prices, axis=1)
    spread = np.abs(prices / middle[:, None] - 1)
    if spread.max() < _CLOSE:  # all of one price within a bar: nothing to tell them apart by
        return False
    if (np.ptp(prices, axis=0) == 0).any():
        return True
    return bool(np.corrcoef(np.column_stack([prices, middle]), rowvar=False)[-1, :-1].min() < _TOGETHER)


def is_price(values: Floats, closes: Floats) -> bool:
    """Whether numbers, shape (n,), are of the size of the closes beside them."""
    with np.errstate(all="ignore"):
        ratio = values / closes
    near = 0.5
    return bool(np.mean(np.abs(ratio - 1) < near) > _MOST)


def is_product(money: Floats, shares: Floats, closes: Floats) -> bool:
    """Whether some numbers are what that many shares cost."""
    with np.errstate(all="ignore"):
        ratio = money / (shares * closes)
    known = ratio[np.isfinite(ratio)]
    near = 0.1
    return len(known) >= _FEW and bool(np.mean(np.abs(known - 1) < near) > _MOST)
