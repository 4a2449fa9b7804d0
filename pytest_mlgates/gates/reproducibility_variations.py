"""The argument ``vary``: which conditions one run more each is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import did_you_mean
from pytest_mlgates.engines.variations import NAMES

if TYPE_CHECKING:
    from pytest_mlgates.gates.reproducibility import ReproducibilityParameters


def variations(value: Any) -> Any:
    """The names in *value*, each once, in their own order; one name may stand alone.

    Raises:
        ValueError: for anything else.
    """
    names = [value] if isinstance(value, str) else value
    if isinstance(names, set | frozenset):
        names = sorted(names, key=str)
    if not isinstance(names, list | tuple):
        raise ValueError(f"a list of {', '.join(map(repr, NAMES))}")  # noqa: TRY004  (collected)
    for name in names:
        if name not in NAMES:
            hint = did_you_mean(str(name), NAMES)
            wanted = f"a list of {', '.join(map(repr, NAMES))}"
            raise ValueError(wanted + (f"; {hint}" if hint else ""))
    if not names:
        raise ValueError(f"one of {', '.join(map(repr, NAMES))} at least, or no `vary`")
    if len(set(names)) < len(names):
        raise ValueError("a list that names each variation once")
    return tuple(names)


def refuse_one_process(parameters: ReproducibilityParameters) -> None:
    """ValueError for what needs processes of its own, where they are ruled out."""
    if parameters.vary and parameters.level == "statistical":
        raise ValueError(
            "level 'statistical' varies the seed alone | leave out `vary`, or choose level "
            "'bitwise' or 'tolerance'"
        )
    for name in ("timeout", "vary"):
        if getattr(parameters, name) and parameters.fresh_process is False:
            why = "cannot be ended" if name == "timeout" else "has one environment"
            raise ValueError(
                f"{name} needs fresh processes: a call in this process {why} | "
                f"leave out `fresh_process=False`, or `{name}`"
            )
