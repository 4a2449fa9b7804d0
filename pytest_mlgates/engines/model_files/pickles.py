"""What a pickle would import and call, followed without doing it.

The machine of a pickle has a stack, a memo and no branches, so it can be followed exactly: strings,
numbers and containers are kept, every object is remembered as what made it. That is needed for
names that are put together on the stack (``STACK_GLOBAL``), and for joblib's files, in which the
bytes of arrays stand between the opcodes: how many is told by the object before them.
"""

from __future__ import annotations

import io
import math
import pickletools
from typing import TYPE_CHECKING, Any

from pytest_mlgates.engines.model_files.found import UnreadableError
from pytest_mlgates.engines.model_files.pickled import Global, Instance, layout

if TYPE_CHECKING:
    from collections.abc import Callable

_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_RECONSTRUCTORS = {("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor")}
_TEXT_CODEC = ("_codecs", "encode")
_LATIN_1 = {"latin1", "latin-1", "iso-8859-1"}
_DEEPEST = 50  # object arrays in object arrays


class Walk:
    """What happens in a stream of one pickle.

    Attributes:
        names: The position of the first import of each global.
        odd: What no writer of pickles does, with its position.
        embedded: Bytes in it, by position, which may be files or pickles again.
        broken: Why it cannot be followed to its end; empty if it can.
        begins: Whether its first step could be followed, as it can in anything that is a pickle.
        value: What it leaves, if it was followed to the end.
        arrays: How many arrays of joblib's stand in it.
        objects: Where the first of them that holds objects starts: it is a pickle in the pickle.
    """

    def __init__(self, data: bytes, start: int = 0, *, joblib: bool = True) -> None:
        self.names: dict[Global, int] = {}
        self.odd: list[tuple[int, str]] = []
        self.embedded: list[tuple[int, bytes]] = []
        self.broken, self.begins = "", False
        self.value: Any = None
        self.arrays = 0
        self.objects = len(data)
        self.end = start
        self._joblib = joblib
        self._stream = io.BytesIO(data)
        self._size = len(data)
        self._follow_from(start, 0)

    def _follow_from(self, start: int, depth: int) -> None:
        """Follow one pickle from *start*; ``end`` is then behind it."""
        self._stream.seek(start)
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._depth = depth
        position = start
        try:
            for opcode, argument, told in pickletools.genops(self._stream):
                position = told if told is not None else position
                _HANDLERS[opcode.name](self, argument, position)
                self.begins = True
            self.value = self._stack[-1] if self._stack else None
        except UnreadableError as error:
            self.broken = f"{error} at byte {position}"
        except IndexError:
            self.broken = f"it takes more from its stack than there is at byte {position}"
        except Exception as error:  # pickletools raises of many kinds for bytes that are no pickle
            self.broken = f"it breaks off at byte {position}: {error}"
        self.end = self._stream.tell()

    def import_(self, found: Global, position: int) -> None:
        """The name *found* is imported and put on the stack."""
        self.names.setdefault(found, position)
        self._stack.append(found)

    def push(self, value: Any) -> None:
        """Put *value* on the stack."""
        self._stack.append(value)

    def pop(self) -> Any:
        """Take the last value from the stack."""
        return self._stack.pop()

    def pop_item(self) -> None:
        """Drop the last value, or the last mark if nothing stands behind it."""
        if self._stack:
            self._stack.pop()
        else:
            self._stack = self._below.pop()

    def dup(self) -> None:
        """The last value once more."""
        # CPython's machine written in C does not stop at the last mark here.
        items = self._stack or next((s for s in reversed(self._below) if s), [])
        self._stack.append(items[-1])

    def mark(self) -> None:
        """Begin a list of values."""
        self._below.append(self._stack)
        self._stack = []

    def since_mark(self) -> list[Any]:
        """Take the values behind the last mark, and the mark."""
        items = self._stack
        self._stack = self._below.pop()
        return items

    def remember(self, key: Any) -> None:
        """Put the last value into the memo under *key*."""
        self._memo[int(key)] = self._stack[-1]

    def memoize(self) -> None:
        """Put the last value into the memo under the next number."""
        self._memo[len(self._memo)] = self._stack[-1]

    def recall(self, key: Any) -> None:
        """Put the value under *key* in the memo on the stack."""
        self._stack.append(self._memo[int(key)])

    def bytes_(self, value: Any, position: int) -> None:
        """Put bytes on the stack, or a text of Python 2, which is bytes as well."""
        kept = bytes(value) if not isinstance(value, str) else value.encode("latin-1", "replace")
        self.embedded.append((position, kept))
        self._stack.append(value if isinstance(value, str) else kept)

    def call(self, maker: Any, arguments: Any, position: int) -> None:
        """``maker(*arguments)`` on the stack."""
        named = isinstance(maker, Global)
        if not named:
            self.odd.append((position, "calls what is no imported name"))
        wrapped = isinstance(arguments, tuple) and _WRAPPER in [
            one for one in arguments if isinstance(one, Global)
        ]
        # Nothing of a pickle is hashed or shown but names and texts: tuples of tuples of the same
        # tuple would take forever.
        if named and maker in _RECONSTRUCTORS and wrapped and arguments[0] == _WRAPPER:
            maker, arguments = arguments[0], ()
        elif wrapped:
            raise UnreadableError("an array of joblib's is made in an unusual way")
        if named and maker == _TEXT_CODEC:
            self._encoded(arguments, position)
            return
        self._stack.append(Instance(maker, arguments))

    def _encoded(self, arguments: Any, position: int) -> None:
        """``_codecs.encode(text, "latin1")``: how old protocols write bytes."""
        plain = isinstance(arguments, tuple) and [type(one) for one in arguments] == [str, str]
        if not plain or arguments[1] not in _LATIN_1:
            self.odd.append((position, "encodes a text with a codec of its own choice"))
            self._stack.append(None)
            return
        self.bytes_(arguments[0].encode("latin-1", "replace"), position)

    def fill(self, target: Any, position: int) -> None:
        """Something is put into *target*, which stays on the stack."""
        if isinstance(target, Global):
            self.odd.append((position, f"changes {target.module}.{target.name} itself"))

    def build(self, position: int) -> None:
        """Give the object on the stack its state; joblib reads its array then."""
        state = self._stack.pop()
        target = self._stack[-1]
        self.fill(target, position)
        if not isinstance(target, Instance):
            return
        if target.maker == _WRAPPER and self._joblib:
            if target.state is not None or target.arguments not in ((), None):
                raise UnreadableError("an array of joblib's is made in an unusual way")
            target.state = state
            self.arrays += 1
            self._skip_array(state)
            self._stack[-1] = Instance(Global("numpy", "ndarray"))
            return
        target.state = state

    def _skip_array(self, state: Any) -> None:
        """Move behind the bytes of the array that *state* describes."""
        if not isinstance(state, dict):
            raise UnreadableError("an array of joblib's is not described")
        shape = state.get("shape")
        if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
            raise UnreadableError("the shape of an array of joblib's is not understood")
        itemsize, has_objects = layout(state.get("dtype"))
        if has_objects:
            self._inner_pickle()
            return
        alignment = state.get("numpy_array_alignment_bytes")
        if alignment is not None:
            padding = self._stream.read(1)
            if not padding:
                raise UnreadableError("the bytes of an array are cut off")
            self._stream.seek(padding[0], 1)
        behind = self._stream.tell() + math.prod(shape) * itemsize
        if behind > self._size:
            raise UnreadableError("the bytes of an array are cut off")
        self._stream.seek(behind)

    def _inner_pickle(self) -> None:
        """An array of objects is a pickle of its own between the opcodes."""
        self.objects = min(self.objects, self._stream.tell())
        kept = self._stack, self._below, self._memo, self._depth
        if self._depth >= _DEEPEST:
            raise UnreadableError("arrays stand in arrays too deep")
        # joblib reads it with the plain machine, which knows nothing of bytes in between.
        joblib, self._joblib = self._joblib, False
        self._follow_from(self._stream.tell(), self._depth + 1)
        self._stack, self._below, self._memo, self._depth = kept
        self._joblib = joblib
        if self.broken:
            raise UnreadableError(self.broken)


