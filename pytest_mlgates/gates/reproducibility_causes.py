"""Why two runs differ: the usual cause of what was seen, each named where the evidence is for it.

Every function looks for one cause and returns why and what to do about it, or None.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_mlgates.gates import reproducibility_stress as stress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_mlgates.engines.differences import Difference
    from pytest_mlgates.engines.runs import Run
    from pytest_mlgates.engines.stages import Divergence
    from pytest_mlgates.gates.reproducibility_text import Report

# A sum in another order is off by a few units in the last place per step; other causes by far more.
_ROUNDING_ULP = 1024
_SEEDING = {
    "random": "random.seed(7)",
    "numpy.random": "np.random.seed(7)",
    "torch": "torch.manual_seed(7)",
    "torch.cuda": "torch.cuda.manual_seed_all(7)",
    "tensorflow": "tf.random.set_seed(7)",
    "keras": "keras.utils.set_random_seed(7)",
}
# Where the random numbers of a library's layers come from.
_SOURCES = {
    "torch": {"torch", "torch.cuda"},
    "keras": {"random", "keras", "tensorflow", "torch"},
}
Cause = tuple[str, str]


@dataclass(frozen=True)
class Evidence:
    """What is known of run 1 and of a run that differs from it.

    Attributes:
        first: Run 1.
        other: The run that differs.
        diverged: The first stage that differs.
        found: What differs in it, or in the result.
        fresh: Whether each ran in a process of its own.
        hash_seed_decides: Whether the hash seed alone brought the first result back; None: unknown.
    """

    first: Run
    other: Run
    diverged: Divergence | None
    found: Sequence[Difference]
    fresh: bool
    hash_seed_decides: bool | None

    @cached_property
    def drawn(self) -> list[str]:
        """The global generators that the runs drew from and left in different states."""
        # A run that seeds a generator as the one before did leaves it as it was: it drew from it.
        mine, theirs = (run.facts.get("end", run.random) for run in (self.first, self.other))
        names = {*self.first.random, *self.other.random}
        return sorted(name for name in names if mine.get(name) != theirs.get(name))

    @cached_property
    def drawn_here(self) -> list[str]:
        """Those of them that were drawn from between the last equal stage and this one.

        Without stages it is not known when: all of them.
        """
        if self.diverged is None or not self._is_in_both(self.diverged.place):
            return self.drawn
        before, here = self._states(self.diverged.place - 1), self._states(self.diverged.place)
        return [
            name
            for name in self.drawn
            if any(one.get(name) != now.get(name) for one, now in zip(before, here, strict=True))
        ]

    @cached_property
    def seeded_here(self) -> list[str]:
        """The global generators that were in different states before, and are in equal ones here.

        Both runs have seeded them in between.
        """
        place = -1 if self.diverged is None else self.diverged.place - 1
        before, here = self._states(place), self._states(place + 1)
        if self.diverged is None or not self._is_in_both(place + 1):
            here = self.first.facts.get("end", {}), self.other.facts.get("end", {})
        return sorted(
            name
            for name in {*here[0], *here[1]}
            if before[0].get(name) != before[1].get(name) and here[0].get(name) == here[1].get(name)
        )

    @property
    def stage(self) -> str:
        """The name of the first stage that differs, without its number."""
        return (
            ""
            if self.diverged is None
            else self.diverged.label.rpartition(" ")[0] or (self.diverged.label)
        )

    def parted(self, name: str) -> tuple[str, str] | None:
        """The neighbouring stages between which the generator *name* came to differ.

        None if it differed before the first stage, or no stage tells.
        """
        last = -1 if self.diverged is None else self.diverged.place
        for place in range(1, last + 1):
            before, here = self._states(place - 1), self._states(place)
            if before[0].get(name) != before[1].get(name):
                return None
            if here[0].get(name) != here[1].get(name):
                return self.first.stages[place - 1].label, self.first.stages[place].label
        return None

    def fact(self, name: str) -> Any:
        """What both runs noted, None if they did not."""
        mine = self.first.facts.get(name)
        return mine if mine == self.other.facts.get(name) else None

    def _is_in_both(self, place: int) -> bool:
        return place < min(len(self.first.stages), len(self.other.stages))

    def _states(self, place: int) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """The generators of both runs at a stage, at the start for -1."""
        if place < 0:
            return self.first.facts.get("start", {}), self.other.facts.get("start", {})
        if not self._is_in_both(place):
            return {}, {}
        return self.first.stages[place].generators, self.other.stages[place].generators


def cause(report: Report, number: int) -> Cause:
    """The usual cause of what run *number* shows, and what to do about it."""
    if (varied := stress.cause(report, number)) is not None:
        return varied
    evidence = Evidence(
        first=report.runs[0],
        other=report.runs[number - 1],
        diverged=report.divergences[number - 1],
        found=report.found(number),
        fresh=report.fresh,
        hash_seed_decides=report.hash_seed_decides,
    )
    for look in _CAUSES:
        named = look(evidence)
        if named is not None:
            return named
    return _unknown(evidence)


def draws_global_numbers(first: Run, other: Run, diverged: Divergence | None) -> bool:
    """Whether a global generator explains why *other* differs: no other cause is looked for."""
    evidence = Evidence(first, other, diverged, (), fresh=True, hash_seed_decides=None)
    return bool(evidence.drawn_here)


def _another_call(evidence: Evidence) -> Cause | None:
    for name in evidence.drawn:
        between = evidence.parted(name)
        if between is not None:
            why = f"the global generator {name} is in the same state at stage {between[0]!r}, and "
            why += f"in another at {between[1]!r}: something between them draws from it another "
            why += "number of times"
            return why, "give every part a generator of its own, np.random.default_rng(7)"
    return None


def _loader(evidence: Evidence) -> Cause | None:
    loader = evidence.fact("loader") or {}
    if not evidence.stage.endswith(".batch") or not loader:
        return None
    workers = loader.get("workers", 0)
    if loader.get("shuffles") and not loader.get("seeded") and "torch" in evidence.drawn:
        why = "the DataLoader shuffles by torch's global generator, which is not seeded"
        if workers:
            why += f", and so are its {workers} workers"
        return why, "DataLoader(…, generator=torch.Generator().manual_seed(7))"
    if workers:
        why = f"the batches come from {workers} workers of the DataLoader, each with generators of "
        why += "its own"
        return why, (
            "DataLoader(…, generator=torch.Generator().manual_seed(7), worker_init_fn=…) that "
            "seeds what the data set draws from"
        )
    return None


def _dropout(evidence: Evidence) -> Cause | None:
    layers = evidence.fact("dropout")
    trained = evidence.diverged is not None and evidence.diverged.place > 0
    if not layers or not trained or not evidence.stage.startswith(("torch.", "keras.")):
        return None
    if evidence.stage.endswith(".batch"):
        return None
    library = evidence.stage.partition(".")[0]
    sources = {
        "torch": {"torch", "torch.cuda"},
        "keras": {"random", "keras", "tensorflow", "torch"},
    }
    drawn = sources[library] & set(evidence.drawn)
    if not drawn:
        return None
    name = min(drawn)
    why = (
        f"dropout ({', '.join(layers)}) draws from the global generator {name}, which is not seeded"
    )
    return why, f"call {_SEEDING[name]} at the start of the function"


def _seeded_late(evidence: Evidence) -> Cause | None:
    """Initial weights that differ, though their generator is seeded by the time they are told."""
    library, _, what = evidence.stage.partition(".")
    name = "random" if library == "keras" else library
    untrained = evidence.diverged is not None and evidence.diverged.label.endswith(".weights 0")
    if not untrained or name not in evidence.seeded_here:
        return None
    why = f"the initial {what} are drawn from {name} before it is seeded: it is in another state "
    why += "when each run starts, and in the same one when they are told"
    return why, f"{_SEEDING[name if library == 'torch' else library]} before the model is built"


def _global_generator(evidence: Evidence) -> Cause | None:
    return _unseeded(evidence, evidence.drawn_here)


def _earlier_generator(evidence: Evidence) -> Cause | None:
    """Drawn from before the last equal stage: what was drawn may not have been traced."""
    return _unseeded(evidence, evidence.drawn)


def _unseeded(evidence: Evidence, names: list[str]) -> Cause | None:
    if not names:
        return None
    why = f"it draws from the global generator {' and '.join(names)}, which each run finds in "
    why += "another state: nothing seeds it, or only a part of what draws from it runs again"
    if evidence.stage.startswith("keras."):  # which takes its seeds from Python's generator
        return why, f"call {_SEEDING['keras']} at the start of the function"
    fix = f"call {' and '.join(_SEEDING[name] for name in names)} at the start of the function"
    if set(names) <= {"random", "numpy.random"}:
        fix += ", or pass random_state= or a generator of its own"
    return why, fix


def _mutated(evidence: Evidence) -> Cause | None:
    if not any(item.aspect == "mutated" for item in evidence.found):
        return None
    why = "a later run changed what run 1 had returned: state is kept between runs"
    return why, "build the model and its data inside of the function"


def _hash_seed(evidence: Evidence) -> Cause | None:
    if not evidence.hash_seed_decides:
        return None
    why = "with the hash seed of run 1 its result comes back: the order of a set, or hash(), "
    why += "gets into the result (PYTHONHASHSEED)"
    return why, "iterate over sorted(…) instead of the set; use hashlib instead of hash()"


def _clock(evidence: Evidence) -> Cause | None:
    if not any(item.clock for item in evidence.found):
        return None
    why = "the values are the time of the run: the clock gets into the result"
    return why, "leave the time out of the result, or pass it in as an argument"


def _address(evidence: Evidence) -> Cause | None:
    if not any(item.looks == "address" for item in evidence.found):
        return None
    why = "the values look like addresses of objects: id(), or the repr() of an object, gets into "
    why += "the result"
    return why, "use a name or a number of your own as the key"


def _environment_variable(evidence: Evidence) -> Cause | None:
    mine, theirs = (run.facts.get("environment") for run in (evidence.first, evidence.other))
    if mine is None or theirs is None:
        return None
    # One that is new was set by a library when it was imported.
    names = sorted(name for name in mine if mine[name] != theirs.get(name, mine[name]))
    names = [name for name in names if not name.endswith("_NUM_THREADS")]
    if not names:
        return None
    what = "variable has" if len(names) == 1 else "variables have"
    why = f"the environment {what} another value in that run: {', '.join(names[:5])}"
    return why, "read it outside of the function, and pass it in as an argument"


def _kernel(evidence: Evidence) -> Cause | None:
    """A step that ended elsewhere, from equal weights, batch and generators."""
    library, _, what = evidence.stage.partition(".")
    trained = evidence.diverged is not None and evidence.diverged.place > 0
    if not trained or what not in {"gradients", "weights", "optimizer", "loss"}:
        return None
    if _SOURCES.get(library, set()) & set(evidence.drawn):
        return None
    if library == "torch":
        why = "the weights and the batch before it are equal, and no generator was drawn from: an "
        why += "operation without a deterministic kernel, or sums whose order threads decide"
        fix = "torch.use_deterministic_algorithms(True) names the operation, "
        return why, fix + "torch.set_num_threads(1) fixes the order of sums"
    if library == "keras":
        why = "the weights before it are equal, and no generator was drawn from: the data of its "
        why += "batches, an operation without a deterministic kernel, or sums whose order threads "
        why += "decide"
        return why, "tf.config.experimental.enable_op_determinism(), and trace the data"
    return None


def _order(evidence: Evidence) -> Cause | None:
    ordered = [item for item in evidence.found if item.aspect == "order"]
    if not ordered:
        return None
    if all(item.looks == "files" for item in ordered):
        why = "equal names of files come in another order: a folder is listed as the file system "
        why += "has it, or as threads finish"
        return why, "sorted(os.listdir(…)), sorted(folder.glob(…))"
    why = "equal values come in another order: an unseeded shuffle, iteration over a set, a "
    why += "folder listing, or threads that finish in any order"
    return why, "seed the shuffle (random_state=…), and sort what has no order of its own"


def _rounding(evidence: Evidence) -> Cause | None:
    found = evidence.found
    if not found or not all(
        item.max_ulp is not None and item.max_ulp <= _ROUNDING_ULP for item in found
    ):
        return None
    why = "only the last bits differ: sums were taken in another order, as threads do"
    return why, "train with one thread (n_jobs=1, OMP_NUM_THREADS=1)"


def _unknown(evidence: Evidence) -> Cause:
    why = "no global generator explains it: look for a generator without a seed "
    why += "(random_state=None, default_rng()), "
    if evidence.seeded_here:
        why += f"what is drawn from {' and '.join(evidence.seeded_here)} before it is seeded, "
    why += "the clock, the environment, "
    if evidence.fresh and evidence.hash_seed_decides is None:
        why += "the order of a set, "
    why += "or state kept between runs"
    return why, "pass a seed to every generator, and build everything inside of the function"


# What is certain before what is likely.
_CAUSES: tuple[Callable[[Evidence], Cause | None], ...] = (
    _another_call,
    _loader,
    _dropout,
    _seeded_late,
    _global_generator,
    _mutated,
    _hash_seed,
    _clock,
    _address,
    _environment_variable,
    _kernel,
    _order,
    _rounding,
    _earlier_generator,
)
