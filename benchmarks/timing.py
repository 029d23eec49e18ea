"""Measuring two ways of doing one thing in turns, so that a noisy machine disturbs both alike."""

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

LEAST_REPEATS = 7
_MORE_WHEN_SHORT = 3
_LEAST_SECONDS = 0.02  # a sample shorter than this tells more about the clock than about the code


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds that one call took, measured several times."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest of them."""
        return min(self.seconds), max(self.seconds)

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Sample":
        return cls(tuple(seconds))


def in_turns(*works: Callable[[], object], repeats: int = LEAST_REPEATS) -> tuple[Sample, ...]:
    """Time each work at least ``repeats`` times, one sample of each after the other.

    Every work runs once before, unmeasured. A sample of a short work is the mean of as many calls as fill 20 ms; when
    all are short, three times as many samples are taken. Garbage is collected between samples.
    """
    sizes = [_calls_per_sample(work) for work in works]
    rounds = repeats * (_MORE_WHEN_SHORT if min(sizes) > 1 else 1)
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for samples, work, size in zip(taken, works, sizes, strict=True):
            samples.append(_sample(work, size))
    return tuple(Sample.of(samples) for samples in taken)


def after(
    change: Callable[[], object], *works: Callable[[], object], repeats: int = LEAST_REPEATS
) -> tuple[Sample, ...]:
    """Time single calls in turns, each right after a change, so that nothing remembered can answer."""
    taken: list[list[float]] = [[] for _ in works]
    for number in range(_MORE_WHEN_SHORT * repeats + 1):
        for samples, work in zip(taken, works, strict=True):
            change()
            took = _sample(work, 1)
            if number:  # the first round warms up
                samples.append(took)
    return tuple(Sample.of(samples) for samples in taken)


def paired_steps(ours: Sequence[Callable[[], object]], theirs: Sequence[Callable[[], object]]) -> tuple[Sample, Sample]:
    """Time two rows of works that differ from step to step, ours and theirs in turns, each work once."""
    taken = [(_sample(one, 1), _sample(other, 1)) for one, other in zip(ours, theirs, strict=True)]
    return Sample.of(one for one, _ in taken), Sample.of(other for _, other in taken)


def _calls_per_sample(work: Callable[[], object]) -> int:
    took = _sample(work, 1)
    if took < _LEAST_SECONDS:
        took = _sample(work, 1)  # the first call also imports and compiles
    return max(1, round(_LEAST_SECONDS / max(took, 1e-7)))


def _sample(work: Callable[[], object], size: int) -> float:
    gc.collect()
    began = time.perf_counter()
    for _ in range(size):
        work()
    return (time.perf_counter() - began) / size
