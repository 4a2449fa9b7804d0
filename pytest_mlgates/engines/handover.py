"""Hand a callable to a fresh process: by reference for functions, pickled for their arguments.

What is pickled here is read by our own child alone. A test module that pytest imported from its
path is not importable by name elsewhere, hence every module goes along with its file.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import pickle
import re
import sys
import types
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgates.core.errors import MLGatesError
from pytest_mlgates.extensions import fingerprints
from pytest_mlgates.extensions.manager import load_plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# What the script of the parent is called in the child, so that its __main__ block does not run.
_SCRIPT = "__mlgates_main__"
# Whether a child imports what it was told: a gate that starts now would start itself, for ever.
_is_loading: ContextVar[bool] = ContextVar("is_loading", default=False)
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class _Writer(pickle.Pickler):
    """Writes functions and classes as references, and records their modules."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.modules: dict[str, None] = {}

    def persistent_id(self, obj: Any) -> tuple[str, str] | None:
        """Module and name of *obj* where they lead back to it; nothing is imported to find out."""
        if not isinstance(obj, type | types.FunctionType | types.BuiltinFunctionType):
            return None
        found: Any = sys.modules.get(str(obj.__module__))
        for part in obj.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is not obj:
            return None
        self.modules[obj.__module__] = None
        return obj.__module__, obj.__qualname__


def pack(function: Callable[[], Any], name: str) -> tuple[bytes, list[dict[str, str | None]]]:
    """The callable as bytes, and the modules to be loaded before it is unpacked.

    Raises:
        MLGatesError: for a lambda, a local function, or an argument that cannot be pickled; and in
            a child that only imports the module, whose gate is the one that started this child.
    """
    if _is_loading.get():
        raise MLGatesError(
            f"the gate of {name} starts when its module is imported, so that each fresh process "
            "would start the next",
            want="a gate that an import does not start",
            fix='put the call under `if __name__ == "__main__":`, or into a test',
        )
    buffer = io.BytesIO()
    writer = _Writer(buffer)
    try:
        writer.dump(function)
    except Exception as error:
        raise MLGatesError(
            f"{name} cannot be handed to a fresh process",
            got=_ADDRESS.sub("", str(error).strip()) or type(error).__name__,
            want="a function at the top level of a module, or a functools.partial of one whose "
            "arguments can be pickled",
            fix="move it to the top level of its module (no lambda, no function inside a "
            "function), or leave out fresh_process=True",
        ) from None
    return buffer.getvalue(), [_located(module, name) for module in writer.modules]


def _located(module: str, name: str) -> dict[str, str | None]:
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if module != "__main__":
        return {"name": module, "load_as": module, "file": file}
    spec = getattr(loaded, "__spec__", None)
    if spec is not None:  # python -m package.module
        return {"name": module, "load_as": spec.name, "file": file}
    if file is None:
        raise MLGatesError(
            f"{name} is defined in an interactive session, which a fresh process cannot load",
            want="a function of a module",
            fix="move it into a file and import it from there",
        )
    return {"name": module, "load_as": _SCRIPT, "file": str(Path(file).absolute())}


def extensions() -> list[dict[str, Any]]:
    """The modules from which fingerprints know types, for :func:`load_extensions` in the child."""
    return [
        {**_located(module, "the function that registers a type"), "plugin": is_plugin}
        for module, is_plugin in fingerprints.modules().items()
    ]


def load_extensions(modules: Iterable[Mapping[str, Any]]) -> None:
    """Import what :func:`extensions` found in the parent."""
    for module in modules:
        _load(module["load_as"], module["file"])
        if module["plugin"]:
            load_plugins([module["name"]])


class _Reader(pickle.Unpickler):
    """Finds what :class:`_Writer` referred to in the modules that were loaded for it."""

    aliases: dict[str, str]

    def persistent_load(self, reference: tuple[str, str]) -> Any:
        """The function or class that *reference* names."""
        module, name = reference
        found: Any = sys.modules[self.aliases[module]]
        for part in name.split("."):
            found = getattr(found, part)
        return found


def unpack(data: bytes, modules: Iterable[dict[str, str | None]]) -> Callable[[], Any]:
    """The callable of :func:`pack`, in the child."""
    reader = _Reader(io.BytesIO(data))
    reader.aliases = {}
    for module in modules:
        load_as = str(module["load_as"])
        reader.aliases[str(module["name"])] = load_as
        _load(load_as, module["file"])
    function: Callable[[], Any] = reader.load()
    return function


def _load(name: str, file: str | None) -> None:
    if name in sys.modules:
        return
    token = _is_loading.set(True)
    try:
        _import(name, file)
    finally:
        _is_loading.reset(token)


def _import(name: str, file: str | None) -> None:
    if file is None or _is_found(name, file):
        importlib.import_module(name)
        return
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module can be loaded from {file}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def _is_found(name: str, file: str) -> bool:
    """Whether an import of *name* would load *file*, and not a namesake."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, AttributeError, ValueError):
        return False
    return spec is not None and spec.origin is not None and Path(spec.origin).samefile(file)
