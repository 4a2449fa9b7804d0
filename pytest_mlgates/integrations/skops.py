"""Models from ``.skops`` files: scikit-learn's, opened without running anything that is in them.

A pickle runs code when it is opened. A skops file names its types first; what is not known to be
harmless is refused, and the file is not opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError, NoChampionError
from pytest_mlgates.core.files import sha256_of_file
from pytest_mlgates.core.text import listing
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.integrations.estimators import estimator

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlgates.gates.models import Model


@hookimpl
def mlgates_load_model(reference: str, base: Path) -> Model | None:
    """The model in the file *reference*, relative to *base*."""
    if not reference.lower().endswith(".skops"):
        return None
    path = base / reference
    if not path.is_file():
        raise NoChampionError(
            f"there is no model file {reference!r}",
            got=f"no such file in {base}",
            want="a file that skops.io.dump wrote",
        )
    loaded = _opened(reference, path)
    return estimator(loaded, reference=reference, name=path.name, digest=sha256_of_file(path))


def _opened(reference: str, path: Path) -> Any:
    io = optional("skops.io", extra="skops", why=f"model {reference!r}")
    try:
        unknown = io.get_untrusted_types(file=str(path))
        loaded = None if unknown else io.load(str(path), trusted=[])
    except Exception as error:
        raise MLGatesError(
            f"model file {reference!r} cannot be read",
            where=str(path),
            got=f"{type(error).__name__}: {error}",
            want="a whole file that skops.io.dump wrote",
        ) from None
    if unknown:
        raise MLGatesError(
            f"model file {reference!r} is not opened: its types are not known to be harmless",
            where=str(path),
            got=listing(unknown),
            want="scikit-learn's own estimators",
            fix="log the model to MLflow, or name a callable of your own that loads it",
        )
    return loaded
