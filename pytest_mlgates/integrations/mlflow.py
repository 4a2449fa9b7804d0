"""Models from MLflow: ``models:/name@alias``, ``models:/name/3``, ``runs:/ID/path``.

The tracking store is what ``MLFLOW_TRACKING_URI`` (or ``mlflow.set_tracking_uri``) says, else
``mlflow.db`` in the folder of the configuration. Every address is passed on explicitly: nothing of
MLflow's global state changes. Nothing is sent: telemetry is off in all that happens here.

What a registry holds is judged before it is loaded, unless the configuration trusts the registry.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import warnings
import weakref
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.model_files import model_files_for
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import sha256_of_folder
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.gates.models import Model
from pytest_mlgates.integrations.mlflow_files import judged_copy
from pytest_mlgates.integrations.mlflow_store import (
    Found,
    RunArtifacts,
    Store,
    tracking_uri,
    trouble,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FORCED = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
# MLflow's own defaults wait for minutes for a server that is down.
_DEFAULTS = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "15"}


@hookimpl
def mlgates_load_model(reference: str, base: Path) -> Model | None:
    """The registered or logged model that *reference* names."""
    if not reference.startswith(("models:/", "runs:/")):
        return None
    with _store(reference, base) as store:
        settings = model_files_for(base)
        found = store.find(reference)
        if not settings.trust_registry:
            found = judged_copy(found, reference, settings)
        return _model(reference, found)


@contextlib.contextmanager
def _store(reference: str, base: Path) -> Iterator[Store]:
    with contained():
        mlflow = optional("mlflow", extra="mlflow", why=f"model {reference!r}")
        uri = tracking_uri(base)
        # Parts of MLflow (runs:/ among them) ask the environment even where they are told.
        os.environ["MLFLOW_TRACKING_URI"] = uri
        try:
            yield Store(mlflow, uri)
        except MLGatesError:
            raise
        except (Exception, SystemExit) as error:
            raise trouble(error, reference, uri) from None


@hookimpl
def mlgates_model_version(reference: str, base: Path) -> str | None:
    """The version of the registered model that *reference* names, without loading it."""
    if not reference.startswith("models:/"):
        return None
    with _store(reference, base) as store:
        return store.version(reference)


@hookimpl
def mlgates_read_artifacts(reference: str, name: str, folder: Path, base: Path) -> bool | None:
    """The stored run *name* among the artifacts of a run."""
    return _with_artifacts(reference, base, lambda one: one.read(name, folder))


@hookimpl
def mlgates_write_artifacts(reference: str, files: list[Path], base: Path) -> bool | None:
    """A stored run as artifacts of a run."""
    return _with_artifacts(reference, base, lambda one: one.write(files))


def _with_artifacts(reference: str, base: Path, use: Callable[[RunArtifacts], None]) -> bool | None:
    if not reference.startswith("runs:/"):
        return None
    with contained():
        mlflow = optional("mlflow", extra="mlflow", why=f"the stored run in {reference!r}")
        uri = tracking_uri(base)
        os.environ["MLFLOW_TRACKING_URI"] = uri
        try:
            use(RunArtifacts(mlflow, uri, reference.removeprefix("runs:/").strip("/")))
        except MLGatesError:
            raise
        except (Exception, SystemExit) as error:
            raise trouble(error, reference, uri) from None
    return True


def _model(reference: str, found: Found) -> Model:
    digest = sha256_of_folder(found.folder)
    pyfunc = optional("mlflow.pyfunc", extra="mlflow", why=f"model {reference!r}")
    loaded = pyfunc.load_model(str(found.folder), suppress_warnings=True)
    if found.scratch is not None:
        weakref.finalize(loaded, shutil.rmtree, str(found.scratch), ignore_errors=True)
    inputs = loaded.metadata.get_input_schema()
    named = inputs is not None and inputs.has_input_names()
    raw = _raw(loaded)

    def method(name: str) -> Callable[[Any], Any] | None:
        function = getattr(raw, name, None)
        return _call(function, inputs) if callable(function) else None

    classes = getattr(raw, "classes_", None)
    return Model(
        reference=reference,
        name=found.name,
        version=found.version,
        digest=digest,
        features=tuple(inputs.input_names()) if named else None,
        predict=_call(loaded.predict, inputs),
        score=method("predict_proba"),
        classes=None if classes is None else tuple(_plain(classes)),
        method=method,
    )


def _call(function: Callable[[Any], Any], inputs: Any) -> Callable[[Any], Any]:
    def answer(frame: Any) -> Any:
        with contained():
            return function(_typed(frame, inputs))

    return answer


def _typed(frame: Any, inputs: Any) -> Any:
    """*frame* with numbers in the types of the signature, wherever no value changes by it.

    A file or database gives 32-bit integers, say, where the model was logged with 64 bits; MLflow
    refuses some of these pairs, and none of them means anything.
    """
    if inputs is None or not inputs.has_input_names() or not hasattr(frame, "columns"):
        return frame
    changed = {}
    for spec in inputs.inputs:
        wanted = getattr(spec.type, "to_numpy", None)
        column = frame[spec.name] if spec.name in frame.columns else None
        if wanted is None or column is None:
            continue
        dtype = wanted()
        have = getattr(column.dtype, "kind", "O")
        if dtype.kind not in "biuf" or have not in "biuf" or column.dtype == dtype:
            continue
        if dtype.kind in "biu" and have == "f" and bool(column.isna().any()):
            continue
        converted = column.astype(dtype)
        if bool(((converted == column) | column.isna()).all()):
            changed[spec.name] = converted
    return frame.assign(**changed) if changed else frame


def _raw(loaded: Any) -> Any:
    """The library's own model behind MLflow's wrapper, None where the flavour hides it."""
    try:
        return loaded.get_raw_model()
    except Exception:  # each flavour refuses in its own way
        return None


def _plain(values: Any) -> list[Any]:
    tolist = getattr(values, "tolist", None)
    return list(tolist()) if callable(tolist) else list(values)


@contextlib.contextmanager
def contained() -> Iterator[None]:
    """Without telemetry, progress bars, long retries and warnings; the environment is put back."""
    before = {name: os.environ.get(name) for name in (*_FORCED, *_DEFAULTS, "MLFLOW_TRACKING_URI")}
    os.environ.update(_FORCED)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = old
