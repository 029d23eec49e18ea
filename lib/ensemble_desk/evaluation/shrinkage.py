"""What the best of several versions is worth: choosing by the holdout flatters, so values are drawn to their mean."""

from collections.abc import Sequence

import numpy as np


def shrunken(values: Sequence[float], variances: Sequence[float]) -> tuple[float, ...]:
    """Draw each of n estimates to their mean, by the share of their spread that chance explains.

    With fewer than four there is no telling that share, and the mean of all is as much as the choice is known to be
    worth. Source: Efron and Morris, "Data analysis using Stein's estimator and its generalizations" (JASA 70, 1975),
    with the mean estimated, hence n - 3.

    Parameters
    ----------
    values, variances : of the estimates, and of chance in each; in the same order.
    """
    known = np.asarray(values, dtype=np.float64)
    n = len(known)
    if not n:
        return ()
    mean, spread = float(known.mean()), float(((known - known.mean()) ** 2).sum())
    chance = float(np.mean(variances))
    kept = max(0.0, 1.0 - (n - 3) * chance / spread) if n > 3 and spread > 0 else 0.0  # noqa: PLR2004 - three are lost
    return tuple((mean + kept * (known - mean)).tolist()) if n > 1 else tuple(known.tolist())
