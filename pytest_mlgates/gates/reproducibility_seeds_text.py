"""What the level statistical says: the new run, what to expect of it, and what would decide."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.text import percent, plural
from pytest_mlgates.core.verdict import Finding
from pytest_mlgates.gates.reproducibility_seeds import VALUE
from pytest_mlgates.statistics.seeds import Shift, Spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgates.gates.reproducibility_seeds import SeedRun

_STATES = {
    Finding.PROVEN: "is reproducible over seeds",
    Finding.DISPROVEN: "is not reproducible over seeds",
    Finding.INCONCLUSIVE: "may be reproducible over seeds, its runs do not decide it",
}
_LOOSE = (
    "  want:  a run that its seed repeats, so that runs of other seeds are other runs",
    "  why:   the randomness is not tied to the seed: a generator of the training is not given it",
    "  fix:   seed every generator from the argument: `with pytest_mlgates.seed(seed): …` in it",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim about one number.

    Attributes:
        name: The number.
        found: What the runs say.
        needed: How many seeds would decide it, None if no number of them would.
    """

    name: str
    found: Shift | Spread
    needed: int | None

    @property
    def finding(self) -> Finding:
        """Statistics alone."""
        wrong = self.found.unexpected if isinstance(self.found, Shift) else self.found.disproven
        if wrong:
            return Finding.DISPROVEN
        return Finding.PROVEN if self.found.proven else Finding.INCONCLUSIVE

    @property
    def estimate(self) -> float:
        """The new run's value, or the spread."""
        return self.found.value if isinstance(self.found, Shift) else self.found.sample.deviation

    @property
    def strain(self) -> float:
        """How much of what is allowed is used up: the largest is shown."""
        found = self.found
        if isinstance(found, Spread):
            return found.interval.upper / found.limit
        far = max(
            found.sample.mean - found.interval.lower, found.interval.upper - found.sample.mean
        )
        return far / found.tolerance

    def to_dict(self) -> dict[str, Any]:
        """Plain types: enough to compute the finding again."""
        found, sample = self.found, self.found.sample
        common = {
            "value": self.name,
            "finding": str(self.finding),
            "seeds": sample.n,
            "mean": sample.mean,
            "deviation": sample.deviation,
            "lower": found.interval.lower,
            "upper": found.interval.upper,
            "seeds_needed": self.needed if self.finding is Finding.INCONCLUSIVE else None,
        }
        if isinstance(found, Spread):
            return {"claim": "spread", **common, "limit": found.limit}
        expected = [found.expected.lower, found.expected.upper]
        return {
            "claim": "new run",
            **common,
            "new": found.value,
            "expected": expected,
            "tolerance": found.tolerance,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """A number that one seed gave twice, and differently: chance that no seed has a hold on.

    Attributes:
        name: The number.
        seed: The seed.
        first: What it gave.
        second: What it gave once more.
    """

    name: str
    seed: int
    first: float
    second: float

    @property
    def text(self) -> str:
        """``accuracy: 0.91 with seed 6, then 0.905``."""
        name = "" if self.name == VALUE else f"{self.name}: "
        return f"{name}{_short(self.first)} with seed {self.seed}, then {_short(self.second)}"


def summary(claim: Claim, loose: Loose | None = None) -> str:
    """One line for the table of a run."""
    if loose is not None:
        return f"not decided: {loose.text}"
    found, seeds = claim.found, plural(claim.found.sample.n, "seed")
    state = {Finding.INCONCLUSIVE: "not decided"}.get(claim.finding, str(claim.finding))
    if claim.finding is Finding.INCONCLUSIVE:
        about = f"about {claim.needed:,} seeds would decide" if claim.needed else _hopeless(claim)
        return f"{state}: {about}"
    if isinstance(found, Spread):
        return f"{state}, spread of {seeds}"
    if claim.finding is Finding.PROVEN:
        return f"{state}, within {_short(found.tolerance)} of {seeds}"
    return f"{state}, {_short(found.value)} is not what {seeds} let expect"


def message(
    shown: Claim,
    claims: Sequence[Claim],
    name: str,
    confidence: float,
    runs: Sequence[SeedRun],
    loose: Loose | None = None,
    *,
    stored: bool,
) -> str:
    """What, every number with what it is held to, want, why, fix."""
    finding = shown.finding if loose is None else Finding.INCONCLUSIVE
    state = "not decided" if finding is Finding.INCONCLUSIVE else str(finding)
    seed = runs[-1].seed if runs else None
    lines = [f"{name} {_STATES[finding]} (level statistical {state})"]
    lines += [f"  - {_line(claim, confidence, seed)}" for claim in claims]
    if loose is not None:
        return "\n".join([*lines, f"  - {loose.text}: the same seed gives another run", *_LOOSE])
    if finding is Finding.PROVEN:
        return "\n".join(lines)
    why, fix = _cause(shown, confidence, stored=stored)
    return "\n".join([*lines, f"  want:  {_want(shown)}", f"  why:   {why}", f"  fix:   {fix}"])


def _line(claim: Claim, confidence: float, seed: int | None) -> str:
    found, sample = claim.found, claim.found.sample
    seeds = plural(sample.n, "seed")
    if isinstance(found, Spread):
        low, high = found.interval.lower, found.interval.upper
        text = f"{_of(claim)}spread {_short(sample.deviation)} over {seeds}, "
        if not sample.deviation:
            return text + "all values are the same, which tells nothing of it"
        return text + (
            f"at least {_short(low)} and at most {_short(high)} ({percent(confidence)} each), "
            f"max_spread {_short(found.limit)}: {_state(claim)}"
        )
    text = f"{_of(claim)}{_short(found.value)} with seed {seed}; {seeds} give a mean of "
    text += f"{_short(sample.mean)}"
    if not sample.deviation:
        return text + f", all the same value: how far runs scatter is unknown: {_state(claim)}"
    return text + (
        f" (standard deviation {_short(sample.deviation)}) and let expect "
        f"{_short(found.expected.lower)} to {_short(found.expected.upper)} "
        f"({percent(confidence)}); such runs are {_short(_least(found))} to "
        f"{_short(_most(found))} from it ({percent(confidence)} each), tolerance "
        f"{_short(found.tolerance)}: {_state(claim)}"
    )


def _of(claim: Claim) -> str:
    return "" if claim.name == VALUE else f"{claim.name}: "


def _state(claim: Claim) -> str:
    return "not decided" if claim.finding is Finding.INCONCLUSIVE else str(claim.finding)


def _most(found: Shift) -> float:
    """How far the mean of such runs is from that of the seeds, at most."""
    return max(found.sample.mean - found.interval.lower, found.interval.upper - found.sample.mean)


def _least(found: Shift) -> float:
    near = max(found.interval.lower - found.sample.mean, found.sample.mean - found.interval.upper)
    return max(0.0, near)


def _want(claim: Claim) -> str:
    found = claim.found
    if isinstance(found, Spread):
        return f"a standard deviation over seeds of {_short(found.limit)} at most"
    return (
        "a new run where one more run of the seeds' training is expected, and proof that such runs "
        f"are within {_short(found.tolerance)} of the mean of the seeds"
    )


def _cause(claim: Claim, confidence: float, *, stored: bool) -> tuple[str, str]:
    found = claim.found
    if not found.sample.deviation:
        why = "all seeds give the very same value, so nothing shows how far runs scatter"
        return why, (
            "use the seed in the callable; return a finer number (a loss instead of a share of few "
            'rows); or level="bitwise", if the seed does not matter'
        )
    if claim.finding is Finding.INCONCLUSIVE:
        inside = "on the right side" if found.holds else "on the wrong side"
        why = f"{plural(found.sample.n, 'seed')} leave it open; the number itself is {inside}"
        if claim.needed is None:
            return why, _hopeless(claim)
        return why, f"about {claim.needed:,} seeds would decide, if they scatter as these do"
    if isinstance(found, Spread):
        why = "the result depends more on the seed than is allowed"
        return why, "average over several seeds, train longer, or allow a larger max_spread"
    chance = f"chance does it to {percent(1 - confidence)} of equal trainings (`confidence`)"
    if stored:
        why = f"the training is not the one that was stored: code, data or a library; {chance}"
        return why, "look at what has changed; where that is wanted, record the seeds anew"
    why = f"state kept between runs, or a generator that is not given the seed; {chance}"
    return why, "build everything inside of the function, from its seed; fresh_process=True"


def _hopeless(claim: Claim) -> str:
    """What would decide where more seeds would not."""
    found = claim.found
    if not found.sample.deviation:
        return "no spread to judge by"
    if isinstance(found, Spread):
        return f"no number of seeds would decide; max_spread={_above(found.interval.upper)} would"
    return f"no number of seeds would decide; tolerance={_above(_most(found))} would"


def _above(value: float) -> str:
    """Two digits that are not below *value*."""
    digits = 1 - math.floor(math.log10(value))
    return f"{math.ceil(value * 10**digits) / 10**digits:.{max(digits, 0)}f}"


def _short(value: float) -> str:
    return f"{value:.5g}"
