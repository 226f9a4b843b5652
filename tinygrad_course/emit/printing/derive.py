"""A function and its gradient, recorded as one program on example arguments."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.errors import DTypeError, GraphError
from ...core.node import Node, leaf
from ...core.reverse import reverse
from ...core.state import recording_everything
from ...core.tree import flatten, paths
from ...tensor import Tensor
from ...values import as_value
from ..program import Program, step, stop
from .around import Around
from .captured import gather, gather_constants
from .derived import Argument, Derived
from .frozen import nudged, refuse_frozen, refuse_other_constants, refuse_shapes_by_value, same_bits
from .watch import watched

Function = Callable[..., Any]


@dataclass(frozen=True)
class _Task:
    """A function to record, on which arguments, and what is to be differentiated."""

    f: Function
    args: Sequence[Any]
    kwargs: dict[str, Any]
    chosen: list[int] | None
    derivatives: bool

    @property
    def name(self) -> str:
        return getattr(self.f, "__name__", type(self.f).__name__)

    def recorded(self, around: Around, stand_ins: dict[int, Node], other: bool = False) -> tuple[Derived, Any]:
        """The forward pass, with stand-ins for arrays around the function, and what the function returned.

        `other`: on other data than the example's.
        """
        made = Derived(self.name, stand_ins=stand_ins)
        args, kwargs = _stand_ins(made, self.f, self.args, self.kwargs, self.chosen)
        for x in (*made.inputs, *stand_ins.values()) if other else ():
            x.value = nudged(x.value)
        with around.replaced(stand_ins):
            return made, _recorded(made, self.f, args, kwargs)

    def finish(self, made: Derived, result: Any, around: Around) -> None:
        """The reverse pass; and everything that is used from outside becomes an input."""
        refuse_shapes_by_value(made.name, made.forward)
        made.captured = _captured(made)
        gather(made, around)
        if not Program.of([], made.outputs).steps and not set(made.outputs) & set(made.inputs):
            raise GraphError(
                f"source: {made.name} records nothing: its result does not depend on its arguments, or left the "
                "graph on the way (np.asarray, .data, .item(), no_grad)"
            )
        if self.derivatives:
            _differentiate(made, result, self.args, self.chosen)
        for x in made.constants:
            x.requires_grad = False  # they did only for the reverse pass to record what it does with them
        gather_constants(made)


def derive(f: Function, args: Sequence[Any], kwargs: dict[str, Any], argnums: Any, derivatives: bool) -> Derived:
    """Run `f` on stand-ins for its arguments, and the reverse pass, and keep what both of them record.

    Arrays and Tensors are inputs; so are Python floats if there are none, and numbers that are differentiated; and so
    are the arrays that `f` finds around it. Everything else is built in.
    """
    task = _Task(f, args, _with_defaults(f, args, kwargs), _chosen(args, argnums), derivatives)
    around = Around(f)
    made, result = _surely(task, around)
    task.finish(made, result, around)
    _look_again(task, made, around)
    return made


def _surely(task: _Task, around: Around) -> tuple[Derived, Any]:
    """A recording with stand-ins for the arrays around the function, if it then does the same; else without them.

    It may not: ``if X.max() > 1``, ``isinstance(X, np.ndarray)`` and ``np.asarray(X)`` are about arrays.
    """
    plain = task.recorded(around, {})
    if not around.spots:
        return plain
    try:
        traced = task.recorded(around, around.stand_ins())
        refuse_shapes_by_value(task.name, traced[0].forward)
    except Exception:
        return plain
    pairs = zip(plain[0].outputs, traced[0].outputs, strict=False)
    return traced if all(same_bits(a.value, b.value) for a, b in pairs) else plain


def _with_defaults(f: Function, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments, and the arrays that are defaults of arguments not given."""
    try:
        signature = inspect.signature(f)
        given = signature.bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        return kwargs
    left = {n: p.default for n, p in signature.parameters.items() if n not in given and p.kind != p.POSITIONAL_ONLY}
    return {**{n: x for n, x in left.items() if isinstance(x, Node | np.ndarray)}, **kwargs}


