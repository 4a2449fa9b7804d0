"""The kind ``reproducibility``: its parameters, and the way to the modules that judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from pytest_mlgates.engines.variations import Name
from pytest_mlgates.gates import reproducibility_levels as levels
from pytest_mlgates.gates.base import GateKind, GateParameters, Number
from pytest_mlgates.gates.reading import reader
from pytest_mlgates.gates.reproducibility_variations import refuse_one_process, variations
from pytest_mlgates.gates.stored_references import reference

if TYPE_CHECKING:
    from pytest_mlgates.core.verdict import Bound, Verdict
    from pytest_mlgates.gates.base import Context


class ReproducibilityParameters(GateParameters, frozen=True, kw_only=True):
    """What a reproducibility gate takes.

    ``runs`` calls are compared with the first. ``fresh_process`` calls in a new process per run,
    each with a hash seed of its own; ``timeout`` is in seconds per such run; ``vary`` names what
    one run more each finds changed: both imply ``fresh_process``. ``against`` names a stored run
    that the first is compared with. The others are those of a level, see
    ``reproducibility_levels``.
    """

    runs: Annotated[int, Meta(ge=1, le=1000)] = 2
    level: Annotated[Literal["bitwise", "tolerance", "statistical"], reader(levels.level)] = (
        "bitwise"
    )
    atol: Annotated[Number, Meta(ge=0)] | None = None
    rtol: Annotated[Number, Meta(ge=0, lt=1)] | None = None
    max_ulp: Annotated[int, reader(levels.whole_number), Meta(ge=0, le=2**63 - 1)] | None = None
    max_flips: Annotated[Number, Meta(ge=0, lt=1)] | None = None
    tolerance: Annotated[Number, Meta(gt=0)] | None = None
    max_spread: Annotated[Number, Meta(gt=0)] | None = None
    seeds: Annotated[tuple[int, ...], reader(levels.several_seeds)] | None = None
    seed: Annotated[int, reader(levels.whole_number)] | None = None
    vary: Annotated[tuple[Name, ...], reader(variations)] = ()
    fresh_process: bool | None = None
    timeout: Annotated[Number, Meta(gt=0)] | None = None
    against: Annotated[str, reader(reference)] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be kept or compares nothing, and limits of another level."""
        if self.runs == 1 and self.against is None:
            raise ValueError(
                "runs = 1 compares nothing | runs=2 or more, or `against` a stored run"
            )
        refuse_one_process(self)
        fresh = bool(self.fresh_process or self.vary or self.timeout is not None)
        msgspec.structs.force_setattr(self, "fresh_process", fresh)
        levels.check(self)

    @property
    def has_reference(self) -> bool:
        """Whether there are runs of other seeds to compare with."""
        return self.seeds is not None or self.against is not None

    def bound(self) -> Bound:
        """What the level allows."""
        return levels.bound(self)


def evaluate(parameters: ReproducibilityParameters, subject: Any, context: Context) -> Verdict:
    """The verdict of the runs of a callable (the modules behind are imported here)."""
    from pytest_mlgates.gates.reproducibility_judge import evaluate as judge

    return judge(parameters, subject, context)


KIND = GateKind(
    name="reproducibility",
    takes="callable",
    positional=(),
    parameters=ReproducibilityParameters,
    evaluate=evaluate,
)
