"""What a function finds around it: globals, closures, and all that hangs on them. A compiled run relies on it.

Python code reads numbers, flags and objects that are no operands of any operation; a program has their effect built in.
So all that the traced code may have read is listed, as places (the entries of a namespace, dict, list or closure) and
what stands in them, and before every run each place must hold the very same object, or an equal number. Tensors and
arrays are compared by identity only: what they hold is read anew in every run.

What counts: from the function outwards, the globals that its code and that of all user functions which ran names, their
closures and defaults; inside found objects, everything, without end. Modules, and classes, count with the attributes
that the code names. What belongs to this package, to NumPy and to the standard library is taken to stay as it is.
"""

from __future__ import annotations

import array as arrays
import os
import sys
import sysconfig
import weakref
import zlib
from collections import deque
from collections.abc import Iterable
from types import CellType, CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any

import numpy as np

from ...core.errors import TraceError
from ...core.node import Node
from ...core.position import internal
from .views import base

SCALARS = (bool, int, float, complex, str, bytes, type(None), np.generic, np.dtype, type(Ellipsis), slice, range)
_STANDARD = tuple({os.path.realpath(p) + os.sep for p in (sysconfig.get_path("stdlib"), os.path.dirname(np.__file__))})
_MISSING = object()
LARGE = 1 << 16  # bytes
SEQUENCES = (list, tuple, set, frozenset, deque, bytearray, memoryview, arrays.array)
MAPPINGS = (dict, MappingProxyType)
CODE = ("__code__", "__defaults__", "__kwdefaults__")  # of a function: reloading a module sets them
BY_TEXT = {"getattr", "attrgetter", "vars", "__dict__"}  # ways to an attribute that a text names
HYPERPARAMETERS = {"param_groups", "defaults", "get_last_lr", "last_epoch", "_last_lr", "base_lrs"}


def is_foreign(filename: str) -> bool:
    """Whether a file is not the user's: it belongs to this package, NumPy or the standard library."""
    return internal[filename] or filename.startswith(("<frozen", *_STANDARD)) or "site-packages" in filename


def fingerprint(array: Any) -> int | bytes:
    """The bytes of an array's elements, or a checksum of them if they are many."""
    if array.dtype.hasobject:
        return 0
    if array.nbytes <= LARGE:
        found: bytes = array.tobytes()
        return found
    return zlib.crc32(np.ascontiguousarray(array).data)


class Place:
    """One holder of objects, and what was in it."""

    __slots__ = ("holder", "ids", "kept", "keys", "name")

    def __init__(self, name: str, holder: Any, keys: tuple[str, ...] | None = None) -> None:
        self.name, self.holder, self.keys = name, holder, keys
        self.note()

    def note(self) -> None:
        """Take what it holds now as what it should hold."""
        self.kept = self.now()
        self.ids = [*map(id, self.kept)]

    def now(self) -> list[Any]:
        """What it holds now."""
        holder, keys = self.holder, self.keys
        if keys is not None:
            if type(holder) is dict:
                return [holder.get(key, _MISSING) for key in keys]
            return [getattr(holder, key, _MISSING) for key in keys]
        if isinstance(holder, MAPPINGS):
            return [*holder.values(), *holder]
        if isinstance(holder, CellType):
            return [_content(holder)]
        return [*holder]

    def same(self) -> bool:
        """Whether it holds the same objects, or equal numbers, texts and the like in their places."""
        if self.ids == [*map(id, self.now())]:
            return True
        now = self.now()
        if len(now) != len(self.kept) or not all(map(_equal, now, self.kept)):
            return False
        self.note()
        return True

    def restore(self) -> None:
        """Put back what it held."""
        holder, kept = self.holder, self.kept
        if self.keys is not None:
            for key, x in zip(self.keys, kept, strict=True):
                if type(holder) is dict and x is not _MISSING:
                    holder[key] = x
                elif x is not _MISSING and getattr(holder, key, _MISSING) is not x:
                    setattr(holder, key, x)
        elif isinstance(holder, dict):
            half = len(kept) // 2
            holder.clear()
            holder.update(zip(kept[half:], kept[:half], strict=True))
        elif isinstance(holder, CellType):
            holder.cell_contents = kept[0]
        elif isinstance(holder, list):
            holder[:] = kept

    def difference(self) -> str:
        """What changed, in words."""
        now, names = self.now(), self.names()
        if len(now) != len(self.kept):
            return f"{self.name}, which has entries that come and go,"
        for name, a, b in zip(names, now, self.kept, strict=False):
            if a is not b and not _equal(a, b):
                return name
        return self.name

    def names(self) -> list[str]:
        """What each entry is called."""
        keys = self.keys if self.keys is not None else list(self.holder) if isinstance(self.holder, MAPPINGS) else None
        if isinstance(self.holder, CellType):
            return [self.name]
        if keys is None:
            return [f"{self.name}[{i}]" for i in range(len(self.kept))]
        named = [f"{self.name}.{key}" if self.name else str(key) for key in keys]
        return named if self.keys is not None else [*named, *named]


