"""Primitives: a forward function on arrays and its derivative rule, declared once and read two ways.

A rule is an ordinary function built from operators and other primitives. Called with arrays it computes a gradient;
called with nodes it records the backward pass as another graph. Nothing else in the package knows a derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, wraps
from sys import _getframe
from types import FrameType
from typing import Any

import numpy as np

from .errors import DTypeError, GraphError, IndexingError, LinAlgError, ShapeError, TinygradError
from .node import Node, record
from .position import place

Rule = Callable[..., Any]
_ANY = 1 << 30  # as many operands as one likes
Rules = tuple[Rule | int | None, ...] | Rule  # an int: a partial that is that number everywhere


class Primitive:
    """An operation on arrays that knows its derivative.

    Called with arrays only, it runs `forward` and returns arrays; called with a Tensor among its operands, it returns
    a Tensor and records a node. Operands that may differ from run to run (data, indices, masks) are positional; static
    parameters (axis, shape) are keywords.

    Two kinds of rule, given by the decorators `def_partials` and `def_vjp`:

    - *elementwise*: ``partials(output, *inputs, **params)`` returns one local partial derivative per input, each of a
      shape that broadcasts against the output; the engine multiplies by the cotangent and undoes broadcasting;
    - *vjp*: ``vjp(cotangent, output, *inputs, **params)`` returns one gradient (or None) per input.

    Attributes: `name`, `forward`, `elementwise`, `differentiable`, `outputs` (1, or the length of the tuple that
    `forward` returns), `spreads` (its gradients may be smaller than the inputs: they stand for themselves broadcast).
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        *,
        name: str | None = None,
        partials: Rules | None = None,
        vjp: Rules | None = None,
        differentiable: bool = True,
        outputs: int = 1,
        spreads: bool = False,
        complaint: Callable[..., str | None] | None = None,
        doc: str | None = None,
    ) -> None:
        self.forward = forward
        self.name = self.__name__ = self.__qualname__ = name or forward.__name__.strip("_")
        self.__doc__ = doc or forward.__doc__
        self.__wrapped__ = forward
        self.rules: Rules | None = partials if partials is not None else vjp
        self.elementwise = partials is not None
        self.constant = type(partials) is tuple and all(type(p) is int for p in partials)
        self.differentiable = differentiable
        self.outputs = outputs
        self.spreads = spreads
        self.complaint = complaint
        # A further operand would be NumPy's `out`, and be written to.
        self.most = forward.nin if isinstance(forward, np.ufunc) else _ANY

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        return self.applied(inputs, params, _getframe(1))

    def applied(self, inputs: tuple[Any, ...], params: dict[str, Any], frame: FrameType) -> Any:
        """The result of a call from `frame`."""
        recorded = plain = False
        values: list[Any] = []  # a loop: a comprehension would be a call of its own
        for x in inputs:
            if isinstance(x, Node):
                recorded = True
                values.append(x.value)
            else:
                plain = True
                values.append(x)
        try:
            if len(values) > self.most:
                raise TypeError(f"takes {self.most} operands, but {len(values)} were given")
            value = self.forward(*values, **params) if params else self.forward(*values)
        except (ValueError, TypeError, IndexError, np.linalg.LinAlgError) as error:
            raise explained(self, error, values, params, frame) from error
        if params:
            _refuse_tensor_params(self, params)
        if recorded:
            if plain:
                inputs = tuple([v if isinstance(v, Node) else constant(v) for v in inputs])
            node = record(self, inputs, params, value, frame)
            if type(value) is tuple and isinstance(node, Node):
                return tuple(pick(node, index=i, count=len(value)) for i in range(len(value)))
            return node
        for x in inputs:
            if type(x) is list or type(x) is tuple:
                refuse_tensors_in(x)
        return value

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a class attribute a primitive is a method, like a function."""
        return self if instance is None else partial(self, instance)

    def def_partials(self, rule: Rule) -> Rule:
        """Decorate ``rule(output, *inputs, **params) -> one local partial per input`` (an elementwise operation)."""
        self.rules, self.elementwise = rule, True
        return rule

    def def_vjp(self, rule: Rule) -> Rule:
        """Decorate ``rule(cotangent, output, *inputs, **params) -> one gradient, or None, per input``."""
        self.rules, self.elementwise = rule, False
        return rule

    def joint(self, arguments: Sequence[Any], params: dict[str, Any], count: int) -> Sequence[Any]:
        """All entries of a rule that was given as one function, checked to be one for each of `count` inputs."""
        if self.rules is None:
            raise GraphError(
                f"{self.name} has no derivative rule; give it one with @{self.name}.def_partials (elementwise) "
                f"or @{self.name}.def_vjp"
            )
        entries = self.rules(*arguments, **params)  # type: ignore[operator]
        if type(entries) is not tuple and type(entries) is not list:
            got = type(entries).__name__
            raise GraphError(f"the rule of {self.name} returned {got}; it must return a tuple with one entry per input")
        if len(entries) != count:
            raise GraphError(
                f"the rule of {self.name} returned {len(entries)} entries for {count} inputs; one per input is needed"
            )
        return entries


def primitive(
    forward: Callable[..., Any] | None = None, *, name: str | None = None, outputs: int = 1, differentiable: bool = True
) -> Any:
    """Turn a function on arrays into an operation that Tensors record: a decorator, ``@tg.primitive``.

    Give it its derivative with `def_partials` (elementwise) or `def_vjp` (anything else), and check it with
    ``tg.check_primitive``. Rules are written with operators and ``tg`` functions, not ``np`` ones, so that they can be
    differentiated again.

    Parameters
    ----------
    forward
        The function: positional arrays, keyword parameters; returns an array, or a tuple of `outputs` arrays.
    name
        What errors and pictures call it; the function's name if None.
    differentiable
        False for results that no derivative should flow through.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> @tg.primitive
    ... def cube(x):
    ...     return x**3
    >>> @cube.def_partials
    ... def cube_partials(y, x):
    ...     return (3 * x**2,)
    >>> tg.grad(cube)(2.0)
    array(12.)
    """
    if forward is None:
        return partial(primitive, name=name, outputs=outputs, differentiable=differentiable)
    return Primitive(_on_arrays(forward, outputs), name=name, outputs=outputs, differentiable=differentiable)


def _on_arrays(forward: Callable[..., Any], outputs: int) -> Callable[..., Any]:
    """A user's forward function, its results made arrays (0-d ones NumPy scalars), as the engine needs them."""

    @wraps(forward)
    def run(*inputs: Any, **params: Any) -> Any:
        value = forward(*inputs, **params)
        if outputs == 1:
            return _result(value)
        if not isinstance(value, tuple | list) or len(value) != outputs:
            got = f"{len(value)} results" if isinstance(value, tuple | list) else type(value).__name__
            raise TypeError(f"its forward function must return a tuple of {outputs} arrays, it returned {got}")
        return tuple(map(_result, value))

    return run


