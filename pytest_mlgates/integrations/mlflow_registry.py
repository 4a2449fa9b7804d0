"""MLflow's model registry, as far as a promotion needs it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.files import sha256_of_folder
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.integrations.mlflow import contained
from pytest_mlgates.integrations.mlflow_store import Store, tracking_uri, trouble
from pytest_mlgates.runner.promotion import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FOLDER = "mlgates"
# mlflow.utils.validation: a version cannot be told from the alias "v3".
_ALIAS = re.compile(r"[\w-]{1,255}")
_NO_ALIAS = re.compile(r"latest|v\d+", re.IGNORECASE)


class MLflowRegistry:
    """The one that belongs to the tracking store of the project at *base*."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def version(self, reference: str) -> Version:
        """See ``runner.promotion.Registry``."""
        with self._store(reference) as (_, store):
            found = store.find(reference)
            try:
                digest = sha256_of_folder(found.folder)
            finally:
                if found.scratch is not None:
                    shutil.rmtree(found.scratch, ignore_errors=True)
        name, _, number = found.name.rpartition(" v")
        if not name:
            raise MLGatesError(
                f"{reference!r} is no version of a registered model",
                want='"models:/NAME/7" or "models:/NAME@ALIAS"',
            )
        return Version(name=name, number=number, digest=digest)

    def holder(self, name: str, alias: str) -> str | None:
        """See ``runner.promotion.Registry``."""
        if not _ALIAS.fullmatch(alias) or _NO_ALIAS.fullmatch(alias):
            raise MLGatesError(
                f"{alias!r} cannot be an alias in MLflow",
                want='letters, digits, "_" and "-"; not "latest", nor a version as in "v3"',
            )
        with self._store(f"models:/{name}") as (client, _):
            found = client.get_registered_model(name).aliases.get(alias)
        return None if found is None else str(found)

    def attach(self, version: Version, name: str, evidence: bytes) -> bool:
        """See ``runner.promotion.Registry``."""
        what = f"the evidence of {version} was not kept"
        with (
            self._store(str(version), what) as (client, _),
            tempfile.TemporaryDirectory(prefix="mlgates-") as scratch,
        ):
            run = client.get_model_version(version.name, version.number).run_id
            if not run:
                return False
            file = Path(scratch, name)
            file.write_bytes(evidence)
            client.log_artifact(run, str(file), f"{_FOLDER}/v{version.number}")
        return True

    def tag(self, version: Version, tags: Mapping[str, str]) -> None:
        """See ``runner.promotion.Registry``."""
        with self._store(str(version), f"{version} was not tagged") as (client, _):
            for key, value in tags.items():
                client.set_model_version_tag(version.name, version.number, key, value)

    def point(self, version: Version, alias: str) -> None:
        """See ``runner.promotion.Registry``."""
        what = f"{alias!r} was not moved to {version}"
        with self._store(str(version), what) as (client, _):
            client.set_registered_model_alias(version.name, alias, version.number)

    @contextlib.contextmanager
    def _store(self, what: str, undone: str | None = None) -> Iterator[tuple[Any, Store]]:
        """The client and the store, to ask about *what*; *undone* says what an error prevents."""
        with contained():
            mlflow = optional("mlflow", extra="mlflow", why="a promotion")
            uri = tracking_uri(self.base)
            os.environ["MLFLOW_TRACKING_URI"] = uri
            try:
                yield mlflow.MlflowClient(tracking_uri=uri), Store(mlflow, uri)
            except MLGatesError:
                raise
            except (Exception, SystemExit) as error:
                raise trouble(error, what, uri, undone) from None
