"""The numbers on the edges and the formulas beside them, for random programs, against finite differences."""

import ast
import linecache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_course as tg

LEAVES = ("p", "q", "r")
FORMS = (
    "{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} / {b}", "-{a}", "{a} ** 2", "{a} ** 3", "2 * {a} - {b}",
    "tg.exp({a} / 4)", "tg.log({a} ** 2 + 1)", "tg.tanh({a}) * {b}", "tg.sigmoid({a})", "tg.sqrt({a} ** 2 + 2)",
    "tg.sin({a}) + tg.cos({b})", "({a} - {b}) * ({a} + {b})", "1 / (1 + {a} ** 2)", "tg.maximum({a}, {b})", "{a} * {a}",
)  # fmt: skip


@st.composite
def programs(draw):
    names, lines = list(LEAVES), []
    for i in range(draw(st.integers(1, 6))):
        a, b = draw(st.sampled_from(names)), draw(st.sampled_from(names[-2:]))
        lines.append(f"v{i} = " + draw(st.sampled_from(FORMS)).format(a=a, b=b))
        names.append(f"v{i}")
    return lines


def run(lines, values):
    """Run a program as if from a file, so that its source can be found."""
    source = "\n".join(lines)
    name = f"<program {source}>"
    linecache.cache[name] = (len(source), None, [line + "\n" for line in lines], name)
    space = {"tg": tg, **values}
    with np.errstate(all="ignore"):
        exec(compile(source, name, "exec"), space)
    return space


def assume_tame(lines, space):
    """Pass over programs that are singular, or about to be."""
    assume(all(abs(float(space[line.split()[0]].data)) < 1e3 for line in lines))


def difference(f, x, h=1e-6):
    return (f(x + h) - f(x - h)) / (2 * h)


def evaluated(text, values):
    """The number that a formula gives."""
    text = text.replace("−", "-").replace("²", "**2").replace("³", "**3")
    names = {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
    known = {"share": lambda a, b: (a > b) + 0.5 * (a == b), **values}
    return eval(text, {n: known[n] if n in known else getattr(tg, n) for n in names})


numbers = st.floats(0.5, 3).map(lambda x: round(x, 3))


@given(programs(), st.tuples(numbers, numbers, numbers))
def test_statement_edges(lines, start):
    values = dict(zip(LEAVES, start, strict=True))
    space = run(lines, {n: tg.Tensor(v, requires_grad=True, name=n) for n, v in values.items()})
    assume_tame(lines, space)
    last = f"v{len(lines) - 1}"
    assume(space[last].requires_grad)
    drawing = tg.draw(space[last])
    found = {b.name: float(b.value) for b in drawing.picture.boxes}
    statements = dict(line.split(" = ", 1) for line in lines)
    incoming = {b.name: 0.0 for b in drawing.picture.boxes}
    per_target = {}
    for edge in drawing.picture.edges:
        incoming[edge.source.name] += edge.contribution
        assert edge.contribution == pytest.approx(edge.target.derivative * edge.slope, rel=1e-12)
        assert evaluated(edge.local.text, found) == pytest.approx(edge.slope, rel=1e-3, abs=1e-9)
        pair = edge.source.name, edge.target.name
        per_target[pair] = per_target.get(pair, 0.0) + edge.slope
    for (source, target), slope in per_target.items():
        code = compile(statements[target], "<statement>", "eval")

        def f(x, code=code, source=source):
            return float(eval(code, {"tg": tg, **found, source: x}))

        if "maximum" not in statements[target]:
            assert slope == pytest.approx(difference(f, found[source]), rel=1e-4, abs=1e-6)
    for box in drawing.picture.boxes:
        if box.role != "output":
            assert incoming[box.name] == pytest.approx(float(box.derivative), rel=1e-9, abs=1e-12)


@given(programs(), st.tuples(numbers, numbers, numbers))
def test_op_edges(lines, start):
    values = dict(zip(LEAVES, start, strict=True))
    space = run(lines, {n: tg.Tensor(v, requires_grad=True, name=n) for n, v in values.items()})
    assume_tame(lines, space)
    output = space[f"v{len(lines) - 1}"]
    drawing = tg.draw(output, view="op")
    names = [b.name for b in drawing.picture.boxes]
    assert len({b.key for b in drawing.picture.boxes}) == len(names)
    incoming = dict.fromkeys(drawing.picture.boxes, 0.0)
    for edge in drawing.picture.edges:
        incoming[edge.source] += edge.contribution
    output.backward()
    for box in drawing.picture.boxes:
        if box.role != "output":
            assert incoming[box] == pytest.approx(float(box.derivative), rel=1e-9, abs=1e-12)
        if not box.nodes:
            assert float(box.derivative) == pytest.approx(float(box.result.grad), rel=1e-12)


def rows(name):
    rng = np.random.default_rng(3)
    shapes = {"X": (3, 5), "W": (2, 3), "v": 5, "c": None}
    return rng.normal(size=shapes[name])


@pytest.mark.parametrize(
    ("line", "formulas"),
    [
        ("J = tg.sum(W @ X)", {"W": "ones((2, 5)) @ X.T"}),
        ("Z = W @ X; J = tg.sum(Z * Z)", {"W": "dZ @ X.T", "Z": "2*Z"}),
        ("Z = X * v; J = tg.sum(tg.exp(Z))", {"X": "dZ*v", "v": "sum(dZ*X, axis=0)", "Z": "exp(Z)"}),
        ("Z = tg.relu(X); J = tg.sum(Z ** 2)", {"X": "dZ*(X > 0)", "Z": "2*Z"}),
        ("Z = X * c; J = tg.sum(Z ** 2)", {"X": "dZ*c", "c": "sum(dZ*X)"}),
        ("Z = X.T; J = tg.sum(Z * Z)", {"X": "dZ.T"}),
        ("Z = X[1]; J = tg.sum(Z * Z)", {"Z": "2*Z"}),
        ("Y = X + 1; Z = X * 2; J = tg.sum(Y * Z)", {"X": "dY + 2*dZ", "Y": "Z", "Z": "Y"}),
    ],
)
def test_formulas_of_arrays(line, formulas):
    space = run([line], {n: tg.Tensor(rows(n), requires_grad=True, name=n) for n in ("X", "W", "v", "c")})
    found = {b.name: b.formula for b in tg.draw(space["J"]).picture.boxes}
    assert {n: found[n] for n in formulas} == formulas
