"""Stages of scikit-learn pipelines, without a word from the user.

While a reproducibility gate runs its callable, ``Pipeline.fit``, ``fit_transform`` and
``fit_predict`` record what each step has become and what it hands on. Nothing is changed outside of
a run, and nothing of what a pipeline does within one.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from dataclasses import dataclass, field
from types import MethodType
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core import tracing
from pytest_mlgates.engines.late_imports import when_imported
from pytest_mlgates.extensions import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

# A search fits hundreds: they cost a fingerprint each, and the first ones tell enough.
_MOST_FITS = 50
_METHODS = ("fit", "fit_transform", "fit_predict")


@dataclass
class _Fit:
    """A pipeline that is being fitted.

    Attributes:
        path: What its stages start with: ``pipeline``, ``pipeline.features`` for one inside.
        names: Of the steps that come, but for the last.
        inner: The step that is being fitted now: a pipeline there is part of this one.
        inner_path: What its stages start with.
    """

    path: str
    names: Iterator[str]
    inner: Any = None
    inner_path: str = ""


@dataclass
class _Run:
    """One run of a callable.

    Attributes:
        thread: That it runs in. Pipelines in other threads finish in any order: no stages.
        fits: The pipelines that are being fitted, the outer ones first.
        count: How many were, that are not part of another.
        muted: How many are being fitted now that are no stages of their own.
    """

    thread: int = field(default_factory=threading.get_ident)
    fits: list[_Fit] = field(default_factory=list)
    count: int = 0
    muted: int = 0

    def tell(self, stage: str, value: Any) -> None:
        """Record a stage, with the number of the pipeline from the second one on."""
        tracing.offer(stage, self.count if self.count > 1 else None, value)

    @contextlib.contextmanager
    def fitting(self, pipeline: Any) -> Iterator[_Fit]:
        """Record what is fitted within the block as part of *pipeline*."""
        last, final = pipeline.steps[-1]
        if self.fits:
            path = self.fits[-1].inner_path
        else:
            self.count += 1
            path = "pipeline"
        names = [name for name, step in pipeline.steps[:-1] if not _is_passed_over(step)]
        fit = _Fit(path, iter(names), inner=final, inner_path=f"{path}.{last}")
        self.fits.append(fit)
        try:
            yield fit
        finally:
            self.fits.remove(fit)

    @contextlib.contextmanager
    def mute(self) -> Iterator[None]:
        """Record nothing of what is fitted within the block."""
        self.muted += 1
        try:
            yield
        finally:
            self.muted -= 1

    def concerns(self, pipeline: Any) -> bool:
        """Whether the fit of *pipeline* is recorded, and not only what it is a part of."""
        if self.muted:
            return False
        if self.fits:
            return pipeline is self.fits[-1].inner
        return self.count < _MOST_FITS


_runs: list[_Run] = []
_originals: list[tuple[Any, str, Any]] = []
_lock = threading.Lock()


@hookimpl
def mlgates_watch_run() -> contextlib.AbstractContextManager[None]:
    """Record the pipelines that are fitted while the context is open."""
    return _watching()


@contextlib.contextmanager
def _watching() -> Iterator[None]:
    run = _Run()
    with _lock:
        _runs.append(run)
    try:
        with when_imported({"sklearn.pipeline": _patch}):
            yield
    finally:
        with _lock:
            _runs.remove(run)
            if not _runs:
                while _originals:
                    setattr(*_originals.pop())


def _patch(module: ModuleType) -> None:
    """Let pipelines tell what they do; once, however many runs are open."""
    with _lock:
        if _originals:
            return
        pipeline = module.Pipeline
        for name in _METHODS:
            original = vars(pipeline).get(name)
            if original is not None:
                _originals.append((pipeline, name, original))
                setattr(pipeline, name, _Method(original))
        _originals.append((module, "check_memory", module.check_memory))
        module.check_memory = _memories(module.check_memory)  # type: ignore[attr-defined]


class _Method:
    """A method of ``Pipeline`` that records; as available, documented and picklable as before."""

    def __init__(self, original: Any) -> None:
        self._original = original

        @functools.wraps(getattr(original, "fn", original))
        def recording(pipeline: Any, *args: Any, **kwargs: Any) -> Any:
            method = original.__get__(pipeline, type(pipeline))
            run = _present_run()
            if run is None:
                return method(*args, **kwargs)
            if not run.concerns(pipeline):
                with run.mute():
                    return method(*args, **kwargs)
            return _recorded(run, pipeline, method, args, kwargs)

        self._recording = recording

    def __get__(self, pipeline: Any, owner: Any = None) -> Any:
        found = self._original.__get__(pipeline, owner)  # raises where it is not available
        return found if pipeline is None else MethodType(self._recording, pipeline)


def _present_run() -> _Run | None:
    """The run of this thread."""
    run = _runs[-1] if _runs else None
    return run if run is not None and run.thread == threading.get_ident() else None


def _recorded(
    run: _Run, pipeline: Any, method: Callable[..., Any], args: Any, kwargs: dict[str, Any]
) -> Any:
    outermost = not run.fits
    with run.fitting(pipeline) as fit:
        if outermost:
            given = (*args, *(kwargs[name] for name in ("X", "y") if name in kwargs))
            run.tell(f"{fit.path}.input", given[:2])
        result = method(*args, **kwargs)
        name, final = pipeline.steps[-1]
        if not _is_pipeline(final) and not _is_passed_over(final):
            for path, part in _parts(f"{fit.path}.{name}", final):
                run.tell(path, part)
    return result


def _memories(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``check_memory``, whose result every pipeline calls its steps through."""

    @functools.wraps(check)
    def checked(memory: Any) -> Any:
        found = check(memory)
        run = _present_run()
        if run is None or not run.fits or run.muted:
            return found
        return _Memory(found, run, run.fits[-1])

    return checked


