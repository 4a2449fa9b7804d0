"""Act on a library as soon as it is imported, without importing it."""

from __future__ import annotations

import contextlib
import sys
from importlib.abc import Loader
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    Action = Callable[[ModuleType], None]


@contextlib.contextmanager
def when_imported(actions: Mapping[str, Action]) -> Iterator[None]:
    """Call each action with its module: now if that is imported, else if it is within the block.

    Args:
        actions: By the full name of the module: ``{"sklearn.pipeline": patch}``.
    """
    for name, action in actions.items():
        module = sys.modules.get(name)
        if module is not None:
            action(module)
    finder = _Finder({name: a for name, a in actions.items() if name not in sys.modules})
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        finder.close()


class _Finder:
    """Finds nothing itself: wraps what the finders behind it have found."""

    def __init__(self, actions: dict[str, Action]) -> None:
        self._actions = actions

    def close(self) -> None:
        """Act no longer, also in imports that are under way."""
        self._actions.clear()
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self)

    def act(self, module: ModuleType) -> None:
        """Once per module."""
        action = self._actions.pop(module.__name__, None)
        if action is not None:
            action(module)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the other finders find, None where this one has nothing to do."""
        if name not in self._actions or self not in sys.meta_path:
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None if find is None else find(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, self)
                return spec
        return None


class _Loader(Loader):
    """Loads as *loader* does, which it leaves in the module, and then acts."""

    def __init__(self, loader: Any, finder: _Finder) -> None:
        self._loader, self._finder = loader, finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the real loader does."""
        found: ModuleType | None = self._loader.create_module(spec)
        return found

    def exec_module(self, module: ModuleType) -> None:
        """Execute it, then act on it."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._finder.act(module)