def _global(walk: Walk, argument: Any, position: int) -> None:
    module, _, name = str(argument).partition(" ")
    walk.import_(Global(module, name), position)


def _stack_global(walk: Walk, _: Any, position: int) -> None:
    name, module = walk.pop(), walk.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise UnreadableError("it imports a name that it computes")
    walk.import_(Global(module, name), position)


def _inst(walk: Walk, argument: Any, position: int) -> None:
    arguments = tuple(walk.since_mark())
    _global(walk, argument, position)
    walk.call(walk.pop(), arguments, position)


def _obj(walk: Walk, _: Any, position: int) -> None:
    items = walk.since_mark()
    walk.call(items[0], tuple(items[1:]), position)


def _reduce(walk: Walk, _: Any, position: int) -> None:
    arguments = walk.pop()
    walk.call(walk.pop(), arguments, position)


def _newobj_ex(walk: Walk, _: Any, position: int) -> None:
    named, arguments, maker = walk.pop(), walk.pop(), walk.pop()
    if maker == _WRAPPER and named:
        raise UnreadableError("an array of joblib's is made in an unusual way")
    walk.call(maker, arguments, position)


def _extension(_walk: Walk, argument: Any, _position: int) -> None:
    raise UnreadableError(f"it imports number {argument} of a registry that is not in the file")


