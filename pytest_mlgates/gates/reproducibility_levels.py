"""At which level a training is held reproducible: the parameters of each, and what goes with what.

``bitwise``: the same bits. ``tolerance``: floats near enough, labels but for a share.
``statistical``: a run with a new seed is what runs with other seeds are.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import did_you_mean
from pytest_mlgates.core.verdict import Bound

if TYPE_CHECKING:
    from pytest_mlgates.engines.apart import Allowed
    from pytest_mlgates.gates.reproducibility import ReproducibilityParameters

LEVELS = ("bitwise", "tolerance", "statistical")
_BELONGS = {
    "atol": "tolerance",
    "rtol": "tolerance",
    "max_ulp": "tolerance",
    "max_flips": "tolerance",
    "tolerance": "statistical",
    "max_spread": "statistical",
    "seeds": "statistical",
    "seed": "statistical",
}
# Above it labels that were drawn by lot would pass.
_MOST_FLIPS = 0.5


def level(value: Any) -> Any:
    """A level, or what is wrong with it in words."""
    if value not in LEVELS:
        hint = did_you_mean(str(value), LEVELS)
        raise ValueError("'bitwise', 'tolerance' or 'statistical'" + (f"; {hint}" if hint else ""))
    return value


def whole_number(value: Any) -> Any:
    """A whole number that is no truth value; numpy's too."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if isinstance(value, bool) or number < 0:
        raise ValueError("a whole number that is not negative")
    return number


def several_seeds(value: Any) -> Any:
    """Two or more whole numbers, each once."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise ValueError("a list of two or more whole numbers: seeds=[1, 2, 3, 4, 5]")
    seeds = tuple(map(whole_number, value))
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise ValueError("two or more seeds, each named once")
    return seeds


def check(parameters: ReproducibilityParameters) -> None:
    """Refuse what does not belong to the level, and a level without its limits.

    Raises:
        ValueError: ``what is wrong | how to mend it``.
    """
    given = [name for name in _BELONGS if getattr(parameters, name) is not None]
    for name in given:
        if _BELONGS[name] == "tolerance" and _falls_back(parameters):
            continue
        if _BELONGS[name] != parameters.level:
            raise ValueError(
                f"{name} is for level={_BELONGS[name]!r}, this gate is {parameters.level} | "
                f"level={_BELONGS[name]!r}, or leave out `{name}`"
            )
    if parameters.max_flips is not None and parameters.max_flips > _MOST_FLIPS:
        raise ValueError(
            f"max_flips = {parameters.max_flips:g} can hardly fail: labels of two classes that "
            "have nothing to do with each other are the same in half of the rows | "
            "a small share: max_flips=0.01"
        )
    if parameters.level == "tolerance" and not given:
        raise ValueError(
            "level 'tolerance' needs a limit | what may differ: atol=1e-8, rtol=1e-6, max_ulp=4, "
            "or max_flips=0.01 of the labels"
        )
    if parameters.level == "statistical":
        _check_statistical(parameters)


def _falls_back(parameters: ReproducibilityParameters) -> bool:
    """Whether limits may stand beside bitwise: a stored run may be of another environment."""
    return parameters.level == "bitwise" and parameters.against is not None


def _check_statistical(parameters: ReproducibilityParameters) -> None:
    if parameters.tolerance is None and parameters.max_spread is None:
        raise ValueError(
            "level 'statistical' needs a limit | tolerance=0.01: how far a new run may be from "
            "the seeds, in the unit of the value; or max_spread=0.01: how far seeds may scatter"
        )
    if not parameters.has_reference:
        raise ValueError("level 'statistical' needs seeds to compare with | seeds=[1, 2, 3, 4, 5]")
    if parameters.seed is not None and parameters.tolerance is None:
        raise ValueError(
            "seed is for a new run, which needs a tolerance | "
            "tolerance=0.01, or leave out `seed`: max_spread judges the seeds alone"
        )
    if parameters.seeds is not None and parameters.seed in parameters.seeds:
        raise ValueError(
            f"seed = {parameters.seed} is one of the seeds: it would be compared with itself | "
            "a seed that is not among `seeds`"
        )
    if parameters.runs != 2:
        raise ValueError(
            "level 'statistical' runs once per seed, `runs` is for the other levels | "
            "leave out `runs`"
        )


def allowed(parameters: ReproducibilityParameters) -> Allowed | None:
    """What the level tolerance allows; None at other levels."""
    return limits(parameters) if parameters.level == "tolerance" else None


def limits(parameters: ReproducibilityParameters) -> Allowed | None:
    """The limits of the level tolerance, at whatever level they stand; None if there are none."""
    given = (parameters.atol, parameters.rtol, parameters.max_ulp, parameters.max_flips)
    if all(one is None for one in given):
        return None
    from pytest_mlgates.engines.apart import Allowed  # imports numpy

    return Allowed(
        atol=parameters.atol,
        rtol=parameters.rtol,
        max_ulp=parameters.max_ulp,
        max_flips=parameters.max_flips or 0.0,
    )


def bound(parameters: ReproducibilityParameters) -> Bound:
    """The bound as a verdict records it: ``max`` is of its estimate, ``margin`` of a new run.

    Of several limits at the level tolerance the estimate shows the first; see the docs.
    """
    if parameters.level == "bitwise":  # limits beside it decide in other environments alone
        return Bound()
    if parameters.level == "statistical":
        return Bound(margin=parameters.tolerance, max=parameters.max_spread)
    if parameters.atol is not None and parameters.rtol is not None:
        return Bound(max=1.0)
    for limit in (parameters.atol, parameters.rtol, parameters.max_ulp, parameters.max_flips):
        if limit is not None:
            return Bound(max=float(limit))
    return Bound()
