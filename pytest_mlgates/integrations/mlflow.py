"""Models from MLflow: ``models:/name@alias``, ``models:/name/3``, ``runs:/ID/path``.

The tracking store is what ``MLFLOW_TRACKING_URI`` (or ``mlflow.set_tracking_uri``) says, else
``mlflow.db`` in the folder of the configuration. Every address is passed on explicitly: nothing of
MLflow's global state changes. Nothing is sent: telemetry is off in all that happens here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
import tempfile
import warnings
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError, NoChampionError, UnreachableError
from pytest_mlgates.core.files import sha256_of_file
from pytest_mlgates.core.text import did_you_mean, listing
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.extensions import hookimpl
from pytest_mlgates.gates.models import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_REGISTERED = re.compile(r"models:/+(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>[^/@]+))?")
_FORCED = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
# MLflow's own defaults wait for minutes for a server that is down.
_DEFAULTS = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "15"}
# Written beside a model by MLflow's own downloads; no part of the artifact.
_NOT_ARTIFACT = "registered_model_meta"
_UNREACHABLE = {"RequestException", "OperationalError", "TimeoutError", "ConnectionError"}
_UNREACHABLE_CODES = {"TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR", "REQUEST_LIMIT_EXCEEDED"}


@hookimpl
def mlgates_load_model(reference: str, base: Path) -> Model | None:
    """The registered or logged model that *reference* names."""
    if not reference.startswith(("models:/", "runs:/")):
        return None
    with _contained():
        mlflow = optional("mlflow", extra="mlflow", why=f"model {reference!r}")
        uri = _tracking_uri(base)
        try:
            return _model(reference, _Store(mlflow, uri).find(reference))
        except MLGatesError:
            raise
        except (Exception, SystemExit) as error:
            raise _trouble(error, reference, uri) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A model on disk.

    Attributes:
        name: ``credit v3``.
        folder: Its artifact.
        scratch: A folder to delete when the model is no longer used.
    """

    name: str
    folder: Path
    scratch: Path | None


class _Store:
    """One tracking store and its registry."""

    def __init__(self, mlflow: Any, uri: str) -> None:
        self._mlflow, self.uri = mlflow, uri
        self._client = mlflow.MlflowClient(tracking_uri=uri)

    def find(self, reference: str) -> _Found:
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
        return self._downloaded(source, f"{name} v{resolved}")

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

    def _downloaded(self, source: str, name: str) -> _Found:
        local = Path(source.removeprefix("file://"))
        if local.is_dir():
            return _Found(name=name, folder=local, scratch=None)
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
        return _Found(name=name, folder=Path(folder), scratch=scratch)

    @staticmethod
    def _malformed(reference: str) -> MLGatesError:
        return MLGatesError(
            f"{reference!r} names no version of a model",
            want='"models:/NAME@ALIAS", "models:/NAME/3" or "runs:/RUN_ID/NAME"',
        )


def _trouble(error: BaseException, reference: str, uri: str) -> MLGatesError:
    """What went wrong in MLflow, in the template of the house."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else ""
    got = _without_password(f"{type(error).__name__}: {first}")[:400]
    where = f"tracking store {_without_password(uri)}"
    if _is_unreachable(error):
        return UnreachableError(
            f"MLflow does not answer, so {reference!r} was not looked up",
            where=where,
            got=got,
            fix="start the server, or set MLFLOW_TRACKING_URI to one that runs",
        )
    kind = NoChampionError if _is_missing(error) else MLGatesError
    return kind(f"{reference!r} does not load", where=where, got=got)


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//\u2026@", text)


def _model(reference: str, found: _Found) -> Model:
    digest = artifact_digest(found.folder)
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
        digest=digest,
        features=tuple(inputs.input_names()) if named else None,
        predict=_call(loaded.predict, inputs),
        score=method("predict_proba"),
        classes=None if classes is None else tuple(_plain(classes)),
        method=method,
    )


def artifact_digest(folder: Path) -> str:
    """``sha256:…`` of all files in *folder* by name and content, whatever downloaded them."""
    digest = hashlib.sha256()
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != _NOT_ARTIFACT)
    for path in sorted(files, key=lambda p: p.relative_to(folder).as_posix()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256_of_file(path)}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def _call(function: Callable[[Any], Any], inputs: Any) -> Callable[[Any], Any]:
    def answer(frame: Any) -> Any:
        with _contained():
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


def _tracking_uri(base: Path) -> str:
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


@contextlib.contextmanager
def _contained() -> Iterator[None]:
    """Without telemetry, progress bars, long retries and warnings; the environment is put back."""
    before = {name: os.environ.get(name) for name in (*_FORCED, *_DEFAULTS)}
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