def _append(walk: Walk, _: Any, position: int) -> None:
    _extended(walk, [walk.pop()], position)


def _appends(walk: Walk, _: Any, position: int) -> None:
    _extended(walk, walk.since_mark(), position)


def _extended(walk: Walk, items: list[Any], position: int) -> None:
    target = walk.pop()
    walk.fill(target, position)
    if isinstance(target, list):
        target += items
    walk.push(target)


def _setitem(walk: Walk, _: Any, position: int) -> None:
    value, key = walk.pop(), walk.pop()
    _updated(walk, [key, value], position)


def _setitems(walk: Walk, _: Any, position: int) -> None:
    _updated(walk, walk.since_mark(), position)


def _updated(walk: Walk, items: list[Any], position: int) -> None:
    target = walk.pop()
    walk.fill(target, position)
    if isinstance(target, dict):
        target.update(_dict(items))
    walk.push(target)


def _dict(items: list[Any]) -> dict[Any, Any]:
    """Only texts matter as keys here: attributes of objects."""
    pairs = zip(items[::2], items[1::2], strict=True)
    return {key: value for key, value in pairs if isinstance(key, str)}


def _additems(walk: Walk, _: Any, position: int) -> None:
    walk.since_mark()
    target = walk.pop()
    walk.fill(target, position)
    walk.push(target)


def _persistent(walk: Walk, _: Any, __: int) -> None:
    told = walk.pop()
    # torch's old files name the class of a module in this way, with its source beside it.
    is_class = isinstance(told, tuple) and len(told) > 1 and told[0] == "module"
    walk.push(told[1] if is_class else None)


def _frozenset(walk: Walk, _: Any, __: int) -> None:
    walk.since_mark()
    walk.push(None)


def _taken(count: int) -> Callable[[Walk, Any, int], None]:
    def handler(walk: Walk, _: Any, __: int) -> None:
        items = [walk.pop() for _ in range(count)]
        walk.push(tuple(reversed(items)))

    return handler


def _simply(act: Callable[[Walk, Any], object]) -> Callable[[Walk, Any, int], None]:
    def handler(walk: Walk, argument: Any, _: int) -> None:
        act(walk, argument)

    return handler


_VALUE = _simply(lambda walk, argument: walk.push(argument))
_HANDLERS: dict[str, Callable[[Walk, Any, int], None]] = {
    **dict.fromkeys(
        ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        _VALUE,
    ),
    **dict.fromkeys(("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"), _VALUE),
    **dict.fromkeys(
        (
            *("STRING", "BINSTRING", "SHORT_BINSTRING"),
            *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
        ),
        Walk.bytes_,
    ),
    **dict.fromkeys(("PROTO", "FRAME", "STOP", "READONLY_BUFFER"), _simply(lambda *_: None)),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _simply(Walk.remember)),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _simply(Walk.recall)),
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), _extension),
    "NONE": _simply(lambda walk, _: walk.push(None)),
    "NEWTRUE": _simply(lambda walk, _: walk.push(True)),
    "NEWFALSE": _simply(lambda walk, _: walk.push(False)),
    "NEXT_BUFFER": _simply(lambda walk, _: walk.push(None)),
    "PERSID": _simply(lambda walk, _: walk.push(None)),
    "BINPERSID": _persistent,
    "EMPTY_LIST": _simply(lambda walk, _: walk.push([])),
    "EMPTY_DICT": _simply(lambda walk, _: walk.push({})),
    "EMPTY_TUPLE": _simply(lambda walk, _: walk.push(())),
    "EMPTY_SET": _simply(lambda walk, _: walk.push(None)),
    "FROZENSET": _frozenset,
    "LIST": _simply(lambda walk, _: walk.push(walk.since_mark())),
    "TUPLE": _simply(lambda walk, _: walk.push(tuple(walk.since_mark()))),
    "DICT": _simply(lambda walk, _: walk.push(_dict(walk.since_mark()))),
    "TUPLE1": _taken(1),
    "TUPLE2": _taken(2),
    "TUPLE3": _taken(3),
    "MARK": _simply(lambda walk, _: walk.mark()),
    "POP": _simply(lambda walk, _: walk.pop_item()),
    "POP_MARK": _simply(lambda walk, _: walk.since_mark()),
    "DUP": _simply(lambda walk, _: walk.dup()),
    "MEMOIZE": _simply(lambda walk, _: walk.memoize()),
    "APPEND": _append,
    "APPENDS": _appends,
    "SETITEM": _setitem,
    "SETITEMS": _setitems,
    "ADDITEMS": _additems,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "INST": _inst,
    "OBJ": _obj,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "NEWOBJ_EX": _newobj_ex,
    "BUILD": lambda walk, _, position: walk.build(position),
}
