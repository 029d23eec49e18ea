"""How many independent outcomes it takes to settle whether accuracy fell."""

import math
from statistics import NormalDist


def outcomes_to_settle(baseline: float, drop: float, *, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Outcomes without overlap (n_eff) that show a drop from `baseline` by `drop` (shares) with the given power.

    One-sided test of a proportion, normal approximation (Fleiss, Levin and Paik, "Statistical methods for rates and
    proportions", 3rd ed., section 2.5). None when nothing fell or the fall leaves 0..1.
    """
    fallen = baseline - drop
    if drop <= 0 or not 0 <= fallen < baseline <= 1:
        return None
    normal = NormalDist()
    spread = normal.inv_cdf(1 - alpha) * math.sqrt(baseline * (1 - baseline))
    spread += normal.inv_cdf(power) * math.sqrt(fallen * (1 - fallen))
    return round((spread / drop) ** 2)