class _Memory:
    """A joblib memory that records what comes out of the calls that go through it."""

    def __init__(self, memory: Any, run: _Run, fit: _Fit) -> None:
        self._memory, self._run, self._fit = memory, run, fit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._memory, name)

    def cache(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """What the memory makes of *function*, with its results recorded."""
        cached, run, fit = self._memory.cache(function, *args, **kwargs), self._run, self._fit

        def step(transformer: Any, *args: Any, **kwargs: Any) -> Any:
            name = next(fit.names, None)
            if name is None:
                return cached(transformer, *args, **kwargs)
            path, after = f"{fit.path}.{name}", (fit.inner, fit.inner_path)
            fit.inner, fit.inner_path = transformer, path
            try:
                output, fitted = cached(transformer, *args, **kwargs)
            finally:
                fit.inner, fit.inner_path = after
            if not _is_pipeline(fitted):
                for part_path, part in _parts(path, fitted):
                    run.tell(part_path, part)
            run.tell(f"{path}.output", output)
            return output, fitted

        return step


def _parts(path: str, fitted: Any) -> Iterator[tuple[str, Any]]:
    """What a fitted step is made of, each with its path: the branches of a column transformer.

    Of a search it is the best estimator; the search itself keeps how long each fit took.
    """
    if hasattr(fitted, "cv_results_") and hasattr(fitted, "best_estimator_"):
        fitted = fitted.best_estimator_
    for attribute in ("transformers_", "transformer_list", "steps"):
        members = getattr(fitted, attribute, None)
        if isinstance(members, list):
            for member in members:
                if not _is_passed_over(member[1]):
                    yield from _parts(f"{path}.{member[0]}", member[1])
            return
    yield path, fitted


def _is_passed_over(step: Any) -> bool:
    return step is None or isinstance(step, str)


def _is_pipeline(step: Any) -> bool:
    """Whether *step* has recorded its own steps."""
    return any(isinstance(vars(kind).get("fit"), _Method) for kind in type(step).__mro__)