def _result(value: Any) -> Any:
    if hasattr(value, "dtype") and hasattr(value, "shape"):  # also an array of another library
        return value[()] if value.shape == () else value
    if isinstance(value, tuple):
        raise TypeError(f"its forward function returned a tuple; say @primitive(outputs={len(value)})")
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"its forward function returned {type(value).__name__}; it must return an array")
    return array[()]


def constant(x: Any) -> Any:
    """A constant operand in a form that rules can compute with: a list as an array, numbers and arrays as they are."""
    if type(x) is np.ndarray and x.dtype.kind in "biuf":
        return x
    if isinstance(x, list | tuple):
        refuse_tensors_in(x)
        x = np.asarray(x)
    kind = x.dtype.kind if isinstance(x, np.ndarray | np.generic) else "c" if isinstance(x, complex) else "f"
    if kind not in "biuf":
        raise DTypeError(f"an operand has dtype {np.result_type(x)}; operands are real numbers, integers or booleans")
    return x


def refuse_tensors_in(items: list[Any] | tuple[Any, ...]) -> None:
    """An error for nested lists that hold a Tensor with a history, which would be lost on the way into an array."""
    stack: list[Any] = [items]
    while stack:
        item = stack.pop()
        if isinstance(item, list | tuple):
            stack.extend(item)
        elif isinstance(item, Node) and item.requires_grad:
            raise GraphError(
                "a list with Tensors in it is not one operand: join them first, with stack([...]) or concat([...])"
            )


def _refuse_tensor_params(op: Primitive, params: dict[str, Any]) -> None:
    """An error for a Tensor with a history given as a static parameter, through which no derivative would flow."""
    for name, x in params.items():
        if isinstance(x, Node) and x.requires_grad:
            raise GraphError(
                f"{op.name}: {name}= is a static parameter, and no derivative flows through it; pass a number, or "
                f"{name}.detach() to hold it constant"
            )


def explained(
    op: Primitive, error: Exception, values: Sequence[Any], params: dict[str, Any], frame: FrameType
) -> Exception:
    """`error` from the forward of `op`, retold with the operands' shapes and the user's line."""
    if isinstance(error, TinygradError):
        return error
    text = op.complaint(*values, **params) if op.complaint is not None else None
    if text is None:
        text = _broadcast_complaint(values) if op.elementwise or not op.differentiable else None
    if text is None:
        shapes = ", ".join(_shape_text(v) for v in values)
        said = str(error).removeprefix(f"{op.name}: ")
        text = f"{said}; operands: {shapes}" + (
            f"; {', '.join(f'{k}={v!r}' for k, v in params.items())}" if params else ""
        )
    kind: type[TinygradError] = ShapeError
    if isinstance(error, TypeError):
        kind = DTypeError
    elif isinstance(error, IndexError) and not isinstance(error, ValueError):
        kind = IndexingError
    elif isinstance(error, np.linalg.LinAlgError):
        kind = LinAlgError
    return kind(f"{op.name}: {text}{place(frame)}")


def _shape_text(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return str(tuple(shape)) if shape is not None else type(value).__name__


def _broadcast_complaint(values: Sequence[Any]) -> str | None:
    shapes: list[tuple[int, ...]] = []
    try:
        shapes.extend(np.shape(v) for v in values)
        np.broadcast_shapes(*shapes)
    except ValueError:
        width = max(map(len, shapes), default=0)
        for k in range(1, width + 1):
            sizes = {s[-k] for s in shapes if len(s) >= k} - {1}
            if len(sizes) > 1:
                named = " and ".join(str(s) for s in shapes)
                clash = " and ".join(map(str, sorted(sizes)))
                return (
                    f"shapes {named} do not broadcast: sizes {clash} meet on axis {-k}; "
                    "make them equal, or one of them 1"
                )
    return None


def _pick(results: Any, *, index: int, count: int) -> Any:
    """One of the `count` results of an operation that returns several."""
    return results[index]


# A tuple with one entry; the engine knows this rule, gathers the entries and fills what nobody asked for with zeros.
pick = Primitive(_pick, vjp=(lambda g, y, x, index, count: tuple(g if i == index else None for i in range(count)),))
