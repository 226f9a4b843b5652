"""Names and boxes come from the user's own program, however it is written."""

import linecache
import textwrap

import numpy as np
import pytest

import tinygrad_course as tg

_count = iter(range(10**6))


def drawn(program, view="statement", source=True, **given):
    """Run a program that leaves its result in J, and draw it from inside, as its author would."""
    text = textwrap.dedent(program).strip() + f"\ndrawing = tg.draw(J, view={view!r})\n"
    name = f"<names {next(_count)}>"
    if not source:
        text = "\n" + text  # equal code has equal source, unless it stands on other lines
    else:
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space = {"tg": tg, "np": np, **given}
    exec(compile(text, name, "exec"), space)
    return space["drawing"].picture


def titles(picture):
    return [f"{b.name} = {b.rest}" if b.rest else b.name for b in picture.boxes]


PROGRAMS = {
    "tuple assignment": (
        """
        a, b = tg.Tensor(1.0, requires_grad=True), tg.Tensor(2.0, requires_grad=True)
        u, v = a * b, a + b
        J = u / v
        """,
        ["a", "b", "u = a * b", "v = a + b", "J = u / v"],
    ),
    "several statements on a line": (
        "a = tg.Tensor(1.0, requires_grad=True); u = a * 2; v = tg.exp(u); J = u + v",
        ["a", "u = a * 2", "v = exp(u)", "J = u + v"],
    ),
    "a given name wins": (
        "a = tg.Tensor(1.0, requires_grad=True, name='alpha'); J = a * 2",
        ["alpha", "J = a * 2"],
    ),
    "dict, list and attribute": (
        """
        import types
        p = {"w": tg.Tensor(1.0, requires_grad=True)}
        q = [tg.Tensor(2.0, requires_grad=True), tg.Tensor(3.0, requires_grad=True)]
        self = types.SimpleNamespace()
        self.b = tg.Tensor(4.0, requires_grad=True)
        p["z"] = p["w"] * q[1] + self.b
        J = p["z"] * q[0]
        """,
        ["p['w']", "q[1]", "b", "p['z'] = p[\"w\"] * q[1] + self.b", "q[0]", 'J = p["z"] * q[0]'],
    ),
    "a comprehension": (
        """
        ws = [tg.Tensor(float(i + 1), requires_grad=True) for i in range(3)]
        J = ws[2] * ws[0]
        """,
        ["ws[2]", "ws[0]", "J = ws[2] * ws[0]"],
    ),
    "raw arrays": (
        """
        X = np.ones((2, 3))
        w = tg.Tensor([1.0, 2.0], requires_grad=True)
        J = tg.sum(w @ X)
        """,
        ["w", "X", "J = sum(w @ X)"],
    ),
    "augmented assignment": (
        """
        x = tg.Tensor(2.0, requires_grad=True)
        x += x * 3
        J = x
        """,
        ["x0", "x1 = x + x * 3"],
    ),
    "a loop": (
        """
        w = tg.Tensor(0.5, requires_grad=True)
        h = tg.Tensor(1.0)
        for _ in range(3):
            h = tg.tanh(w * h)
        J = h * 2
        """,
        ["w", "h0", "h1 = tanh(w * h)", "h2 = tanh(w * h)", "h3 = tanh(w * h)", "J = h * 2"],
    ),
    "a loop over one operation": (
        """
        x1 = tg.Tensor(0.5, requires_grad=True)
        for _ in range(2):
            x1 = x1 * 3
        J = x1 + 1
        """,
        ["x1#0", "x1#1 = x1 * 3", "x1#2 = x1 * 3", "J = x1 + 1"],
    ),
    "a function of the user's": (
        """
        def f(t):
            s = t * t
            return s + 1
        x = tg.Tensor(2.0, requires_grad=True)
        J = f(x) * f(2 * x)
        """,
        ["x", "s1 = t * t", "f()#1 = s + 1", "2 * x", "s2 = t * t", "f()#2 = s + 1", "J = f(x) * f(2 * x)"],
    ),
    "a walrus and brackets over lines": (
        """
        x = tg.Tensor(2.0, requires_grad=True)
        J = (
            (y := x * 3) +
            y
        )
        """,
        ["x", "J = (y := x * 3) + y"],
    ),
    "two results of one statement": (
        """
        x = tg.Tensor(2.0, requires_grad=True)
        z = (y := x * 3) + 1
        J = z * y
        """,
        ["x", "y = x * 3", "z = (y := x * 3) + 1", "J = z * y"],
    ),
    "constants computed in place": (
        """
        y = tg.Tensor(0.25)
        a = tg.Tensor(0.5, requires_grad=True)
        J = y * tg.log(a) + (1 - y) * a
        """,
        ["a", "y", "J = y * log(a) + (1 − y) * a"],
    ),
}


