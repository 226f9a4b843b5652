"""`Tensor`: an array that remembers how it was computed. Attributes, operators, methods and NumPy's protocols."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from sys import _getframe
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import numpy_protocol
from .core.deposit import deposit
from .core.engine_ops import cast
from .core.errors import DTypeError, GraphError, ShapeError
from .core.node import Node, leaf, tick
from .core.position import place, user_frame
from .core.reverse import note_change, reverse
from .core.state import state
from .core.tracing import peek, stand_in
from .operations import Operations
from .ops import index
from .ops import shape as shapes
from .reprs import tensor_text
from .values import as_value, discrete


class Tensor(Operations):
    """An array in a computation graph.

    Operations on Tensors return Tensors. Where one of their operands requires a gradient, the result remembers how it
    was computed, and ``result.backward()`` works out the derivative of the result with respect to every such leaf.

    Parameters
    ----------
    data
        Numbers, nested lists, an array or a Tensor; copied. Booleans, integers and real floats of any shape.
    requires_grad
        Whether derivatives with respect to this Tensor are wanted. Only float dtypes can have one.
    dtype
        The dtype to convert to; the one NumPy gives to `data` if None.
    name
        What pictures and errors call it; by default the name of the variable that the program assigns it to.

    Raises
    ------
    DTypeError
        For complex numbers, objects and text, and for integers or booleans with ``requires_grad=True``.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> w = tg.Tensor([1.0, 2.0], requires_grad=True)
    >>> loss = (w * w).sum()
    >>> loss.backward()
    >>> w.grad
    array([2., 4.])
    """

    __slots__ = ()
    __hash__ = object.__hash__
    __array_priority__ = 1000.0

    def __init__(
        self,
        data: ArrayLike | Tensor,
        *,
        requires_grad: bool = False,
        dtype: DTypeLike | None = None,
        name: str | None = None,
    ) -> None:
        source = data if isinstance(data, Node) and state.here.tracer is not None else None
        value = as_value(data if source is None else source.value, dtype)
        if type(value) is np.ndarray:
            value = value.copy()
        if requires_grad:
            _check_real(value)
        leaf(self, value, bool(requires_grad), name, user_frame(_getframe(1)))
        if source is not None:
            state.here.tracer.adopt(self, source)  # type: ignore[union-attr]

    # --- what it holds ----------------------------------------------------------------------------------------------

    @property
    def data(self) -> NDArray[Any]:
        """The values, as an array that may be written to. Writing between forward and backward is an error there."""
        tracer = state.here.tracer
        if tracer is not None:
            return tracer.array(self)  # type: ignore[no-any-return]
        if type(self.value) is not np.ndarray:
            self.value = np.asarray(self.value)
        value: NDArray[Any] = self.value
        return value

    @data.setter
    def data(self, new: ArrayLike) -> None:
        if new is self.value:  # written to in place, as in t.data -= step
            note_change(self, tick())
            return
        tracer = state.here.tracer
        if tracer is not None:
            tracer.bind(self, new)
            return
        value = as_value(new, what="data")
        if np.shape(value) != self.shape:
            raise ShapeError(
                f"data of shape {np.shape(value)} cannot replace data of shape {self.shape}: "
                "reshape it, or make a new Tensor"
            )
        if self.requires_grad:
            _check_real(value)
        self.value = value
        note_change(self, tick())

    @property
    def grad(self) -> NDArray[Any] | None:
        """The derivative that `backward` calls have added up here; None before the first.

        Leaves have it, and results that were asked to keep it with `retain_grad`. For the derivative with respect to
        any other result u there is ``tg.gradients(output, u)``.
        """
        tracer = state.here.tracer
        grad: NDArray[Any] | None = self._grad if tracer is None else tracer.grad(self)
        if grad is not None and type(grad) is not np.ndarray and tracer is None:
            grad = self._grad = np.asarray(grad)
        return grad

    @grad.setter
    def grad(self, new: ArrayLike | None) -> None:
        tracer = state.here.tracer
        if tracer is not None:
            tracer.set_grad(self, new)
            return
        value = None if new is None else np.asarray(as_value(new, what="grad"))
        if value is not None and value.shape != self.shape:
            raise ShapeError(f"a gradient of shape {value.shape} does not fit a Tensor of shape {self.shape}")
        self._grad = value

    @property
    def shape(self) -> tuple[int, ...]:
        """The size along each axis."""
        shape: tuple[int, ...] = self.value.shape
        return shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.value.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(self.value.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""
        dtype: np.dtype[Any] = self.value.dtype
        return dtype

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made it: it was created from data, or without recording."""
        return self.op is None

    @property
    def T(self) -> Tensor:
        """The transpose: axes in reverse order (a 1-d Tensor stays as it is, as in NumPy)."""
        return shapes.permute_dims(self)  # type: ignore[no-any-return]

    @property
    def mT(self) -> Tensor:
        """The matrix transpose: the last two axes swapped."""
        out: Tensor = shapes.matrix_transpose(self)
        return out

    def numpy(self) -> NDArray[Any]:
        """The values as an array (shared, not copied), outside the graph."""
        return self.data

    def item(self) -> Any:
        """The only element, as a Python number."""
        if self.value.size != 1:
            raise ShapeError(
                f"item() needs exactly one element, this Tensor has shape {self.shape}; use tolist() or index it"
            )
        return peek(self, "item()").item()

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        return peek(self, "tolist()").tolist()

    # --- derivatives ------------------------------------------------------------------------------------------------

    def backward(self, gradient: ArrayLike | Tensor | None = None) -> None:
        """Add the derivative of this Tensor to the `grad` of every leaf it was computed from.

        The chain rule runs from here to the leaves, right to left. It may be called again: gradients accumulate.

        Parameters
        ----------
        gradient
            The derivative of the final quantity with respect to this Tensor, of this Tensor's shape (the `v` of the
            product v^T J); 1 if None, which needs a Tensor of one element.

        Raises
        ------
        GraphError
            If nothing was recorded, or `gradient` is missing for more than one element.
        MutationError
            If a recorded array was changed since.
        """
        if not self.requires_grad:
            raise GraphError(
                f"backward(): {_called(self)} records nothing, because nothing it was computed from requires a gradient"
                f", or recording was off (no_grad); create the inputs with requires_grad=True{place(_getframe(1))}"
            )
        seed = _seed(self, gradient, _getframe(1))
        found = reverse((self,), (seed,))
        tracer = state.here.tracer
        if tracer is not None:
            for node, g in found.items():
                old = tracer.grad(node)
                tracer.set_grad(node, g if old is None else old + g)
            return
        for node in found:
            _check_real(node.value)  # requires_grad may have been set after the Tensor was made
        deposit(found)

    def zero_grad(self) -> None:
        """Forget the accumulated gradient: `grad` is None again."""
        tracer = state.here.tracer
        if tracer is None:
            self._grad = None
        else:
            tracer.set_grad(self, None)

    def retain_grad(self) -> None:
        """Ask `backward` to keep the gradient of this intermediate result in `grad`, as leaves do."""
        self.retains_grad = True

    def detach(self) -> Tensor:
        """The same values (shared) as a constant: no derivative flows back from it."""
        out = bare(self.value)
        out.name = self.name
        out.code, out.lasti = self.code, self.lasti
        if state.here.tracer is not None:
            state.here.tracer.adopt(out, self)
        return out

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad` of a leaf in place, and return it."""
        if self.op is not None:
            raise GraphError(
                f"{_called(self)} is a recorded result, its requires_grad cannot be set; use detach() first"
            )
        if requires_grad:
            _check_real(self.value)
        self.requires_grad = requires_grad
        return self

    # --- copies and conversions -------------------------------------------------------------------------------------

    def astype(self, dtype: DTypeLike) -> Tensor:
        """The values in another dtype; between float dtypes a derivative flows back, in the original dtype."""
        kind = np.dtype(dtype)
        if kind.kind not in "biuf":
            raise DTypeError(f"astype({kind}): a Tensor holds only booleans, integers or real floats")
        out: Tensor = cast(self, dtype=kind) if kind.kind == "f" else discrete(self, dtype=kind)
        return out

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if self.op is not None:
            raise GraphError(f"{_called(self)} is a recorded result and cannot be deep-copied; use detach() or copy()")
        out = object.__new__(type(self))
        leaf(out, peek(self, "deepcopy()").copy(), self.requires_grad, self.name, None)
        out.code, out.lasti = self.code, self.lasti
        out._grad = None if self._grad is None else self._grad.copy()
        return out

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), np.asarray(peek(self, "pickle")), self.requires_grad, self.name, self.grad)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(peek(self, "numpy.asarray()"), dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs and (op := numpy_protocol.PRIMITIVES.get(ufunc)) is not None:
            return op.applied(inputs, kwargs, _getframe(1))  # the common case, without ado
        return numpy_protocol.apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return numpy_protocol.apply_function(func, args, kwargs)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        if self.value.size != 1:
            raise ShapeError(
                f"the truth value of a Tensor of shape {self.shape} is ambiguous: "
                "use any() or all(), and where() or maximum() to choose elementwise" + place(_getframe(1))
            )
        return bool(peek(self, "a Python decision (if, while, and, or, not)"))

    def __index__(self) -> int:
        value = peek(self, "an index or a count in Python")
        return operator.index(value.item() if value.ndim == 0 else value)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __str__(self) -> str:
        return str(peek(self, "str() or print()"))

    def __repr__(self) -> str:
        if state.here.tracer is not None:
            return f"{type(self).__name__}(shape={self.shape}, dtype={self.dtype}, traced)"
        op = self.op.name if self.op is not None else None
        return tensor_text(
            type(self).__name__, self.value, name=self.name, op=op, requires_grad=self.requires_grad, grad=self._grad
        )

    # --- containers -------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        if not self.value.shape:
            raise DTypeError("len() of a 0-d Tensor: it has no axes; use .size for the number of elements")
        return int(self.value.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if not self.value.shape:
            raise DTypeError("a 0-d Tensor cannot be iterated over: it has no axes; use .item() for its value")
        return (self[i] for i in range(len(self)))

    def __contains__(self, item: Any) -> bool:
        return bool(np.any(peek(self, "in") == peek(item, "in")))

    def __getitem__(self, key: Any) -> Tensor:
        out: Tensor = index.getitem(self, key)
        return out

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise GraphError(
            "a Tensor cannot be assigned to item by item: the graph records values, and they must stay as they were. "
            "Use where(condition, new, old) to choose, concat or stack to build, or t.data[...] = v on a leaf before "
            "the forward pass" + place(_getframe(1))
        )


Tensor.result_class = Tensor


def bare(value: Any) -> Tensor:
    """A Tensor around `value` as it is: no copy, no history."""
    out = object.__new__(Tensor)
    leaf(out, value, False, None, None)
    return out


def _restore(kind: type[Tensor], value: NDArray[Any], requires_grad: bool, name: str | None, grad: Any) -> Tensor:
    out = object.__new__(kind)
    leaf(out, value if value.ndim else value[()], requires_grad, name, None)
    out._grad = grad
    return out


def _check_real(value: Any) -> None:
    if value.dtype.kind != "f":
        raise DTypeError(
            f"a Tensor of dtype {value.dtype} cannot require a gradient: a derivative needs real numbers. "
            "Write floats (5.0 instead of 5), or pass dtype=float"
        )


def _called(node: Node) -> str:
    return f"{node.called} (shape {node.value.shape})"


def _seed(output: Tensor, gradient: Any, frame: Any) -> Any:
    """The cotangent that a backward pass from `output` starts with."""
    value = output.value
    if gradient is None:
        if value.size != 1:
            raise GraphError(
                f"backward(): {_called(output)} is not a scalar, so it has no single derivative; "
                "reduce it first, as in t.sum().backward(), or pass gradient= of its shape" + place(frame)
            )
        return np.ones(value.shape, value.dtype) if value.ndim else value.dtype.type(1)
    traced = state.here.tracer is not None and isinstance(gradient, Node)
    seed = stand_in(gradient) if traced else as_value(gradient, what="gradient")
    if np.shape(seed) != value.shape:
        raise ShapeError(
            f"backward(): gradient has shape {np.shape(seed)}, it must have the Tensor's, {value.shape}" + place(frame)
        )
    return seed.astype(value.dtype)
