"""The holdout, scored once: the ensemble and its members beside baselines, intervals and marks of leakage."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.flat import growing
from ensemble_desk.ensemble.members import catalogue, ratios
from ensemble_desk.ensemble.votes import Votes
from ensemble_desk.evaluation import baselines, intervals, leakage, leaning, metrics, skill
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.evaluation.leaning import Leaning
from ensemble_desk.evaluation.skill import Skill
from ensemble_desk.evaluation.splits import Split
from ensemble_desk.market import usual_rates
from ensemble_desk.training import walk_forward, weighing
from ensemble_desk.training.dataset import Dataset
from ensemble_desk.training.walk_forward import OutOfFold, Recipe
from ensemble_desk.training.weighing import Weighing


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guide calls performances, and everything else the holdout tells, both ready for JSON."""

    performances: dict[str, dict[str, Any]]
    evaluation: dict[str, Any]


def score(data: Dataset, split: Split, recipe: Recipe, *, oof: OutOfFold, learnt: Weighing) -> Verdict:
    """Fit every weighed member on the train part and score it, and the pool, on rows neither has seen."""
    y_train, y = data.classes[split.train], data.classes[split.holdout]
    both = np.concatenate([split.train, split.holdout])
    votes = {name: _votes(name, data, recipe, learn=split.train, ask=both) for name in learnt.weights}
    seen = {name: given.probabilities[: len(y_train)] for name, given in votes.items()}
    unseen = {name: given.probabilities[len(y_train) :] for name, given in votes.items()}
    told = {name: metrics.scores(p, y) for name, p in unseen.items()}
    n_features = {name: _n_features(name, data) for name in votes}
    performances = {
        name: _performance(metrics.scores(seen[name], y_train), told[name], n_features=n_features[name])
        for name in votes
    }
    said, h = learnt.pooled(unseen), recipe.label.horizon_bars
    pooled = metrics.scores(said, y)
    known = baselines.baselines(y_train, y, horizon_bars=recipe.label.horizon_bars, last_labels=data.classes[split.gap])
    voted = np.isfinite(said).all(axis=1)
    estimate = intervals.share_at_one_look(said[voted].argmax(axis=1) == y[voted], horizon_bars=h)
    usual = np.tile(np.bincount(y_train, minlength=3) / len(y_train), (int(voted.sum()), 1))
    evaluation = {
        "n_train": len(y_train),
        "n_holdout": len(y),
        "n_eff": estimate.n_eff,
        "ensemble": pooled | {"low": estimate.low, "high": estimate.high},
        "equal_weights": metrics.scores(weighing.equal(oof).pooled(unseen), y),
        "best_member": weighing.best_member(oof),
        "members": told,
        "baselines": known,
        "baseline_accuracy": baselines.published(known),
        "confusion": pooled["confusion"],
        "usual_rates": usual_rates.of(data.classes),
        "lean": _lean(leaning.at_one_look(said[voted], usual, y[voted].astype(np.int64), horizon_bars=h)),
        "skill": _skill(skill.at_one_look(said[voted], usual, y[voted].astype(np.int64), horizon_bars=h)),
        "never_named": list(skill.never_named(said[voted])),
        "volatility_skill": pooled["volatility_skill"],
        "direction_skill": pooled["direction_skill"],
        "leakage": list(_leakage(data, split, recipe, estimate, majority=baselines.published(known))),
        "oof": weighing.told(oof, learnt),
        "abstained": dict(oof.left_out) | _silent(votes, len(y_train)),
    }
    return Verdict(performances, evaluation)


def _n_features(name: str, data: Dataset) -> int:
    """Count what a member reads: the close alone, what ratios are made of, or every feature."""
    if name in catalogue.PRICE_MEMBERS:
        return 1
    return len(ratios.FEATURES) if name in catalogue.POOLED_MEMBERS else data.features.shape[1]


def _skill(found: Skill | None) -> dict[str, Any] | None:
    """Write what the holdout says against the rates of the train part; a limit that is not known is None."""
    if found is None:
        return None
    told = asdict(found)
    for score in ("log_loss", "rps"):
        told[score] = {name: value if math.isfinite(value) else None for name, value in told[score].items()}
    return told | {"verdict": found.verdict.value}


def _lean(found: Leaning | None) -> dict[str, Any] | None:
    """Write what the holdout says of the leans."""
    if found is None:
        return None
    excess = {name: value if math.isfinite(value) else None for name, value in asdict(found.excess).items()}
    told = {name: getattr(found, name) for name in ("n", "usual", "same", "same_class", "shares")}
    return told | {"accuracy": found.accuracy.value, "excess": excess, "verdict": found.verdict.value}


def _votes(name: str, data: Dataset, recipe: Recipe, *, learn: NDArray[np.int64], ask: NDArray[np.int64]) -> Votes:
    return walk_forward.vote(walk_forward.fit(name, data, recipe, learn=learn, kept=False), data, recipe, ask=ask)


def _performance(train: Mapping[str, Any], valid: Mapping[str, Any], *, n_features: int) -> dict[str, Any]:
    scored = {name: valid[name] for name in ("precision", "recall", "f1")}
    return {
        "train_accuracy": train["accuracy"],
        "valid_accuracy": valid["accuracy"],
        **scored,
        "n_features": n_features,
    }


def _silent(votes: Mapping[str, Votes], n_train: int) -> dict[str, str]:
    """Members that were weighed but said nothing on the whole holdout; their weight went to the others."""
    return {
        name: f"abstained on the whole holdout: {given.reason}"
        for name, given in votes.items()
        if np.isnan(given.probabilities[n_train:]).all()
    }


def _leakage(
    data: Dataset, split: Split, recipe: Recipe, estimate: AccuracyEstimate, *, majority: float
) -> tuple[str, ...]:
    """Marks of leakage, with a twin: a small forest on the same rows with shuffled labels must know nothing."""
    y = leakage.shuffled(data.classes, seed=recipe.seed)
    table, unseen = data.features.to_numpy(), y[split.holdout]
    forest = growing.forest(n_trees=30, leaf=20, share=1.0, seed=recipe.seed).fit(table[split.train], y[split.train])
    said = forest.classes_[forest.predict_proba(table[split.holdout]).argmax(axis=1)]
    share = float(np.mean(said == unseen))
    twin = intervals.wilson(share, len(unseen), horizon_bars=recipe.label.horizon_bars)
    chance = float(np.bincount(unseen).max() / len(unseen))
    return leakage.marks(estimate, majority=majority, twin=twin, twin_chance=chance)
