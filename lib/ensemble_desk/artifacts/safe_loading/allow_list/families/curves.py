"""The curves of a calibration in the allow-list: from what an estimator says to a probability."""

from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.families.parts import Entry
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import expect

BY_METHOD = {"sigmoid": "_SigmoidCalibration", "isotonic": "IsotonicRegression", "temperature": "_TemperatureScaling"}


def sigmoid(made: Any) -> None:
    expect(all(parts.is_finite(made.__dict__.get(name)) for name in ("a_", "b_")), "a sigmoid")


def temperature(made: Any) -> None:
    expect(parts.is_finite(made.__dict__.get("beta_")), "a temperature")


def isotonic(made: Any) -> None:
    """Check the points of an isotonic curve, and draw it through them; a pickle does not hold the curve itself."""
    subject, told = "an isotonic curve", made.__dict__
    if "X_thresholds_" not in told:
        return
    shape = np.shape(told["X_thresholds_"])
    expect(len(shape) == 1 and shape[0] > 0, subject, "points")
    parts.held(made, {"X_thresholds_": shape, "y_thresholds_": shape}, subject)
    expect((np.diff(made.X_thresholds_) >= 0).all(), subject, "points")
    expect(all(parts.is_finite(told.get(name)) for name in ("X_min_", "X_max_")), subject, "limits")
    parts.one_of(made, "out_of_bounds", ("clip",), subject)
    made._build_f(made.X_thresholds_, made.y_thresholds_)  # noqa: SLF001 - as its own __setstate__ does


ENTRIES: tuple[Entry, ...] = (
    ("sklearn.calibration", "_SigmoidCalibration", sigmoid),
    ("sklearn.calibration", "_TemperatureScaling", temperature),
    ("sklearn.isotonic", "IsotonicRegression", isotonic),
)
