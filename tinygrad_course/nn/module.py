"""`Module`: parameters, buffers and modules in a tree, and the call that runs it.

There is no registry: a module's parameters, buffers and submodules are its attributes, in the order of assignment.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from inspect import isroutine
from itertools import count
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..core.errors import DTypeError, TraceError
from ..core.markup import bundle
from ..core.state import Call, state
from ..tensor import Tensor
from .describe import page, tree
from .parameter import Parameter as Parameter
from .state import LoadReport, load

M = TypeVar("M", bound="Module")
Hook = Callable[["Module", tuple[Any, ...], Any], Any]
_next_hook = count().__next__
_SHAPED = (np.ndarray, Tensor)


class Module:
    """A part of a model: it holds parameters, buffers and other modules, and `forward` says what it computes.

    Everything is PyTorch's, names and meaning; calling ``super().__init__()`` is good style here, not a need.
    Parameters are named by their place in the model (``fc1.weight``), which pictures and errors show.

    Attributes
    ----------
    training
        Whether the module is being trained; `train` and `eval` set it. Dropout and batch normalisation ask.

    Examples
    --------
    >>> import numpy as np, tinygrad_course as tg
    >>> from tinygrad_course import nn
    >>> class Net(nn.Module):
    ...     def __init__(self, rng):
    ...         super().__init__()
    ...         self.hidden = nn.Linear(2, 4, rng=rng)
    ...         self.out = nn.Linear(4, 1, rng=rng)
    ...     def forward(self, x):
    ...         return self.out(tg.tanh(self.hidden(x)))
    >>> net = Net(np.random.default_rng(1))
    >>> net(np.ones((5, 2))).shape
    (5, 1)
    >>> net
    Net(  # 17 parameters
      (hidden): Linear(in_features=2, out_features=4)  # 12: weight (4, 2), bias (4,)
      (out): Linear(in_features=4, out_features=1)  # 5: weight (1, 4), bias (1,)
    )
    """

    training: bool
    _buffers: dict[str, bool]  # the names of the attributes that are buffers, and whether state_dict has them
    _hooks: dict[int, Hook]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        # Here and not in __init__: a subclass that forgets super().__init__() works too.
        self = super().__new__(cls)
        vars(self).update(training=True, _buffers={}, _hooks={})
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`; what it records belongs to this module in pictures."""
        here = state.here
        outer = here.scope
        given = [x.shape if isinstance(x, _SHAPED) else None for x in args]
        call = here.scope = Call(type(self).__name__, outer, self, given)
        try:
            output = self.forward(*args, **kwargs)
            if type(output) is tuple:
                call.results = _orders(output)
        finally:
            here.scope = outer
        for hook in tuple(self._hooks.values()):
            if here.tracer is not None:
                raise TraceError(
                    f"jit: {type(self).__name__} has a forward hook, which a compiled run would not call: take it "
                    "off, or compute what it does in the function"
                )
            changed = hook(self, args, output)
            output = output if changed is None else changed
        return output

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines it, and callers call the module itself."""
        raise NotImplementedError(f"{type(self).__name__} has no forward(): define it to say what the module computes")

    # --- attributes -------------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter | Module):
            self._check_name(name)
            self._buffers.pop(name, None)
            _name_parameters(name, value)
        elif isinstance(old := vars(self).get(name), Parameter | Module) and value is not None:
            kind = "Parameter" if isinstance(old, Parameter) else "Module"
            raise DTypeError(
                f"{type(self).__name__}.{name} is a {kind}, a {type(value).__name__} cannot replace it: "
                + ("write to its .data, or assign nn.Parameter(...)" if kind == "Parameter" else "assign a Module")
            )
        elif name in self._buffers:
            value = _as_buffer(value)
        elif isinstance(value, list | tuple | dict):
            _warn_of_hidden(type(self).__name__, name, value)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        self._buffers.pop(name, None)

    def register_buffer(self, name: str, value: ArrayLike | Tensor | None, persistent: bool = True) -> None:
        """Keep `value` as the attribute `name`: part of the state, not learnt, a Tensor that requires no gradient.

        `persistent`: whether `state_dict` has it.
        """
        self._check_name(name)
        object.__setattr__(self, name, _as_buffer(value))
        self._buffers[name] = persistent

    def register_parameter(self, name: str, value: Parameter | None) -> None:
        """Set the attribute `name` to a Parameter, or to None where the module does without it."""
        if value is not None and not isinstance(value, Parameter):
            raise DTypeError(f"register_parameter({name!r}): give a Parameter or None, not a {type(value).__name__}")
        self._check_name(name)
        setattr(self, name, value)

    def add_module(self, name: str, module: Module | None) -> None:
        """Set the attribute `name`, which may be any string without dots, to a module."""
        if module is not None and not isinstance(module, Module):
            raise DTypeError(f"add_module({name!r}): give a Module, not {_told(module)}")
        self._check_name(name)
        setattr(self, name, module)

    register_module = add_module

    def _check_name(self, name: str) -> None:
        if not isinstance(name, str) or not name or "." in name:
            raise DTypeError(f"{name!r} cannot name a part of a module: it must be a string, not empty, without dots")
        if isroutine(getattr(type(self), name, None)):
            raise DTypeError(f"{name} is a method of {type(self).__name__}: give the parameter or module another name")

    # --- what is inside ---------------------------------------------------------------------------------------------

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside this one, with their names."""
        return ((name, x) for name, x in tuple(vars(self).items()) if isinstance(x, Module))

    def children(self) -> Iterator[Module]:
        """The modules directly inside this one, each once."""
        return iter({id(x): x for _, x in self.named_children()}.values())

    def named_modules(self, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """This module and all below it with their paths (``encoder.0``), from the outside in."""
        seen: set[int] = set()
        for path, module in _walk(self, prefix):
            if not remove_duplicate or id(module) not in seen:
                seen.add(id(module))
                yield path, module

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once, from the outside in."""
        return (module for _, module in self.named_modules())

    def get_submodule(self, path: str) -> Module:
        """The module at a path such as ``encoder.0``; this one for ""."""
        module = self
        for name in path.split(".") if path else ():
            found = vars(module).get(name)
            if not isinstance(found, Module):
                names = ", ".join(n for n, _ in module.named_children()) or "no modules"
                raise AttributeError(
                    f"get_submodule({path!r}): {type(module).__name__} has no {name!r}; it has {names}"
                )
            module = found
        return module

    def _named(
        self, prefix: str, recurse: bool, duplicates: bool, members: Callable[[Module], Iterator[tuple[str, Any]]]
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in _walk(self, prefix) if recurse else [(prefix, self)]:
            for name, x in members(module):
                if duplicates or id(x) not in seen:
                    seen.add(id(x))
                    yield f"{path}.{name}" if path else name, x

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Every parameter with its path; one that stands in two places comes once."""
        return self._named(prefix, recurse, not remove_duplicate, own_parameters)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Every parameter once: what an optimiser takes."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Every buffer with its path."""
        return self._named(prefix, recurse, not remove_duplicate, own_buffers)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Every buffer once."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def named_generators(self) -> Iterator[tuple[str, np.random.Generator]]:
        """Every random generator that a module draws from (as Dropout does), with its path."""
        return self._named("", True, False, own_generators)

    # --- state ------------------------------------------------------------------------------------------------------

    def state_dict(self, prefix: str = "") -> dict[str, NDArray[Any]]:
        """Copies of all parameters and persistent buffers by path, with PyTorch's keys."""
        return {path: np.array(x.value) for path, x in self.named_state(prefix)}

    def named_state(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """What `state_dict` copies: parameters and persistent buffers by path; shared ones under each of theirs."""
        return self._named(prefix, True, True, own_state)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> LoadReport:
        """Copy parameters and buffers from arrays, Tensors or PyTorch's tensors, into the dtypes they have here.

        All or nothing: where anything does not fit, the module stays as it was.

        Raises
        ------
        StateDictError
            For a value of another shape, or (if `strict`) keys that are missing or unexpected.

        Examples
        --------
        >>> from tinygrad_course import nn
        >>> nn.Linear(2, 1).load_state_dict({"weight": [[1.0, 2.0, 3.0]]})
        Traceback (most recent call last):
            ...
        tinygrad_course.nn.state.StateDictError: load_state_dict: this state does not fit Linear, which stays as it was
          missing: bias (1,)
          wrong shape: weight is (1, 3) in the state, (1, 2) in the module
        """
        return load(type(self).__name__, dict(self.named_state()), state_dict, strict)

    def rng_state(self) -> dict[str, Any]:
        """The state of every random generator inside, by path: with `load_rng_state`, draws can be repeated."""
        return {path: rng.bit_generator.state for path, rng in self.named_generators()}

    def load_rng_state(self, states: Mapping[str, Any]) -> None:
        """Set the generators back to what `rng_state` gave."""
        generators = dict(self.named_generators())
        if generators.keys() != states.keys():
            raise ValueError(f"load_rng_state: the module's generators are {[*generators]}, the state's {[*states]}")
        for path, rng in generators.items():
            rng.bit_generator.state = states[path]

    # --- changes to all of it ---------------------------------------------------------------------------------------

    def apply(self: M, function: Callable[[Module], object]) -> M:
        """Call `function` with every module, those inside a module before it; returns this module."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    def train(self: M, mode: bool = True) -> M:
        """Set `training` here and in every module below; returns this module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Behave as in use, not as in training: ``train(False)``."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Set whether the parameters are learnt: False freezes them."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self) -> None:
        """Forget the accumulated gradient of every parameter."""
        for p in self.parameters():
            p.zero_grad()

    def to(self: M, dtype: DTypeLike) -> M:
        """Turn parameters and buffers of floats into another float dtype, in place."""
        try:
            kind = np.dtype(dtype)
        except TypeError:
            raise DTypeError(f"to({dtype!r}): give a float dtype, such as 'float32'; there are no devices") from None
        if kind.kind != "f":
            raise DTypeError(f"to({kind}): parameters are real floats; give 'float32' or 'float64'")
        for _, x in (*self.named_parameters(), *self.named_buffers()):
            if x.dtype.kind == "f" and x.dtype != kind:
                x.data = x.value.astype(kind)
                x.grad = None if x.grad is None else x.grad.astype(kind)
        return self

    astype = to

    def register_forward_hook(self, hook: Hook) -> Callable[[], None]:
        """Call ``hook(module, args, output)`` after each call of this module; what it returns, if not None, replaces
        the output. Returns the function that takes the hook off again."""
        key = _next_hook()
        self._hooks[key] = hook
        return partial(self._hooks.__delitem__, key)

    # --- text -------------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands between the brackets in the printed module."""
        return ""

    def __repr__(self) -> str:
        return tree(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return bundle({"text/plain": lambda: tree(self), "text/html": lambda: page(self)}, include, exclude)


def _walk(module: Module, prefix: str) -> Iterator[tuple[str, Module]]:
    yield prefix, module
    for name, child in module.named_children():
        yield from _walk(child, f"{prefix}.{name}" if prefix else name)


def own_parameters(module: Module) -> Iterator[tuple[str, Parameter]]:
    """The parameters of the module itself."""
    return ((name, x) for name, x in tuple(vars(module).items()) if isinstance(x, Parameter))


def own_buffers(module: Module) -> Iterator[tuple[str, Tensor]]:
    """The buffers of the module itself."""
    return ((name, x) for name in module._buffers if (x := getattr(module, name)) is not None)


def own_generators(module: Module) -> Iterator[tuple[str, np.random.Generator]]:
    """The random generators of the module itself."""
    return ((name, x) for name, x in vars(module).items() if isinstance(x, np.random.Generator))


def own_state(module: Module) -> Iterator[tuple[str, Tensor]]:
    """The parameters and persistent buffers of the module itself."""
    yield from own_parameters(module)
    yield from ((name, x) for name, x in own_buffers(module) if module._buffers[name])


def _as_buffer(value: Any) -> Tensor | None:
    if value is None or (isinstance(value, Tensor) and not value.requires_grad):
        return value
    return Tensor(value)


def _name_parameters(name: str, value: Parameter | Module) -> None:
    """Name parameters by the longer path that they now have; a name of the user's own stays."""
    if isinstance(value, Parameter):
        value.name = value.name or name
        return
    for path, p in value.named_parameters():
        if p.name == path:
            p.name = f"{name}.{path}"


def _warn_of_hidden(owner: str, name: str, value: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> None:
    items = value.values() if isinstance(value, dict) else value
    if any(isinstance(x, Parameter | Module) for x in items):
        container = "ModuleDict" if isinstance(value, dict) else "ModuleList"
        warnings.warn(
            f"{owner}.{name} is a {type(value).__name__} with modules or parameters in it, which parameters() and "
            f"state_dict() will not find: use nn.{container}, or one attribute for each",
            stacklevel=3,
        )


def _orders(results: tuple[Any, ...]) -> tuple[Any, ...]:
    """When each of the results of a call was recorded."""
    return tuple(_orders(x) if type(x) is tuple else x.order if isinstance(x, Tensor) else None for x in results)


def _told(x: Any) -> str:
    return f"the class {x.__name__} (forgot the brackets?)" if isinstance(x, type) else f"a {type(x).__name__}"
