"""`Sequential`, `ModuleList` and `ModuleDict`: modules in a row, in a list, in a dict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import index
from typing import Any, Self, overload

from ..core.errors import DTypeError
from .module import Module


class _Row(Module):
    """Modules in order, under the names "0", "1", ... unless they were given others."""

    def named(self) -> dict[str, Module]:
        """The modules by name, in order."""
        return dict(self.named_children())

    def _fill(self, modules: Iterable[Module]) -> None:
        """Hold these modules, newly numbered, instead of the present ones."""
        modules = list(modules)
        for name in self.named():
            delattr(self, name)
        self.extend(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), _checked(module))
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several at the end."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, at: int, module: Module) -> None:
        """Add a module before position `at`."""
        modules = list(self)
        modules.insert(at, _checked(module))
        self._fill(modules)

    def __len__(self) -> int:
        return len(self.named())

    def __iter__(self) -> Iterator[Module]:
        return iter(self.named().values())

    def _name_of(self, position: Any) -> str:
        names, i = list(self.named()), index(position)
        if not -len(names) <= i < len(names):
            raise IndexError(f"index {i} is out of range: this {type(self).__name__} has {len(names)} modules")
        return names[i]

    def __setitem__(self, position: int, module: Module) -> None:
        setattr(self, self._name_of(position), _checked(module))

    def __delitem__(self, position: int | slice) -> None:
        modules = list(self)
        self._name_of(position) if not isinstance(position, slice) else None
        del modules[position]
        self._fill(modules)


class Sequential(_Row):
    """Modules one after another: each gets what the one before it returned.

    Give it modules, or one dict of modules by name. An index gives a module, a slice another Sequential that shares
    the modules.

    >>> import numpy as np
    >>> from tinygrad_course import nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    >>> model(np.ones((5, 4))).shape
    (5, 3)
    >>> model[:2](np.ones((5, 4))).shape
    (5, 8)
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.add_module(name, _checked(module))
        else:
            self.extend(modules)  # type: ignore[arg-type]

    def forward(self, x: Any) -> Any:
        """What the last module returns."""
        for _, module in self.named_children():
            x = module(x)
        return x

    @overload
    def __getitem__(self, position: int) -> Module: ...
    @overload
    def __getitem__(self, position: slice) -> Sequential: ...
    def __getitem__(self, position: int | slice) -> Module:
        if isinstance(position, slice):
            return type(self)(dict(list(self.named().items())[position]))
        return self.named()[self._name_of(position)]


class ModuleList(_Row):
    """A list of modules that `parameters` and `state_dict` know of; calling them is up to you.

    >>> from tinygrad_course import nn
    >>> layers = nn.ModuleList(nn.Linear(n, n) for n in (1, 2, 3))
    >>> [key for key in layers.state_dict() if "bias" in key]
    ['0.bias', '1.bias', '2.bias']
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    @overload
    def __getitem__(self, position: int) -> Module: ...
    @overload
    def __getitem__(self, position: slice) -> ModuleList: ...
    def __getitem__(self, position: int | slice) -> Module:
        if isinstance(position, slice):
            return type(self)(list(self)[position])
        return self.named()[self._name_of(position)]

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])


class ModuleDict(Module):
    """A dict of modules by name, in order, that `parameters` and `state_dict` know of.

    >>> from tinygrad_course import nn
    >>> heads = nn.ModuleDict({"age": nn.Linear(8, 1), "class": nn.Linear(8, 5)})
    >>> heads["class"].out_features, list(heads)
    (5, ['age', 'class'])
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        super().__init__()
        self.update(modules)

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add or replace modules."""
        for name, module in dict(modules).items():
            self[name] = module

    def __getitem__(self, name: str) -> Module:
        return dict(self.named_children())[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, _checked(module))

    def __delitem__(self, name: str) -> None:
        self.pop(name)

    def pop(self, name: str) -> Module:
        """Take the module called `name` out, and return it."""
        module = self[name]
        delattr(self, name)
        return module

    def clear(self) -> None:
        """Take all modules out."""
        for name in tuple(self):
            delattr(self, name)

    def keys(self) -> Iterable[str]:
        """The names."""
        return dict(self.named_children()).keys()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return dict(self.named_children()).values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """Names and modules."""
        return dict(self.named_children()).items()

    def __len__(self) -> int:
        return len(dict(self.named_children()))

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in dict(self.named_children())


def _checked(module: Any) -> Any:
    """`module`, or a hint for what is not one."""
    if isinstance(module, Module):
        return module
    if isinstance(module, type):
        raise DTypeError(f"{module.__name__} is a class, not a module: did you mean {module.__name__}()?")
    hint = "; the function's module has a capital letter (nn.ReLU() for tg.relu)" if callable(module) else ""
    raise DTypeError(f"a container holds Modules, not a {type(module).__name__}{hint}")