def _recorded(made: Derived, f: Function, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What `f` returns, its operations recorded and its outputs noted."""
    with recording_everything(), watched(made.name, made.forward, made.locals, made.looks):
        result = f(*args, **kwargs)
    if made.looks:
        raise GraphError(
            f"source: {made.name} {made.looks[0]}, and the printed text would not do so again for other data; choose "
            "with where(condition, a, b), compute with Tensors throughout, or pass a plain number as an argument"
        )
    leaves, made.output_tree = flatten(result)
    made.outputs = [_output(made.name, y) for y in leaves]
    _link(made)
    return result


def _look_again(task: _Task, made: Derived, around: Around) -> None:
    """Record the function on other data, and refuse it if something of the example data is built into its program."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            again, result = task.recorded(around, around.stand_ins() if made.stand_ins else {}, other=True)
            task.finish(again, result, around)
    except Exception:
        return  # the other data is not in the domain of f: nothing can be said
    refuse_frozen(made.name, made.program(), again.program())
    refuse_other_constants(made.name, made.origins, again.origins)


def _chosen(args: Sequence[Any], argnums: Any) -> list[int] | None:
    """The positions of the arguments to differentiate; None if the caller leaves it to us."""
    if argnums is None:
        return None
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    for i in numbers:
        if not -len(args) <= i < len(args):
            raise GraphError(f"source: argnums names argument {i}, but the function was given {len(args)}")
    return [i % len(args) for i in numbers]


def _stand_ins(
    made: Derived, f: Function, args: Sequence[Any], kwargs: dict[str, Any], chosen: list[int] | None
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with Tensors in place of data."""
    arrays = any(_is_array(x) for x in flatten([list(args), kwargs])[0])
    names = _names(f, args)
    data = () if arrays else (float,)  # beside arrays, a Python number is a setting, and takes their dtype
    positional = []
    for i, tree in enumerate(args):
        asked = chosen is not None and i in chosen
        positional.append(_stand_in(made, names[i], tree, (float, int) if asked else data))
    return positional, {k: _stand_in(made, k, tree, data) for k, tree in kwargs.items()}


def _stand_in(made: Derived, name: str, tree: Any, data: tuple[type, ...]) -> Any:
    """The argument with Tensors in place of arrays, and of numbers of the types `data`."""
    leaves, rebuild = flatten(tree)
    found = [_input(x, made.name) if _is_array(x) or type(x) in data else None for x in leaves]
    made.arguments.append(Argument(name, tree, paths(tree), found))
    return rebuild([x if stand is None else stand for x, stand in zip(leaves, found, strict=True)])


def _is_array(x: Any) -> bool:
    return isinstance(x, Node | np.ndarray | np.generic)


def _input(x: Any, name: str) -> Node:
    """A leaf of which everything computed from it is recorded, integers and booleans too."""
    value: Any = np.array(as_value(x, float if type(x) is int else None, what=f"source: an argument of {name}"))[()]
    node = object.__new__(Tensor)
    leaf(node, value, True, x.name if isinstance(x, Node) else None, None)
    return node


def _names(f: Function, args: Sequence[Any]) -> list[str]:
    """What `f` calls its positional arguments."""
    try:
        kinds = list(inspect.signature(getattr(f, "forward", f)).parameters.values())
    except (TypeError, ValueError):
        kinds = []
    names: list[str] = []
    for p in kinds:
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            names.append(p.name)
        elif p.kind is p.VAR_POSITIONAL:
            names += [f"{p.name}{i}" for i in range(len(args) - len(names))]
    return [*names, *(f"x{i}" for i in range(len(names), len(args)))]


def _output(name: str, y: Any) -> Node:
    if isinstance(y, Node):
        return y
    try:
        return Tensor(y)
    except DTypeError as error:
        raise GraphError(f"source: {name} returned {type(y).__name__}; it must return Tensors or arrays") from error


def _captured(made: Derived) -> list[Node]:
    """Leaves that require a gradient and came in by another way than as an argument, the oldest first."""
    given = {*made.inputs, *made.stand_ins.values()}
    found = {x for x in Program.of([], made.outputs).constants if x.requires_grad and x not in given}
    return sorted(found, key=lambda x: x.order)


def _differentiate(made: Derived, result: Any, args: Sequence[Any], chosen: list[int] | None) -> None:
    if not isinstance(result, Node) or result.value.size != 1:
        got = f"an array of shape {np.shape(result.value)}" if isinstance(result, Node) else type(result).__name__
        raise GraphError(
            f"source: {made.name} returned {got}; a gradient needs one number: reduce it (sum, mean), or ask for the "
            "forward pass alone with derivatives=False"
        )
    made.targets = _targets(made, args, chosen)
    if not made.targets:
        raise GraphError(f"source: {made.name} has no argument of floats to differentiate with respect to")
    seed = Tensor(np.ones(result.value.shape, result.value.dtype)[()])
    waypoints = [node for node in _between(made.targets, result) if type(node.value) is not tuple]
    with recording_everything():
        found = reverse([result], [seed], [*made.targets, *waypoints], record=True, guarded=True)
    made.cotangents = {x: g if isinstance(g, Node) else Tensor(g) for x, g in found.items()}


def _targets(made: Derived, args: Sequence[Any], chosen: list[int] | None) -> list[Node]:
    """The inputs to differentiate: those asked for; else Tensors that require it; else all of floats."""
    if chosen is not None:
        found = [x for i in chosen for x in made.arguments[i].inputs if x is not None]
        for x in found:
            if x.value.dtype.kind != "f":
                raise DTypeError(f"source: argnums names an argument of dtype {x.value.dtype}; gradients need floats")
        return found
    given: list[Node] = []
    marked: list[Node] = []
    for argument in made.arguments:
        for stand, old in zip(argument.inputs, flatten(argument.tree)[0], strict=True):
            if stand is not None and stand.value.dtype.kind == "f":
                given.append(stand)
                marked += [stand] if isinstance(old, Node) and old.requires_grad else []
    return [*marked, *made.captured] or given


def _between(targets: Sequence[Node], result: Node) -> list[Node]:
    """The forward nodes that a derivative passes on its way from the result to a target."""
    steps = Program.of([], [result]).steps
    on_path = set(targets)
    for node in steps:
        if node.op is not None and node.op.differentiable and any(x in on_path for x in node.parents):
            on_path.add(node)
    return [node for node in steps if node in on_path]


def _link(made: Derived) -> None:
    """Lead data that left the graph and came back as it was (``t.detach()``, a target's array) to where it came from.

    It is known by its identity: a constant operand that is the very array of an input or of an operation.
    """
    inputs = [x for argument in made.arguments for x in argument.inputs if x is not None]
    owner: dict[int, Node] = dict(made.stand_ins)
    inputs += made.stand_ins.values()
    for node in (*inputs, *made.forward):
        if isinstance(node.value, np.ndarray | np.floating | np.integer):
            owner.setdefault(id(node.value), node)
    inner = {*inputs, *made.forward}
    linked: dict[Node, Node] = {}
    for node in made.forward:
        if any(_owner(x, owner, inner) is not None for x in node.inputs):
            node.inputs = tuple(_led_back(x, owner, inner, linked, node) for x in node.inputs)
    made.outputs = [_led_back(y, owner, inner, linked, y) for y in made.outputs]


def _owner(x: Any, owner: dict[int, Node], inner: set[Node]) -> Node | None:
    """The input or step whose array a constant is; None if it is no constant, or of its own."""
    if isinstance(x, Node):
        return None if x in inner or x.op is not None or x.requires_grad else owner.get(id(x.value))
    return owner.get(id(x)) if isinstance(x, np.ndarray | np.generic) else None


def _led_back(x: Any, owner: dict[int, Node], inner: set[Node], linked: dict[Node, Node], user: Node) -> Any:
    source = _owner(x, owner, inner)
    if source is None or source.order > user.order:
        return x
    if source not in linked:
        node = linked[source] = step(stop, (source,), {}, source.value, user)
        node.order = source.order + 0.5  # type: ignore[assignment]  # right behind what it passes on
    return linked[source]
