"""MLflow's stores: where they are, what is in them, what went wrong with them.

Every address is passed on explicitly, so that nothing of MLflow's global state changes.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError, NoChampionError, UnreachableError
from pytest_mlgates.core.text import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Sequence

_REGISTERED = re.compile(r"models:/+(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>[^/@]+))?")
_UNREACHABLE = {"RequestException", "OperationalError", "TimeoutError", "ConnectionError"}
_UNREACHABLE_CODES = {"TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR", "REQUEST_LIMIT_EXCEEDED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A model on disk.

    Attributes:
        name: ``credit v3``.
        version: Of the registered model; None for one that is not.
        folder: Its artifact.
        scratch: A folder to delete when the model is no longer used.
    """

    name: str
    folder: Path
    scratch: Path | None
    version: str | None = None


class Store:
    """One tracking store and its registry."""

    def __init__(self, mlflow: Any, uri: str) -> None:
        self._mlflow, self.uri = mlflow, uri
        self._client = mlflow.MlflowClient(tracking_uri=uri)

    def find(self, reference: str) -> Found:
        """The artifact of *reference*, downloaded where it is not on this machine."""
        if reference.startswith("runs:/"):
            run, _, path = reference.removeprefix("runs:/").strip("/").partition("/")
            if not path:
                raise MLGatesError(
                    f"{reference!r} names a run and no model in it",
                    want='"runs:/RUN_ID/NAME", where NAME is what log_model(name=\u2026) said',
                )
            return self._downloaded(reference, f"model {path!r} of run {run[:8]}")
        match = _REGISTERED.fullmatch(reference)
        if match is None:
            raise self._malformed(reference)
        name, alias, version = match["name"], match["alias"], match["version"]
        if alias is None and version is None:
            if name.startswith("m-"):
                return self._downloaded(reference, f"logged model {name}")
            raise self._malformed(reference)
        resolved = self._version(name, alias, version)
        source = self._client.get_model_version_download_uri(name, resolved)
        found = self._downloaded(source, f"{name} v{resolved}")
        return dataclasses.replace(found, version=resolved)

    def version(self, reference: str) -> str | None:
        """The version that *reference* names now; None if it is of no registered model."""
        match = _REGISTERED.fullmatch(reference)
        if match is None or (match["alias"] is None and match["version"] is None):
            return None
        return self._version(match["name"], match["alias"], match["version"])

    def _version(self, name: str, alias: str | None, version: str | None) -> str:
        if alias is None and not str(version).isdigit():
            raise MLGatesError(
                f"{version!r} is no version of model {name!r}",
                want=f'a number or an alias: "models:/{name}/3", "models:/{name}@champion"',
            )
        try:
            if alias is not None:
                return str(self._client.get_model_version_by_alias(name, alias).version)
            return str(self._client.get_model_version(name, str(version)).version)
        except Exception as error:
            if _is_unreachable(error) or not _is_missing(error):
                raise
            raise self._missing(name, alias, version) from None

    def _missing(self, name: str, alias: str | None, version: str | None) -> NoChampionError:
        where = f"tracking store {_without_password(self.uri)}"
        names = [model.name for model in self._client.search_registered_models(max_results=100)]
        if name not in names:
            return NoChampionError(
                f"there is no registered model {name!r}",
                where=where,
                got=f"models {listing(names)}",
                fix=did_you_mean(name, names),
            )
        if alias is not None:
            aliases = list(self._client.get_registered_model(name).aliases)
            return NoChampionError(
                f"model {name!r} has no alias {alias!r}",
                where=where,
                got=f"aliases {listing(aliases)}",
                fix=did_you_mean(alias, aliases)
                or f"MlflowClient().set_registered_model_alias({name!r}, {alias!r}, VERSION)",
            )
        # The name stands in the store, so it is quoted as the store quotes it.
        quoted = name.replace("'", "''")
        versions = self._client.search_model_versions(f"name='{quoted}'", max_results=100)
        return NoChampionError(
            f"model {name!r} has no version {version}",
            where=where,
            got=f"versions {', '.join(sorted((str(v.version) for v in versions), key=int))}",
        )

    def _downloaded(self, source: str, name: str) -> Found:
        local = Path(source.removeprefix("file://"))
        if local.is_dir():
            return Found(name=name, folder=local, scratch=None)
        scratch = Path(tempfile.mkdtemp(prefix="mlgates-model-"))
        try:
            folder = self._mlflow.artifacts.download_artifacts(
                artifact_uri=source,
                dst_path=str(scratch),
                tracking_uri=self.uri,
                registry_uri=self._client._registry_uri,  # noqa: SLF001  (no public way)
            )
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        return Found(name=name, folder=Path(folder), scratch=scratch)

    @staticmethod
    def _malformed(reference: str) -> MLGatesError:
        return MLGatesError(
            f"{reference!r} names no version of a model",
            want='"models:/NAME@ALIAS", "models:/NAME/3" or "runs:/RUN_ID/NAME"',
        )


