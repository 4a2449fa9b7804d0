"""``mlgates record`` as a function: make the stored runs of declared gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgates.core.errors import ConfigurationError
from pytest_mlgates.core.text import listing
from pytest_mlgates.runner.check import select
from pytest_mlgates.runner.evaluator import Evaluator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlgates.config.model import Configuration, DeclaredGate
    from pytest_mlgates.core.verdict import Verdict


def record(
    configuration: Configuration,
    ids: Sequence[str] = (),
    *,
    progress: Callable[[str], None] | None = None,
) -> list[Verdict]:
    """Run declared gates that have a stored run, and store what repeats itself.

    Args:
        configuration: What governs them.
        ids: The gates; none means all that name a stored run.
        progress: Called with a gate's id before it runs.

    Raises:
        ConfigurationError: for an unknown id, or a gate without a stored run.
    """
    evaluator = Evaluator(configuration, record=True)
    verdicts = []
    for declared in _selected(configuration, tuple(dict.fromkeys(ids))):
        if progress is not None:
            progress(declared.gate.id)
        verdicts.append(evaluator.evaluate_declared(declared))
    return verdicts


def _selected(configuration: Configuration, ids: Sequence[str]) -> list[DeclaredGate]:
    chosen = select(configuration, ids)
    kept = [one for one in chosen if getattr(one.gate.parameters, "against", None) is not None]
    without = [one.gate.id for one in chosen if one not in kept]
    if kept and not (ids and without):
        return kept
    raise ConfigurationError(
        f"{listing(without)} cannot be recorded: there is no stored run to make"
        if ids
        else "there are no stored runs to make",
        where=configuration.source,
        want='a gate of kind reproducibility with `against = "repro/training.json"`',
    )
