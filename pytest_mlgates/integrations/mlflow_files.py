"""The files of an MLflow model, judged before MLflow loads them.

A model folder says itself what loads it (``loader_module``), which code it brings, and which types
skops may trust. So only scikit-learn's flavour is taken without the user's trust, and only where
every file in it is known to be harmless; everything else runs code that came with the model.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_mlgates.config.find import section
from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.core.text import listing
from pytest_mlgates.engines.imports import optional
from pytest_mlgates.runner.model_files import PICKLED, judged

if TYPE_CHECKING:
    from pytest_mlgates.config.model_files import ModelFiles
    from pytest_mlgates.integrations.mlflow_store import Found

_LOADER = "mlflow.sklearn"
# What MLflow writes beside a model and reads as text, if at all.
_TEXTS = (".yaml", ".yml", ".txt", ".md")
_TEXT_NAMES = ("MLmodel", "registered_model_meta")


def judged_copy(found: Found, reference: str, settings: ModelFiles) -> Found:
    """*found* in a folder that nobody else writes to, once everything in it is harmless.

    Raises:
        MLGatesError: if loading it could run code.
    """
    scratch = found.scratch or Path(tempfile.mkdtemp(prefix="mlgates-model-"))
    try:
        folder = found.folder
        if found.scratch is None:  # what is judged must be what is loaded
            folder = scratch / "model"
            shutil.copytree(found.folder, folder)
        _refuse(found.name, reference, _reason(folder, settings), settings)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return replace(found, folder=folder, scratch=scratch)


def _refuse(name: str, reference: str, reason: str, settings: ModelFiles) -> None:
    if not reason:
        return
    raise MLGatesError(
        f"{reference!r} is not loaded: that could run code which came with the model",
        where=name,
        got=reason,
        want="scikit-learn's flavour, with files that import only what is known to be harmless",
        fix="if nobody writes to this registry whom you would not let run code here, "
        f"`trust_registry = true` in {section(settings.path) if settings.path else 'mlgates.toml'}",
    )


def _reason(folder: Path, settings: ModelFiles) -> str:
    """Why the model in *folder* is not harmless; empty if it is."""
    flavors, reason = _flavors(folder)
    if reason:
        return reason
    function, own = flavors["python_function"], flavors["sklearn"]
    targets = [
        PurePosixPath(str(conf[key]))
        for conf, key in ((function, "model_path"), (function, "data"), (own, "pickled_model"))
        if conf.get(key)
    ]
    for target in targets:
        if target.is_absolute() or ".." in target.parts or not (folder / target).is_file():
            return f"its model file {str(target)!r} is not a file in its folder"
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = file.relative_to(folder).as_posix()
        is_text = file.suffix in _TEXTS or file.name in _TEXT_NAMES
        if is_text and PurePosixPath(name) not in targets:
            continue
        if file.suffix == ".py":
            return f"it brings code, {name!r}"
        is_target = PurePosixPath(name) in targets
        is_skops = own.get("serialization_format") == "skops"
        # MLflow opens what it is told to as a pickle, whatever it is called.
        called = f"{name}.pkl" if is_target and not is_skops else name
        one = judged(file.read_bytes(), called, settings)
        if one.refusal is not None:
            return f"{one.refusal.what}\n         {one.refusal.got}"
        if is_target and is_skops and not one.reason:
            unknown = _unknown_types(file, settings)
            if unknown:
                return f"{name!r} has types that are not known to be harmless: {listing(unknown)}"
        elif is_target and not is_skops and not one.kind.startswith(PICKLED):
            return f"{name!r} is to be opened as a pickle, and is {one.kind}"
    return ""


def _flavors(folder: Path) -> tuple[dict[str, Any], str]:
    """The two flavours that count, and why they are not harmless."""
    yaml = optional("yaml", extra="mlflow", why="a model of MLflow")
    try:
        flavors = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))["flavors"]
        function, own = flavors.get("python_function") or {}, flavors.get("sklearn") or {}
        loader = function.get("loader_module")
        code = function.get("code") or own.get("code")
    except Exception as error:
        return {}, f"its MLmodel cannot be read: {type(error).__name__}"
    if loader != _LOADER or not own:
        return {}, f"{loader!r} loads it"
    if code:
        return {}, f"it brings code, {code!r}"
    return {"python_function": function, "sklearn": own}, ""


def _unknown_types(file: Path, settings: ModelFiles) -> list[str]:
    """What skops would have to be told to trust: MLflow takes that from the model's own folder."""
    io: Any = optional("skops.io", extra="skops", why=f"model file {file.name!r}")
    return sorted(set(io.get_untrusted_types(file=str(file))) - settings.allow_globals)