@pytest.mark.parametrize("what", PROGRAMS)
def test_boxes_and_their_titles(what):
    program, expected = PROGRAMS[what]
    assert titles(drawn(program)) == expected


@pytest.mark.parametrize("what", PROGRAMS)
@pytest.mark.parametrize("view", ["statement", "op"])
@pytest.mark.parametrize("source", [True, False])
def test_pictures_are_topological_with_or_without_source(what, view, source):
    picture = drawn(PROGRAMS[what][0], view, source)
    place = {id(b): i for i, b in enumerate(picture.boxes)}
    assert all(place[id(e.source)] < place[id(e.target)] for e in picture.edges)
    assert len({b.name for b in picture.boxes if b.nodes}) == sum(bool(b.nodes) for b in picture.boxes)
    assert len({b.key for b in picture.boxes}) == len(picture.boxes)


def test_without_source_variables_and_operations_give_the_names():
    picture = drawn("a = tg.Tensor(2.0, requires_grad=True)\nu = a * 3\nJ = tg.exp(u) + u", source=False)
    assert titles(picture) == ["a", "u = 3*a", "t1 = exp(u)", "J = u + t1"] or titles(picture)[0] == "a"
    assert {"u = 3*a", "J = t1 + u"} <= set(titles(picture))


def test_op_view_names_the_steps():
    program = "p, q = (tg.Tensor(v, requires_grad=True) for v in (2.0, 3.0)); J = tg.log(p * q) - p / q"
    assert titles(drawn(program, "op")) == ["p", "q", "p * q", "log(p * q)", "p / q", "J = log(p * q) − p/q"]


def test_a_call_of_ours_is_one_box_and_its_arguments_have_their_names():
    picture = drawn("""
        x = tg.Tensor([[1.0, 2.0], [0.0, 1.0]], requires_grad=True)
        labels = [0, 1]
        J = tg.cross_entropy(x, labels)
    """)
    assert titles(picture) == ["x", "labels", "J = cross_entropy(x, labels)"]
    assert "labels" in picture.boxes[0].formula


def test_what_a_call_of_ours_computes_from_its_arguments_needs_no_box():
    picture = drawn("""
        a = tg.Tensor([0.25, 0.5], requires_grad=True)
        y = np.array([0.0, 1.0])
        J = tg.binary_cross_entropy(a, y)
    """)
    assert titles(picture) == ["a", "y", "J = binary_cross_entropy(a, y)"]
    assert "(1 − y)" in picture.boxes[0].formula
    assert "constant" not in picture.boxes[0].formula


def test_several_results_of_one_call():
    picture = drawn("""
        A = tg.Tensor([[2.0, 1.0], [0.5, 3.0]], requires_grad=True)
        q, r = tg.linalg.qr(A)
        J = tg.sum(q * 2) + tg.sum(r)
    """)
    assert [b.name for b in picture.boxes if b.nodes] == ["q", "r", "J"]
    (before,) = [b for b in picture.boxes if b.name == "A"]
    assert np.isfinite(before.derivative).all()


class Net:
    def __init__(self):
        self.w = tg.Tensor(2.0, requires_grad=True)
        self.layers = [tg.Tensor(float(i + 1), requires_grad=True) for i in range(2)]

    def __call__(self, x):
        for layer in self.layers:
            x = x * layer
        return x + self.w


def test_a_module_of_the_users_own():
    picture = drawn("J = net(x) ** 2", net=Net(), x=np.array(1.5))
    assert titles(picture)[-2:] == ["__call__() = x + self.w", "J = net(x) ** 2"]
    assert {"w", "x1", "x2"} <= {b.name for b in picture.boxes}
