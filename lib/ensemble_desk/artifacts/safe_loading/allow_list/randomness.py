"""Random generators kept inside estimators, rebuilt from checked numbers (prediction never draws from them)."""

from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    UNSET,
    Builder,
    Recipe,
    RefusedError,
    expect,
    is_token,
)
from ensemble_desk.errors.base import shown

MT19937 = "numpy.random._mt19937.MT19937"
PCG64 = "numpy.random._pcg64.PCG64"
_STATE_BYTES = 2500  # what each takes, and its own state in the file
_NAMES = {"MT19937": MT19937, "PCG64": PCG64}


def bit_generator(builder: Builder, given: Recipe) -> Any:
    """Make a bit generator from its class or name, and its state."""
    expect(len(given.args) == 1, "a random generator")
    builder.copying(_STATE_BYTES)
    kind = given.args[0]
    if not is_token(kind, *_NAMES.values()):
        kind = _NAMES.get(kind) if isinstance(kind, str) else None
    made = _fresh("PCG64" if is_token(kind, PCG64) or kind == PCG64 else "MT19937") if kind else None
    if made is None:
        raise RefusedError(asked_for=f"the random generator {shown(given.args[0])}")
    if given.state is not UNSET:
        state = given.state[0] if type(given.state) is tuple and given.state else given.state
        if state is not None:  # a seed sequence may follow; nothing spawns from it after training
            made.state = _checked(builder.value(state), type(made).__name__)
    return made


def random_state(builder: Builder, given: Recipe) -> np.random.RandomState:
    """Make a legacy generator; its state may lie in its own recipe or in the bit generator's."""
    builder.copying(_STATE_BYTES)
    with_state = given.state is not UNSET and given.state is not None
    inner = given.args[0] if given.args else "MT19937"
    generator = builder.value(inner) if isinstance(inner, Recipe) and not with_state else _fresh("MT19937")
    expect(isinstance(generator, np.random.MT19937), "a random generator")
    made = np.random.RandomState(generator)
    if with_state:
        state = builder.value(given.state)
        expect(type(state) is dict and state.get("bit_generator") == "MT19937", "a random generator")
        has_gauss, gauss = state.get("has_gauss", 0), state.get("gauss", 0.0)
        expect(type(has_gauss) in (int, bool) and has_gauss in (0, 1), "a random generator")
        expect(type(gauss) is float, "a random generator")
        made.set_state({**_checked(state, "MT19937"), "has_gauss": has_gauss, "gauss": gauss})
    return made


def generator(builder: Builder, given: Recipe) -> np.random.Generator:
    """Make a generator around its bit generator, which older numpy told by its name and the state behind."""
    inner = given.args[0] if given.args else None
    made = builder.value(inner) if isinstance(inner, Recipe) else None
    if type(inner) is str and inner in _NAMES and given.state is not UNSET:
        made = _fresh(inner)
        made.state = _checked(builder.value(given.state), inner)
    expect(isinstance(made, np.random.BitGenerator), "a random generator")
    return np.random.Generator(made)  # type: ignore[arg-type]


def _fresh(name: str) -> Any:
    return np.random.PCG64(0) if name == "PCG64" else np.random.MT19937(0)


def _checked(state: Any, name: str) -> dict[str, Any]:
    """Check a state dict; a position outside of the key would be read past its end."""
    expect(type(state) is dict and state.get("bit_generator") == name, "a random generator", "state")
    inner = state.get("state")
    expect(type(inner) is dict, "a random generator", "state")
    if name == "MT19937":
        key, position = inner.get("key"), inner.get("pos")
        expect(type(key) is np.ndarray and key.shape == (624,) and key.dtype.kind in "iu", "a random generator", "key")
        expect(type(position) is int and 0 <= position <= 624, "a random generator", "pos")  # noqa: PLR2004 - as above
        return {"bit_generator": name, "state": {"key": key.astype(np.uint32), "pos": position}}
    numbers = [inner.get("state"), inner.get("inc"), state.get("has_uint32", 0), state.get("uinteger", 0)]
    limits = [2**128, 2**128, 2, 2**32]
    fits = all(type(n) is int and 0 <= n < limit for n, limit in zip(numbers, limits, strict=True))
    expect(fits, "a random generator", "state")
    return {
        "bit_generator": name,
        "state": {"state": numbers[0], "inc": numbers[1]},
        "has_uint32": numbers[2],
        "uinteger": numbers[3],
    }
