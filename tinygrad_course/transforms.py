"""Functions of functions: derivatives of any order, forward mode, and trading memory for time.

A transform takes a Python function of Tensors or arrays and returns another. Given arrays it returns arrays; given
Tensors it returns Tensors that are part of the graph, so transforms nest: ``grad(grad(f))`` is the second derivative.
Arguments may be nested tuples, lists and dicts of arrays; a gradient has the structure of its argument.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from .core.errors import DTypeError, GraphError, ShapeError
from .core.node import Node
from .core.reverse import reverse
from .core.rows import reverse_rows
from .core.state import recording, state
from .core.tracing import stand_in
from .core.tree import aligned, flatten
from .derivatives import as_cotangent, as_tensor
from .ops import shape as shapes
from .ops.arithmetic import copy, multiply
from .ops.join import stack
from .ops.reduce import sum as sum_
from .tensor import Tensor
from .values import as_value

Function = Callable[..., Any]


# --- functions of one call ------------------------------------------------------------------------------------------


class _Call:
    """One evaluation of `f` with fresh leaves in place of chosen arguments, so that it can be differentiated.

    `outer` tells whether a Tensor came in: then the leaves are recorded copies of the arguments, connected to the
    caller's graph, and everything handed out is Tensors; otherwise arrays go in and arrays come out.
    """

    def __init__(self, name: str, f: Function, args: tuple[Any, ...], kwargs: dict[str, Any], argnums: Sequence[int]):
        self.name = name
        for i in argnums:
            if not -len(args) <= i < len(args):
                raise ShapeError(
                    f"{name}: argnums names argument {i}, but the function was called with {len(args)}; count from 0"
                )
        chosen = [i % len(args) for i in argnums]
        given, self.rebuild = flatten([args[i] for i in chosen])
        self.outer = any(isinstance(x, Tensor) for x in flatten([args, kwargs])[0])
        self.leaves = [self._enter(x) for x in given]
        inner = list(args)
        for i, value in zip(chosen, self.rebuild(self.leaves), strict=True):
            inner[i] = value
        with recording(True):
            self.output = f(*inner, **kwargs)

    def _enter(self, x: Any) -> Tensor:
        value = x.value if isinstance(x, Node) else as_value(x, what=f"{self.name}: an argument")
        if value.dtype.kind != "f":
            raise DTypeError(
                f"{self.name}: cannot differentiate with respect to an argument of dtype {value.dtype}; "
                "pass floats (5.0 instead of 5), or leave it out of argnums"
            )
        if isinstance(x, Tensor) and x.requires_grad:
            return copy(x)  # type: ignore[no-any-return]
        return Tensor(x if isinstance(x, Node) else value, requires_grad=True)  # type: ignore[arg-type]

    def scalar(self, output: Any) -> Tensor:
        """`output`, checked to be one real number."""
        if isinstance(output, float | np.floating | np.ndarray) and np.ndim(output) == 0:
            if type(output) is not float:
                warnings.warn(
                    f"{self.name}: the function returned a NumPy value, which nothing links with its arguments: the "
                    "derivative is 0. If it depends on them, it left the graph through np.asarray, .data or .item()",
                    stacklevel=4,
                )
            output = Tensor(output)  # a constant: its gradient is 0
        if not isinstance(output, Tensor):
            raise GraphError(
                f"{self.name}: the function must return a Tensor of one element, it returned {type(output).__name__}"
            )
        if output.size != 1:
            raise GraphError(
                f"{self.name}: the function must return one number, its result has shape {output.shape}; reduce it "
                "(sum, mean), or use jacobian or vjp"
            )
        return output

    def pull(self, outputs: Sequence[Tensor], cotangents: Sequence[Any], record: bool | None = None) -> list[Any]:
        """Gradients of the leaves, zeros where the output does not depend on one: nodes if recorded, else arrays."""
        record = self.outer if record is None else record
        pairs = [(y, g) for y, g in zip(outputs, cotangents, strict=True) if y.requires_grad]
        found = reverse([y for y, _ in pairs], [g for _, g in pairs], self.leaves, record=record)
        zeros = (np.zeros_like(x.value) for x in self.leaves)
        if record:
            return [found[x] if x in found else Tensor(z) for x, z in zip(self.leaves, zeros, strict=True)]
        return [found.get(x, z) for x, z in zip(self.leaves, zeros, strict=True)]

    def pull_rows(self, y: Tensor, cotangents: Any) -> list[Any]:
        """Gradients of the leaves for each of `cotangents` of one output, stacked along a new first axis."""
        if not len(cotangents):
            return [np.zeros((0, *x.shape), x.dtype) for x in self.leaves]
        found = None if self.outer else reverse_rows(y, cotangents, self.leaves)
        if found is not None:
            return [found[x] if x in found else np.zeros((len(cotangents), *x.shape), x.dtype) for x in self.leaves]
        rows = [self.pull([y], [Tensor(g) if self.outer else g]) for g in cotangents]
        return [(stack if self.outer else np.stack)(column) for column in zip(*rows, strict=True)]

    def leave(self, x: Any) -> Any:
        """A result as the caller gets it: a Tensor if Tensors came in, else an array."""
        if isinstance(x, Node):
            return x if self.outer else np.asarray(stand_in(x)) if state.here.tracer is None else stand_in(x)
        return as_tensor(x) if self.outer else np.array(x)  # a copy: two gradients may be one array, or a broadcast one


def _argnums(argnums: int | Sequence[int]) -> tuple[int, ...]:
    return (argnums,) if isinstance(argnums, int) else tuple(argnums)


def _one(results: list[Any], argnums: int | Sequence[int]) -> Any:
    return results[0] if isinstance(argnums, int) else tuple(results)


def _ones(y: Tensor) -> Any:
    return np.ones(y.shape, y.dtype)[()]


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """A function that returns ``(f(*args), gradient)``: one forward and one backward pass.

    >>> import tinygrad_course as tg
    >>> tg.value_and_grad(lambda x: x**2)(3.0)
    (array(9.), array(6.))
    """

    @wraps(f, updated=())
    def both(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call = _Call("grad", f, args, kwargs, _argnums(argnums))
        y = call.scalar(call.output)
        seed = Tensor(_ones(y)) if call.outer else _ones(y)
        grads = [call.leave(g) for g in call.pull([y], [seed])]
        return call.leave(y), _one(call.rebuild(grads), argnums)

    return both


def grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The gradient of a function that returns one number.

    Parameters
    ----------
    f
        A function of arrays or Tensors (and nested tuples, lists, dicts of them) that returns one real number.
    argnums
        The positional argument to differentiate with respect to, or several: then the gradient is a tuple.

    Returns
    -------
    callable
        With the arguments of `f`; its result has the structure, shapes and dtypes of the argument.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> tg.grad(lambda a: a**3)(2.0)
    array(12.)
    >>> tg.grad(tg.grad(lambda a: a**3))(2.0)
    array(12.)
    >>> tg.grad(lambda p: p["w"] * 3.0 + p["b"])({"w": 1.0, "b": 2.0})
    {'w': array(3.), 'b': array(1.)}
    """
    both = value_and_grad(f, argnums)

    @wraps(f, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """The value of `f` at `primals`, and a function that pulls a cotangent of it back to them (v^T J).

    Returns
    -------
    out, pullback
        ``pullback(cotangent)``, with the structure of `out`, returns a tuple with one entry per primal; it may be
        called many times.

    Examples
    --------
    >>> import numpy as np, tinygrad_course as tg
    >>> y, pullback = tg.vjp(lambda W, x: W @ x, np.eye(2), np.array([1.0, 2.0]))
    >>> pullback(np.array([1.0, 0.0]))
    (array([[1., 2.],
           [0., 0.]]), array([1., 0.]))
    """
    call = _Call("vjp", f, primals, {}, range(len(primals)))
    outs, rebuild_out = flatten(call.output)
    outs = [as_tensor(y) for y in outs]

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        given = flatten(_aligned("vjp: the cotangent", cotangent, call.output))[0]
        if len(given) != len(outs):
            raise ShapeError(
                f"vjp: {len(given)} cotangents for {len(outs)} outputs; give it the structure of the output"
            )
        record = call.outer or any(isinstance(g, Tensor) for g in given)
        seeds = [as_cotangent(y, g, record) for y, g in zip(outs, given, strict=True)]
        grads = call.pull(outs, seeds, record)
        return tuple(call.rebuild([g if record else call.leave(g) for g in grads]))

    return rebuild_out([call.leave(y) for y in outs]), pullback


def _aligned(what: str, tree: Any, like: Any) -> Any:
    try:
        return aligned(tree, like)
    except KeyError as error:
        raise ShapeError(f"{what} has other keys than what it belongs to ({error.args[0]}); use the same") from None


def _pairs(name: str, primals: Any, tangents: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The primals and the tangents, checked to be as many, and the tangents ordered as the primals are."""
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple | list):
            raise DTypeError(
                f"{name}: {what} must be a tuple with one entry per argument of the function, not "
                f"{type(given).__name__}; for one argument x write (x,)"
            )
    if len(primals) != len(tangents):
        raise ShapeError(f"{name}: {len(tangents)} tangents for {len(primals)} primals; give one per primal")
    return tuple(primals), tuple(_aligned(f"{name}: a tangent", list(tangents), list(primals)))


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of `f` at `primals`, and its directional derivative along `tangents` (J v): forward mode.

    There is no second set of rules: a vjp is linear in its cotangent u, so the vjp of ``u -> u^T J``, with respect to
    u, is J v (J. Townsend, "A new trick for calculating Jacobian vector products", 2017).

    >>> import tinygrad_course as tg
    >>> tg.jvp(lambda x: x**2, (3.0,), (1.0,))
    (array(9.), array(6.))
    """
    primals, tangents = _pairs("jvp", primals, tangents)
    call = _Call("jvp", f, primals, {}, range(len(primals)))
    moves = flatten(list(tangents))[0]
    if [np.shape(v) for v in moves] != [x.shape for x in call.leaves]:
        raise ShapeError(
            f"jvp: tangents of shapes {[np.shape(v) for v in moves]} for primals of shapes "
            f"{[x.shape for x in call.leaves]}; each tangent needs its primal's shape"
        )
    outer = call.outer = call.outer or any(isinstance(v, Tensor) for v in moves)
    outs, rebuild_out = flatten(call.output)
    outs = [as_tensor(y) for y in outs]
    with recording(True):
        dummies = [Tensor(np.zeros(y.shape, y.dtype), requires_grad=True) for y in outs]
        pulled = call.pull(outs, dummies, record=True)
        seeds = [as_cotangent(g, v, outer) for g, v in zip(pulled, moves, strict=True) if g.requires_grad]
        reached = [g for g in pulled if g.requires_grad]
        found = reverse(reached, seeds, dummies, record=outer) if reached else {}
    pushed = [found.get(u, np.zeros(u.shape, u.dtype)) for u in dummies]
    return rebuild_out([call.leave(y) for y in outs]), rebuild_out([call.leave(t) for t in pushed])


def jacobian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """All first derivatives of an array-valued function: shape ``output.shape + argument.shape``.

    One backward pass in which every output element has a row: an elementwise operation works its slopes out once for
    all of them, other rules are called for each. For an argument that is a tuple, list or dict, a Jacobian for each
    leaf.

    >>> import numpy as np, tinygrad_course as tg
    >>> tg.jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @wraps(f, updated=())
    def rows(*args: Any, **kwargs: Any) -> Any:
        call = _Call("jacobian", f, args, kwargs, _argnums(argnums))
        outs, rebuild_out = flatten(call.output)
        tables = [_one(call.rebuild(_jacobian_of(call, as_tensor(y))), argnums) for y in outs]
        return rebuild_out(tables)

    return rows


def _jacobian_of(call: _Call, y: Tensor) -> list[Any]:
    basis = np.eye(y.size, dtype=y.dtype).reshape(y.size, *y.shape)
    tables = call.pull_rows(y, basis)
    return [call.leave(shapes.reshape(t, (*y.shape, *x.shape))) for t, x in zip(tables, call.leaves, strict=True)]


def hessian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """All second derivatives of a function that returns one number: shape ``argument.shape * 2``.

    For several arguments, or a nested one, a block for every pair, as the Jacobian of the gradient.

    >>> import numpy as np, tinygrad_course as tg
    >>> tg.hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of a scalar function times `tangents`, at the cost of a few gradients and without the matrix.

    `primals` and `tangents` are tuples with one entry per argument of `f`; so is the result (its entry alone, for a
    function of one argument).

    >>> import numpy as np, tinygrad_course as tg
    >>> tg.hvp(lambda x: (x**3).sum(), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    array([ 6., 12.])
    """
    primals, tangents = _pairs("hvp", primals, tangents)
    moves = flatten(list(tangents))[0]

    def slope(*args: Any) -> Any:
        """The directional derivative of f along the tangents: its gradient is H v."""
        grads = flatten(list(grad(f, range(len(args)))(*args)))[0]
        if [g.shape for g in grads] != [np.shape(v) for v in moves]:
            raise ShapeError("hvp: every tangent needs the shape of its primal")
        total: Any = 0.0
        for g, v in zip(grads, moves, strict=True):
            total = total + sum_(multiply(g, v))
        return total

    product = grad(slope, range(len(primals)))(*primals)
    return product[0] if len(primals) == 1 else product
