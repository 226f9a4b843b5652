"""Einstein summation: one primitive for every sum of products, whose gradients are Einstein sums again.

Subscripts are first written out: `...` becomes letters and the output explicit, so that the derivative rule has one
case. Operands are contracted in pairs, each as one stack of matrix products where that is possible.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from string import ascii_letters
from typing import Any, NamedTuple

import numpy as np

from ..core.primitive import Primitive, refuse_tensors_in
from .axes import refuse
from .shape import broadcast_to, reshape

Shape = tuple[int, ...]
Optimize = bool | str | Sequence[Any]
MOST_OPERANDS = 63  # NumPy's own limit


def einsum(subscripts: str, *operands: Any, optimize: Optimize = True) -> Any:
    """Sum of products over the indices that the output does not name, in Einstein's notation.

    Parameters
    ----------
    subscripts
        One letter per axis, operands separated by commas: ``"ij,jk->ik"``. Without ``->`` the output has the letters
        that occur once, in alphabetical order. ``...`` stands for leading axes that broadcast. A letter repeated in
        one operand takes its diagonal. NumPy's other form, ``einsum(a, [0, 1], b, [1, 2], [0, 2])``, works too.
    operands
        Arrays or Tensors.
    optimize
        How three or more operands are paired: as in `np.einsum`, except that the default is True (one big loop over
        all indices, NumPy's default, gives the same numbers slowly).

    Raises
    ------
    ShapeError
        Where subscripts and operands do not fit; the message names the operand and its shape.

    Examples
    --------
    >>> import tinygrad_course as tg
    >>> a = tg.Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> trace = tg.einsum("ii->", a)
    >>> trace.backward()
    >>> trace.item(), a.grad.tolist()
    (5.0, [[1.0, 0.0], [0.0, 1.0]])
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _from_lists((subscripts, *operands))
    operands = tuple(map(operand, operands))
    written_out = _written_out(subscripts.replace(" ", ""), tuple(x.shape for x in operands))
    how = optimize if isinstance(optimize, bool | str) else _hashable(optimize)
    return _einsum(*operands, subscripts=written_out, optimize=how)


def operand(x: Any) -> Any:
    """`x` if it is an array or a Tensor; a number or nested lists as an array."""
    if isinstance(x, list | tuple):
        refuse_tensors_in(x)
    return x if hasattr(x, "ndim") else np.asarray(x)


def _hashable(x: Any) -> Any:
    return tuple(map(_hashable, x)) if isinstance(x, list | tuple) else x


# --- subscripts -------------------------------------------------------------------------------------------------------


def _from_lists(args: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """``a, [0, 1], b, [1, 2], [0, 2]`` as subscripts and operands."""
    pairs = len(args) // 2
    terms = [_letters(args[2 * i + 1]) for i in range(pairs)]
    output = "->" + _letters(args[-1]) if len(args) % 2 else ""
    return ",".join(terms) + output, tuple(args[2 * i] for i in range(pairs))


def _letters(indices: Any) -> str:
    try:
        return "".join("..." if i is Ellipsis else ascii_letters[i] for i in indices)
    except (TypeError, IndexError):
        raise refuse(
            "einsum",
            f"{indices!r} is no list of axis numbers from 0 to {len(ascii_letters) - 1}; "
            "pass subscripts first, as in einsum('ij,jk->ik', a, b)",
        ) from None


@lru_cache(maxsize=1024)
def _written_out(subscripts: str, shapes: tuple[Shape, ...]) -> str:
    """`subscripts` with `...` replaced by letters and the output explicit, checked against the operands' shapes."""
    inputs, arrow, output = subscripts.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(shapes):
        raise refuse(
            "einsum",
            f"'{subscripts}' is for {len(terms)} operands, but {len(shapes)} were given; "
            "name each, with commas between",
        )
    spare = [c for c in ascii_letters if c not in subscripts]
    ranks = [_hidden_axes(k, term, shape) for k, (term, shape) in enumerate(zip(terms, shapes, strict=True))]
    rank = max(ranks, default=0)
    terms = [t.replace("...", "".join(spare[rank - r : rank])) for t, r in zip(terms, ranks, strict=True)]
    hidden = "".join(spare[:rank])
    if not arrow:
        every = "".join(terms)
        output = hidden + "".join(c for c in sorted(set(every) - set(hidden)) if every.count(c) == 1)
    elif rank and "..." not in output:
        raise refuse("einsum", f"the output of '{subscripts}' must say '...' too, for the {rank} axes it stands for")
    output = output.replace("...", hidden)
    _check_output(subscripts, terms, output)
    _check_sizes(terms, shapes)
    return ",".join(terms) + "->" + output


def _hidden_axes(k: int, term: str, shape: Shape) -> int:
    """How many axes of operand `k` its `...` stands for."""
    named = term.replace("...", "", 1)
    if not all(c in ascii_letters for c in named):
        raise refuse("einsum", f"'{term}' of operand {k} may hold letters and one '...' only")
    missing = len(shape) - len(named)
    if missing < 0 or (missing and named == term):
        end = "" if missing < 0 else "; write '...' for axes that are not named"
        raise refuse("einsum", f"'{term}' names {len(named)} axes, but operand {k} has shape {shape}{end}")
    return missing


def _check_output(subscripts: str, terms: list[str], output: str) -> None:
    for c in output:
        if output.count(c) > 1:
            raise refuse("einsum", f"the output of '{subscripts}' has '{c}' twice; only operands may repeat a letter")
        if not any(c in term for term in terms):
            raise refuse(
                "einsum", f"the output of '{subscripts}' names '{c}', which no operand has; use letters of the operands"
            )


def _check_sizes(terms: list[str], shapes: tuple[Shape, ...]) -> None:
    """One size a letter; 1 also stands for any, but not on a diagonal."""
    seen: dict[str, tuple[int, int]] = {}
    for k, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        for c, n in zip(term, shape, strict=True):
            size, other = seen.get(c, (1, k))
            if n != size and (1 not in (n, size) or (other == k and c in seen)):
                raise refuse(
                    "einsum",
                    f"'{c}' is {size} in operand {other} ('{terms[other]}', shape {shapes[other]}) but {n} in "
                    f"operand {k} ('{term}', shape {shape}); sizes under one letter must agree",
                )
            if c not in seen or size == 1:
                seen[c] = (n, k)


# --- values -----------------------------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """Take the operands at `positions` (listed from the last one) out, and append their contraction to the others."""

    positions: Shape
    subscripts: str


class _Layout(NamedTuple):
    """How axes are moved, diagonals taken and lonely axes summed (as subscripts, "" for nothing), and a shape."""

    subscripts: str
    shape: Shape


class _Matmul(NamedTuple):
    """Two operands as stacks of matrices: layouts before their product and after it."""

    a: _Layout
    b: _Layout
    y: _Layout


def _forward(*operands: Any, subscripts: str, optimize: Any = True) -> Any:
    left = list(operands)
    for step in _plan(subscripts, tuple(x.shape for x in operands), optimize):
        left.append(_contract(step.subscripts, *[left.pop(p) for p in step.positions][::-1]))
    return left[0]


@lru_cache(maxsize=1024)
def _plan(subscripts: str, shapes: tuple[Shape, ...], optimize: Any) -> tuple[_Step, ...]:
    """The contractions one after the other; all operands at once where nothing is gained by pairs."""
    inputs, _, output = subscripts.partition("->")
    terms = inputs.split(",")
    path: Sequence[Any] = [range(len(terms))]
    if len(terms) > 2 and optimize:
        stand_ins = [np.broadcast_to(np.float64(0), shape) for shape in shapes]
        how = list(optimize) if isinstance(optimize, tuple) else optimize
        path = np.einsum_path(subscripts, *stand_ins, optimize=how)[0][1:]
    steps = []
    for group in path:
        positions = tuple(sorted(group, reverse=True))
        chosen = [terms.pop(p) for p in positions][::-1]
        needed = set(output).union(*terms)
        result = "".join(sorted(needed.intersection("".join(chosen)))) if terms else output
        steps.append(_Step(positions, ",".join(chosen) + "->" + result))
        terms.append(result)
    return tuple(steps)


def _contract(subscripts: str, *operands: Any) -> Any:
    if len(operands) == 2:
        a, b = operands
        how = _as_matmul(subscripts, a.shape, b.shape)
        if how is not None:
            y = np.matmul(_laid_out(a, how.a), _laid_out(b, how.b)).reshape(how.y.shape)
            return np.einsum(how.y.subscripts, y) if how.y.subscripts else y
    return np.einsum(subscripts, *operands)


def _laid_out(x: Any, layout: _Layout) -> Any:
    """`x` as a stack of matrices; a view where nothing is summed and no axes are merged out of order."""
    if layout.subscripts:
        x = np.einsum(layout.subscripts, x)
    return x.reshape(layout.shape)


@lru_cache(maxsize=1024)
def _as_matmul(subscripts: str, a_shape: Shape, b_shape: Shape) -> _Matmul | None:
    """A sum of products of two operands as matrix products, or None where there is no matrix in it."""
    inputs, _, output = subscripts.partition("->")
    a, b = inputs.split(",")
    sizes = dict(zip(b, b_shape, strict=True))
    if any(sizes.get(c, n) != n for c, n in zip(a, a_shape, strict=True)):
        return None  # a size of 1 stretches against another
    sizes.update(zip(a, a_shape, strict=True))
    batch = [c for c in output if c in a and c in b]
    rows = [c for c in output if c in a and c not in b]
    columns = [c for c in output if c in b and c not in a]
    inner = [c for c in dict.fromkeys(a) if c in b and c not in output]
    if not inner or not (rows or columns):
        return None

    stack = tuple(sizes[c] for c in batch)
    height, depth, width = (math.prod(sizes[c] for c in letters) for letters in (rows, inner, columns))
    result = batch + rows + columns
    return _Matmul(
        _Layout(_moves(a, batch + rows + inner), (*stack, height, depth)),
        _Layout(_moves(b, batch + inner + columns), (*stack, depth, width)),
        _Layout(_moves("".join(result), list(output)), tuple(sizes[c] for c in result)),
    )


def _moves(before: str, after: list[str]) -> str:
    return f"{before}->{''.join(after)}" if list(before) != after else ""


# --- derivative -------------------------------------------------------------------------------------------------------


def _slope(k: int) -> Callable[..., Any]:
    """The rule for operand `k`: the cotangent takes its place in the sum, and its letters become the output."""

    def rule(g: Any, y: Any, *operands: Any, subscripts: str, optimize: Any = True) -> Any:
        inputs, _, output = subscripts.partition("->")
        terms = inputs.split(",")
        x = operands[k]
        wanted = terms[k]
        factors = list(zip(terms, operands, strict=True))
        factors[k] = (output, g)
        if len(set(wanted)) < len(wanted):
            wanted, diagonals = _apart(wanted, x, subscripts)
            factors += diagonals
        known = {c for term, _ in factors for c in term}
        found = "".join(c for c in wanted if c in known)
        names = ",".join(term for term, _ in factors) + "->" + found
        how = optimize if isinstance(optimize, bool | str) else True  # a path was for the forward sum only
        part = _einsum(*[value for _, value in factors], subscripts=names, optimize=how)
        return _spread(part, found, wanted, x.shape)

    return rule


def _apart(term: str, x: Any, subscripts: str) -> tuple[str, list[tuple[str, Any]]]:
    """`term` with every letter once, and the identity matrices that tie the renamed ones to the first of their kind."""
    spare = iter(c for c in ascii_letters if c not in subscripts)
    letters: list[str] = []
    diagonals = []
    for c, n in zip(term, x.shape, strict=True):
        if c in letters:
            new = next(spare)
            diagonals.append((c + new, np.eye(n, dtype=x.dtype)))
            c = new
        letters.append(c)
    return "".join(letters), diagonals


def _spread(part: Any, found: str, wanted: str, shape: Shape) -> Any:
    """`part` over the whole operand: what was summed away gets the same gradient everywhere."""
    if found != wanted:
        sizes: Iterator[int] = iter(part.shape)
        part = reshape(part, tuple(next(sizes) if c in found else 1 for c in wanted))
    if part.shape != shape:
        # A letter of size 1 here and n elsewhere stays long: the engine sums it. The other way round it is repeated.
        part = broadcast_to(part, np.broadcast_shapes(part.shape, shape))
    return part


_einsum = Primitive(_forward, name="einsum", vjp=tuple(map(_slope, range(MOST_OPERANDS))), doc=einsum.__doc__)