class RunArtifacts:
    """The artifacts of one run in which this project keeps what is its own."""

    _FOLDER = "mlgates"

    def __init__(self, mlflow: Any, uri: str, run: str) -> None:
        self._mlflow, self._uri, self._run = mlflow, uri, run
        self._client = mlflow.MlflowClient(tracking_uri=uri)
        self._client.get_run(run)  # raises for one that does not exist

    def read(self, name: str, folder: Path) -> None:
        """Put the artifacts called *name* into *folder*; nothing where there are none."""
        for one in self._client.list_artifacts(self._run, self._FOLDER):
            file = one.path.rpartition("/")[2]
            if not file.startswith(f"{name}."):
                continue
            with tempfile.TemporaryDirectory(prefix="mlgates-") as scratch:
                found = self._mlflow.artifacts.download_artifacts(
                    run_id=self._run,
                    artifact_path=one.path,
                    dst_path=scratch,
                    tracking_uri=self._uri,
                )
                shutil.copyfile(found, folder / file)

    def write(self, files: Sequence[Path]) -> None:
        """Log *files* in their order."""
        for file in files:
            self._client.log_artifact(self._run, str(file), self._FOLDER)


def tracking_uri(base: Path) -> str:
    """Where models are looked up.

    Raises:
        NoChampionError: if that is a file that does not exist: MLflow would make an empty one.
    """
    mlflow = sys.modules.get("mlflow")
    set_by_hand = mlflow is not None and mlflow.is_tracking_uri_set()
    if set_by_hand and mlflow is not None:
        uri = str(mlflow.get_tracking_uri())
    else:
        uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{base / 'mlflow.db'}"
    file = re.fullmatch(r"sqlite:///(?P<path>[^?]+)(?:\?.*)?", uri)
    if file is not None and not Path(file["path"]).is_file():
        raise NoChampionError(
            "there is no MLflow store to look models up in",
            where=uri,
            got="no such file" + ("" if set_by_hand else ", and MLFLOW_TRACKING_URI may be unset"),
            fix="set MLFLOW_TRACKING_URI, or log a model to that file first",
        )
    return uri


def trouble(
    error: BaseException, reference: str, uri: str, undone: str | None = None
) -> MLGatesError:
    """What went wrong in MLflow, in the template of the house.

    Args:
        error: What MLflow raised.
        reference: What was looked up.
        uri: Where.
        undone: What did not come about, where that is something else than looking up.
    """
    first = str(error).strip().splitlines()[0] if str(error).strip() else ""
    got = _without_password(f"{type(error).__name__}: {first}")[:400]
    where = f"tracking store {_without_password(uri)}"
    if _is_unreachable(error):
        return UnreachableError(
            f"MLflow does not answer, so {undone or f'{reference!r} was not looked up'}",
            where=where,
            got=got,
            fix="start the server, or set MLFLOW_TRACKING_URI to one that runs",
        )
    kind = NoChampionError if _is_missing(error) else MLGatesError
    return kind(undone or f"{reference!r} does not load", where=where, got=got)


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//\u2026@", text)


def _is_missing(error: BaseException) -> bool:
    code = getattr(error, "error_code", None)
    return code == "RESOURCE_DOES_NOT_EXIST" or (
        code == "INVALID_PARAMETER_VALUE" and "alias" in str(error)
    )


def _is_unreachable(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        names = {cls.__name__ for cls in type(seen).__mro__}
        if names & _UNREACHABLE or getattr(seen, "error_code", None) in _UNREACHABLE_CODES:
            return True
        seen = seen.__cause__ or seen.__context__
    return False
