"""Models from pickles and joblib's files, opened only after what they import is known.

The bytes that are judged are the bytes that are loaded: the file is read once.
"""

from __future__ import annotations

import io
import pickle
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.model_files import model_files_for
from pytest_mlgates.core.errors import MissingExtraError, MLGatesError, NoChampionError
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.integrations.estimators import estimator
from pytest_mlgates.runner.model_files import PICKLED, judged

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlgates.gates.models import Model

SUFFIXES = (".pkl", ".pickle", ".joblib", ".sav")
_COMPRESSED = (".gz", ".z", ".bz2", ".xz", ".lzma")


@hookimpl
def mlgates_load_model(reference: str, base: Path) -> Model | None:
    """The model in the file *reference*, relative to *base*."""
    suffixes = [s for s in PurePath(reference.lower()).suffixes if s not in _COMPRESSED]
    if ":/" in reference or not suffixes or suffixes[-1] not in SUFFIXES:
        return None
    path = base / reference
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NoChampionError(
            f"there is no model file {reference!r}",
            where=str(base),
            got=str(error.strerror),
            want="a file that joblib.dump or pickle.dump wrote",
        ) from None
    found = judged(data, reference, model_files_for(base))
    if found.pointer:
        raise MLGatesError(
            f"model file {reference!r} is a pointer of Git LFS, and the file itself is not here",
            where=str(path),
            fix="git lfs pull",
        )
    if found.refusal is not None:
        raise found.refusal
    if not found.kind.startswith(PICKLED):
        raise MLGatesError(
            f"model file {reference!r} holds no pickle",
            where=str(path),
            got=found.kind,
            want="what joblib.dump or pickle.dump writes",
            fix="name a callable of your own that loads it",
        )
    loaded = _loaded(data, reference)
    if not callable(getattr(loaded, "predict", None)):
        raise MLGatesError(
            f"model file {reference!r} holds no model",
            where=str(path),
            got=type(loaded).__name__,
            want="an object with the method predict",
        )
    return estimator(loaded, reference=reference, name=path.name, digest=found.digest)


def _loaded(data: bytes, reference: str) -> Any:
    try:
        joblib: Any = optional("joblib", extra="sklearn", why=f"model {reference!r}")
    except MissingExtraError:
        if b"joblib.numpy_pickle" in data:
            raise
        joblib = None
    try:
        # joblib opens plain pickles too, and both in all compressions.
        return pickle.loads(data) if joblib is None else joblib.load(io.BytesIO(data))  # noqa: S301
    except (Exception, SystemExit) as error:
        raise MLGatesError(
            f"model file {reference!r} does not load",
            got=f"{type(error).__name__}: {error}",
            want="a file that the installed versions of its libraries can open",
        ) from None