def _memory(array: Any) -> tuple[int, int]:
    """Where the elements of an array lie; the same for the array transposed or in another shape."""
    return array.__array_interface__["data"][0], array.size


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return _MISSING


def _equal(a: Any, b: Any) -> bool:
    """Whether `a` may stand where `b` stood: the same object, or an equal value of the same plain type."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, SCALARS):
        return bool(a == b) and repr(a) == repr(b)  # 0.0 and -0.0 are equal and two
    return type(a) is tuple and len(a) == len(b) and all(map(_equal, a, b))


class World:
    """All places that functions may read from, and the Tensors and arrays found there."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.tensors: dict[int, Node] = {}
        self.arrays: dict[int, Any] = {}
        self.generators: dict[int, np.random.Generator] = {}
        self.prints: list[tuple[Any, int | bytes]] = []
        self.codes: set[CodeType] = set()
        self.names: set[str] = set()
        self._seen: dict[int, Any] = {}
        self.optimizers: list[tuple[str, Any]] = []
        self.schedules: list[tuple[str, Any]] = []
        self._shallow: list[tuple[str, Any]] = []  # modules and classes, which count with what the code names
        self._stack: list[tuple[str, Any]] = []

    def add(self, name: str, found: Any) -> None:
        """Follow `found`, and everything that hangs on it."""
        self._stack.append((name, found))
        while self._stack:
            name, x = self._stack.pop()
            if isinstance(x, SCALARS) or id(x) in self._seen:
                continue
            self._seen[id(x)] = x
            self._follow(name, x)

    def _follow(self, name: str, x: Any) -> None:
        if isinstance(x, Node):
            self.tensors[id(x)] = x
            self._fields(name, x)
        elif isinstance(x, np.ndarray):
            self.arrays[id(x)] = x
            if x.dtype == object:
                self._place(Place(name, x.reshape(-1)))
        elif isinstance(x, np.random.Generator):
            self.generators[id(x)] = x
        elif isinstance(x, FunctionType):
            self._function(name, x)
        elif isinstance(x, property):
            self._stack += [(name, x.fget), (name, x.fset)]
        elif isinstance(x, staticmethod | classmethod):
            self._stack.append((name, x.__func__))
        elif isinstance(x, MethodType):
            self._stack += [(name, x.__self__), (name, x.__func__)]
        elif isinstance(x, ModuleType | type):
            if not _belongs_elsewhere(x):
                self._shallow.append((name, x))
                self._names_in(name, x, self.names)
        elif isinstance(x, weakref.ref):
            self._stack.append((name, x()))
        elif hasattr(type(x), "__next__") and type(x).__module__ in ("builtins", "itertools"):
            raise TraceError(
                f"jit: the function may take from {name}, a {type(x).__name__}, which a compiled run would not do "
                "again: take the next item outside and pass it as an argument"
            )
        elif isinstance(x, (CellType, *SEQUENCES, *MAPPINGS)):
            self._place(Place(name, x))
            if type(x) not in (CellType, *SEQUENCES, *MAPPINGS):
                self._object(name, x)
        else:
            self._object(name, x)

    def _place(self, place: Place) -> None:
        self.places.append(place)
        self._stack += zip(place.names(), place.kept, strict=True)

    def _object(self, name: str, x: Any) -> None:
        """An instance: its attributes, and its class with the methods that the code names."""
        if hasattr(type(x), "compiles"):  # what `jit` made: its own books are not the function's
            self._stack.append((name, x.function))
            return
        self._fields(name, x)
        slots = tuple(s for c in type(x).__mro__ for s in _slots(c) if s != "__dict__" and hasattr(x, s))
        if slots:
            self._place(Place(name, x, slots))
        for part in ("func", "args", "keywords", "__self__"):
            if type(x).__module__ in ("functools", "builtins") and hasattr(x, part):
                self._stack.append((name, getattr(x, part)))
        self._stack.append((type(x).__name__, type(x)))

    def _fields(self, name: str, x: Any) -> None:
        """The attributes of an object that has a dict for them."""
        fields = getattr(x, "__dict__", None)
        if isinstance(fields, dict):
            hidden = self._hidden(name, x)
            self._place(
                Place(name, fields, tuple(k for k in fields if k not in hidden)) if hidden else Place(name, fields)
            )

    def _hidden(self, name: str, x: Any) -> tuple[str, ...]:
        """Attributes of optimisers and schedules that every run reads anew: numbers, and the arrays of the state."""
        kind = type(x)
        if hasattr(kind, "get_last_lr") and hasattr(kind, "step"):
            self.schedules.append((name, x))
            return tuple(k for k in vars(x) if k != "optimizer")
        if not (hasattr(kind, "rule") and hasattr(x, "param_groups")):
            return ()
        self.optimizers.append((name, x))
        self._place(Place(f"{name}.param_groups", x.param_groups))
        for i, group in enumerate(x.param_groups):
            self._seen[id(group)] = group
            self._stack.append((f"{name}.param_groups[{i}].params", group["params"]))
        return ("param_groups", "state", "defaults", "_plans", "_spare", "_names")

    def watch_arrays(self, read_anew: Iterable[Any]) -> None:
        """Note what the arrays hold, for NumPy code may have used it. A large array is passed over if it, or a view of
        it, is `read_anew` in every run, being an operand of some operation."""
        read = {id(base(x)) for x in read_anew} | {_memory(x) for x in read_anew}
        for array in self.arrays.values():
            if array.nbytes <= LARGE or (id(array) not in read and _memory(array) not in read):
                self.prints.append((array, fingerprint(array)))

    def unchanged(self) -> bool:
        """Whether all places and arrays hold what they held."""
        for place in self.places:
            if not place.same():
                return False
        return all(fingerprint(array) == known for array, known in self.prints)

    def finish(self) -> None:
        """Where the code names what schedules change, that counts too."""
        if HYPERPARAMETERS & self.names:
            for name, x in self.optimizers:
                self.places += [Place(f"{name}.param_groups[{i}]", group) for i, group in enumerate(x.param_groups)]
            self.places += [Place(name, vars(x)) for name, x in self.schedules]
        for name, x in self.schedules:
            named = tuple(k for k in vars(x) if k in self.names and k != "optimizer")
            if named:
                self.places.append(Place(name, vars(x), named))

    def _function(self, name: str, f: FunctionType) -> None:
        if is_foreign(f.__code__.co_filename):
            for cell in f.__closure__ or ():  # a wrapper around a user's function
                self._stack.append((name, _content(cell)))
            return
        for key, cell in zip(f.__code__.co_freevars, f.__closure__ or (), strict=True):
            self._stack.append((key, cell))
        self._place(Place(name, f, CODE))
        if f.__dict__:
            self._fields(name, f)
        self.code(f.__code__, f.__globals__)

    def code(self, code: CodeType, space: dict[str, Any]) -> None:
        """What `code` reads by name: globals from `space`, attributes of modules and classes."""
        if code in self.codes:
            return
        self.codes.add(code)
        names = {*code.co_names}
        for inner in code.co_consts:
            if isinstance(inner, CodeType):
                self.code(inner, space)
        texts = {x for x in code.co_consts if isinstance(x, str)} if names & {"globals", *BY_TEXT} else set()
        found = tuple(sorted(n for n in (names | texts if "globals" in names else names) if n in space))
        if found:
            self._place(Place("", space, found))
        fresh = (names | texts | {code.co_name}) - self.names
        self.names |= fresh
        for name, x in self._shallow:
            self._names_in(name, x, fresh)

    def _names_in(self, name: str, x: Any, names: set[str]) -> None:
        """The attributes of a module or a class that code names."""
        found = tuple(sorted(n for n in names if n in vars(x)))
        if found:
            self._place(Place(name, x, found))
        for kind in x.__mro__[1:-1] if isinstance(x, type) else ():
            self._stack.append((kind.__name__, kind))


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _belongs_elsewhere(x: Any) -> bool:
    module = x if isinstance(x, ModuleType) else sys.modules.get(x.__module__)
    if module is None:
        return False
    file = getattr(module, "__file__", None)
    return (
        module.__name__ == "builtins"
        or (file is None and module.__spec__ is not None and module.__name__ != "__main__")
        or (file is not None and is_foreign(file))
    )
