"""Folding: what repeats itself, what the folded boxes say, what is shared, and what is too large."""

import linecache
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_course as tg
from tests import draw_programs
from tests.test_draw_numbers import run
from tinygrad_course.show.budget import MOST, cost
from tinygrad_course.show.colors import BROKEN, NOTHING, SHADES, Scale, cells
from tinygrad_course.show.runs import repeated


def boxes(drawing):
    return {b.name: b for b in drawing.picture.boxes}


# --- where a sequence repeats itself ----------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 3), max_size=6),
    st.lists(st.integers(0, 9), min_size=1, max_size=6),
    st.integers(3, 12),
    st.lists(st.integers(0, 3), max_size=6),
)
def test_runs_are_equal_turns_one_after_another(before, body, count, after):
    items = [*before, *body * count, *after]
    found = repeated(items, 3)
    assert found, "the turns in the middle are a run, if nothing shorter is"
    end = 0
    for start, period, turns in found:
        assert turns >= 3
        assert start >= end
        end = start + period * turns
        assert items[start:end] == items[start : start + period] * turns


def test_runs_of_loops_in_loops_are_found_from_the_inside():
    items = [0, 1, 1, 1, 2] * 4
    assert [tuple(r) for r in repeated(items, 3)] == [(1, 1, 3), (6, 1, 3), (11, 1, 3), (16, 1, 3)]
    assert [tuple(r) for r in repeated([0, 7, 2] * 4, 3)] == [(0, 3, 4)]
    assert repeated([1, 2, 3], 3) == repeated([], 3) == []


def test_turns_begin_where_an_item_belongs_least_to_the_one_before():
    items = [0, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2]
    assert [tuple(r) for r in repeated(items, 3)] == [(1, 3, 3)]
    joins = [0, 2, 2, 1, 2, 2, 1, 2, 2, 1, 2, 2]  # each 3 begins a module
    assert [tuple(r) for r in repeated(items, 3, joins)] == [(3, 3, 3)]
    assert [tuple(r) for r in repeated(items[:10], 3, joins)] == [(1, 3, 3)], "too few turns are left"


def test_blocks_are_folded_whole_where_the_first_differs_in_its_first_layer():
    class Block(tg.nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.inner = tg.nn.LayerNorm(4), tg.nn.Linear(4, 4)

        def forward(self, x):
            return x + self.inner(self.norm(x))

    net = tg.nn.Sequential(*[Block() for _ in range(6)])
    x = np.arange(8.0).reshape(2, 4)  # the first norm has nothing to differentiate but its parameters
    picture = tg.draw(net(tg.Tensor(x)).sum(), None, view="layer").picture
    frames = [c for c in {b.cluster for b in picture.boxes} if c is not None and c.note]
    assert [c.label for c in frames] == ["1 \N{HORIZONTAL ELLIPSIS} 5: Block"]
    inside = [b.name for b in picture.boxes if b.cluster in frames]
    assert inside == ["norm", "inner", "+"]
    assert "made in norm" in [b.name for b in picture.boxes]


# --- numbers ----------------------------------------------------------------------------------------------------------


@st.composite
def loops(draw):
    """A loop over one or two statements that use what the turn before made, two parameters, and maybe a fork."""
    forms = ("tg.tanh(w * {a} + v)", "{a} * w - v", "tg.sin({a}) + w * v", "{a} * {a} / 4 + w", "w * {a} + v * {b}")
    first = draw(st.sampled_from(forms)).format(a="h", b="h")
    second = draw(st.sampled_from(forms)).format(a="u", b="h")
    n = draw(st.integers(4, 12))
    body = f"    u = {first}\n    h = {second}" if draw(st.booleans()) else f"    h = {first}"
    return n, f"h = tg.tanh(p)\nfor _ in range({n}):\n{body}\nJ = h * w + p"


@given(
    loops(), st.tuples(*[st.floats(0.2, 0.9).map(lambda x: round(x, 3))] * 3), st.sampled_from([(0, 0), (1, 1), (2, 1)])
)
def test_folded_numbers_are_those_of_the_unfolded_picture(loop, values, keep):
    n, program = loop
    assume(n >= keep[0] + max(keep[1], 1) + 2)
    space = run([program], {k: tg.Tensor(v, requires_grad=True, name=k) for k, v in zip("pwv", values, strict=True)})
    assume(abs(float(space["J"].data)) < 1e3)
    whole, folded = tg.draw(space["J"], fold=False), tg.draw(space["J"], fold=True, keep=keep)
    derivative = {b.name: float(b.derivative) for b in whole.picture.boxes if b.derivative is not None}
    assert len(folded.picture.boxes) < len(whole.picture.boxes)
    incoming = dict.fromkeys(folded.picture.boxes, 0.0)
    known = dict.fromkeys(folded.picture.boxes, True)
    for edge in folded.picture.edges:
        known[edge.source] &= edge.contribution is not None
        incoming[edge.source] += edge.contribution or 0.0
        if edge.slope is not None:
            assert edge.contribution == pytest.approx(edge.target.derivative * edge.slope)
    for box in folded.picture.boxes:
        if box.repeat is not None:
            assert len(box.repeat.norms) == box.count >= 2
            expected = [abs(derivative[name]) for name in box.repeat.names]
            assert box.repeat.norms == pytest.approx(expected, rel=1e-9, abs=1e-12)
        elif box.role != "output":
            assert float(box.derivative) == pytest.approx(derivative[box.name])
            if known[box]:
                assert incoming[box] == pytest.approx(derivative[box.name], rel=1e-9, abs=1e-12)
    for name in "wv":
        if name in boxes(folded):
            assert sum(b.count for b in folded.picture.boxes if b.nodes) == sum(
                bool(b.nodes) for b in whole.picture.boxes
            )


def deep(layers=6, n=3, name=None):
    rng = np.random.default_rng(0)
    W = [tg.Tensor(rng.standard_normal((n, n)), requires_grad=True) for _ in range(layers)]
    b = tg.Tensor(np.zeros((n, 1)), requires_grad=True)
    A = rng.standard_normal((n, 4))
    for l in range(layers):
        Z = W[l] @ A + b
        A = tg.tanh(Z)
    return tg.mean(A * A), W


def test_a_folded_loop_reads_like_its_source():
    J, _ = deep()
    drawing = tg.draw(J, fold=True, keep=(0, 0))
    found = boxes(drawing)
    assert set(found) == {"A0", "W[l]", "b", "Z", "A", drawing.picture.output.name}
    assert (found["Z"].rest, found["Z"].count) == ("W[l] @ A + b", 6)
    assert found["W[l]"].formula == "dZ @ A.T"
    assert found["Z"].formula == "dA*(1 − A²)"
    assert found["b"].formula == "sum(sum(dZ, axis=1) over Z1 … Z6)"
    (frame,) = drawing.picture.clusters
    assert frame.label == "turns 1 … 6 of 6"
    assert frame.note == "6 of them, each with its own parameters, but the same b"
    assert found["b"].cluster is None
    assert found["W[l]"].cluster is frame


def test_turns_at_either_end_can_be_drawn_in_full():
    J, _ = deep(layers=8)
    drawing = tg.draw(J, fold=True, keep=(2, 1))
    labels = [c.label for c in drawing.picture.clusters]
    assert labels == ["turn 1 of 8", "turn 2 of 8", "turns 3 … 7 of 8", "turn 8 of 8"]
    assert [b.count for b in drawing.picture.boxes if b.name == "Z"] == [5]
    assert {"Z1", "Z2", "Z8"} <= set(boxes(drawing))


def test_when_things_are_folded():
    small, _ = deep(layers=4)
    assert not tg.draw(small).picture.folded
    assert tg.draw(small, fold=True).picture.folded
    assert not any(b.repeat for b in tg.draw(small, fold=9).picture.boxes)
    large, _ = deep(layers=20)
    assert any(b.repeat for b in tg.draw(large).picture.boxes)
    assert not any(b.repeat for b in tg.draw(large, fold=False).picture.boxes)


def test_times_n_is_said_of_the_same_parameters_only():
    w = tg.Tensor(0.5, requires_grad=True)
    h = tg.Tensor(1.0)
    for _ in range(9):
        h = tg.tanh(w * h)
    found = boxes(tg.draw(h * 2, fold=True))
    assert found["h"].repeat.note == "× 7, the same parameters"
    assert "× " not in tg.draw(deep()[0], fold=True, keep=(0, 0)).picture.clusters[0].note


def test_a_loop_in_a_loop():
    w = tg.Tensor(0.5, requires_grad=True)
    h = tg.Tensor(1.0)
    for _ in range(5):
        for _ in range(4):
            h = tg.tanh(w * h)
        h = h * 0.5
    drawing = tg.draw(h, fold=True, keep=(0, 0))
    assert sorted(b.count for b in drawing.picture.boxes if b.nodes) == [1, 4, 4, 16]


def test_a_fast_call_has_another_instruction_but_not_another_place():
    """CPython inlines a method that has become hot, and its caller's instruction pointer moves."""
    w = tg.Tensor(np.ones(3), requires_grad=True)
    found = []
    for _ in range(30):
        v = w[0]
        found.append(v * 2)
    J = tg.sum(tg.stack(found))
    assert {b.count for b in tg.draw(J, fold=True).picture.boxes if b.nodes} == {1, 28}


def test_arrays_of_other_shapes_are_not_alike():
    A = np.ones((9, 2))
    for n in range(8, 1, -1):
        A = tg.tanh(tg.Tensor(np.ones((n, n + 1)), requires_grad=True) @ A)
    J = tg.sum(A)
    assert not any(b.repeat for b in tg.draw(J, fold=True).picture.boxes)


# --- layers -----------------------------------------------------------------------------------------------------------


def test_a_layer_view_of_modules():
    drawing = draw_programs.lenet()
    names = [b.name for b in drawing.picture.boxes if b.nodes]
    assert names == [
        "conv1", "relu, max_pool2d", "conv2", "relu, max_pool2d", "reshape", "fc1", "relu", "fc2", "relu", "fc3", "J"
    ]  # fmt: skip
    fc1 = boxes(drawing)["fc1"]
    assert (fc1.kind, fc1.rest, fc1.module, fc1.computes) == ("layer", "Linear", True, "x @ weight.T + bias")
    assert [(p.name, p.shape) for p in fc1.parameters] == [("weight", (120, 256)), ("bias", (120,))]
    assert all(p.derivative.shape == p.shape for p in fc1.parameters)
    assert not drawing.picture.clusters  # the one module around everything says nothing


def test_depth_says_how_deep_to_look():
    rng = np.random.default_rng(0)
    model = draw_programs.Transformer(16, 4, 2, 4, rng)
    L = tg.sum(model(rng.integers(0, 16, (1, 10))) ** 2)
    classes = [
        {b.rest or b.name for b in tg.draw(L, view="layer", depth=d).picture.boxes if b.module} for d in (1, 2, 3, None)
    ]
    assert classes[0] == {"Transformer"}
    assert classes[1] == {"Embedding", "Block", "LayerNorm", "Linear"}
    assert classes[2] == {"Embedding", "LayerNorm", "MultiheadAttention", "Sequential", "Linear"}
    assert classes[3] == {"Embedding", "LayerNorm", "MultiheadAttention", "Linear", "GELU"}


def test_a_transformer_has_its_blocks_folded_and_ways_around():
    drawing = draw_programs.transformer()
    (frame,) = drawing.picture.clusters
    assert (frame.label, frame.note) == ("blocks.0 … blocks.5: Block", "6 of them, each with its own parameters")
    inside = [b.name for b in drawing.picture.boxes if b.cluster is frame]
    assert inside == ["norm1", "attention", "+", "norm2", "mlp", "+"]
    assert {b.count for b in drawing.picture.boxes if b.cluster is frame} == {6}
    adds = [b for b in drawing.picture.boxes if b.name == "+" and b.cluster is frame]
    around = [e for e in drawing.picture.edges if e.source is adds[0] and e.target is adds[1]]
    assert len(around) == 1


def test_the_norms_of_a_frame_are_those_of_its_parameters():
    rng = np.random.default_rng(0)
    model = draw_programs.Transformer(16, 4, 2, 4, rng)
    L = tg.sum(model(rng.integers(0, 16, (1, 10))) ** 2)
    (frame,) = tg.draw(L, view="layer", depth=3).picture.clusters
    L.backward()
    expected = [np.sqrt(sum(float((p.grad**2).sum()) for p in block.parameters())) for block in model.blocks]
    assert frame.norms == pytest.approx(expected)


def test_one_module_called_many_times_is_the_same():
    rng = np.random.default_rng(0)
    layer = tg.nn.Linear(3, 3, rng=rng)
    x = tg.Tensor(np.ones((2, 3)))
    for _ in range(5):
        x = tg.tanh(layer(x))
    drawing = tg.draw(tg.sum(x), view="layer")
    assert drawing.picture.clusters[0].note == "× 5, the same parameters"


def test_a_layer_view_without_modules_puts_parameters_into_statements():
    found = boxes(draw_programs.deep12())
    assert [b.count for b in found.values() if b.nodes] == [1, 10, 1, 1]
    assert [p.name for p in found["A"].parameters] == ["W2 … W11", "b2 … b11"]
    assert found["A"].repeat.note == "10 of them, each with its own parameters"
    assert len(found["A"].repeat.norms) == 10


def test_modules_that_were_not_called_are_named_all_the_same():
    net = tg.nn.Sequential(tg.nn.Linear(2, 2), tg.nn.Tanh(), tg.nn.Linear(2, 1))
    J = tg.sum(net[2](net[1](net[0](np.ones((3, 2))))))
    assert {"net.0", "net.1", "net.2"} <= set(boxes(tg.draw(J, view="layer")))


EVIL = ['<b>"x"</b>', "a\\nb", "權重", "\N{GRINNING FACE}", "\u202egnp", "w" * 100_000, "]; x [", "%s {}"]


@pytest.mark.parametrize("name", EVIL, ids=range(len(EVIL)))
def test_names_of_modules_stay_text(name):
    class Net(tg.nn.Module):
        def forward(self, x):
            return odd(vars(self)["last"](vars(self)[name](x)))

    odd = tg.primitive(lambda x: x * 1.0, name=name)
    odd.def_partials(lambda y, x: (1.0,))
    net = Net()
    net.add_module(name, type(name, (tg.nn.Sequential,), {})(tg.nn.Linear(2, 2), tg.nn.Linear(2, 2)))
    net.add_module("last", tg.nn.Linear(2, 1))
    for view in ("layer", "statement"):
        drawing = tg.draw(tg.sum(net(np.ones((3, 2)))), view=view)
        assert len(drawing.source) < 20_000
        tags = {e.tag.rpartition("}")[2] for e in ET.fromstring(drawing.bytes("svg")).iter()}
        assert "\\" not in drawing.source.replace('\\"', "")
        assert tags <= {"svg", "g", "title", "polygon", "path", "text", "a", "polyline", "tspan"}


# --- several results --------------------------------------------------------------------------------------------------


def test_an_lstm_is_three_boxes_and_their_shares_add_up():
    lstm = tg.nn.LSTM(3, 2, rng=np.random.default_rng(0))
    output, (h, c) = lstm(np.ones((4, 1, 3)))
    J = tg.sum(output) + tg.sum(h) * 2 + tg.sum(c * c)
    drawing = tg.draw(J)
    assert [b.name for b in drawing.picture.boxes if b.nodes] == ["output", "h", "c", "J"]
    J.backward()
    for box in drawing.picture.boxes:
        if not box.nodes and box.derivative is not None:
            share = sum(e.flow for e in drawing.picture.edges if e.source is box)
            np.testing.assert_allclose(share, box.derivative, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(box.derivative, box.result.grad)


# --- names of what functions return -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("a = f(x); b = f(a); J = b + 1\ndrawing = tg.draw(J)", ["a", "b", "J"]),
        (
            "def g():\n    for _ in range(2):\n        a = f(x)\n    J = a + 1\n    return tg.draw(J)\ndrawing = g()",
            ["a", "J"],
        ),
        ("J = f(f(x)) + 1\ndrawing = tg.draw(J)", ["f()#1", "f()#2", "J"]),
    ],
)
def test_results_of_functions_are_called_as_the_caller_calls_them(program, names):
    text = "def f(t):\n    return t * t\n" + program
    name = f"<caller {program}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space = {"tg": tg, "x": tg.Tensor(2.0, requires_grad=True, name="x")}
    exec(compile(text, name, "exec"), space)
    assert [b.name for b in space["drawing"].picture.boxes if b.nodes] == names


def test_equal_code_in_two_files_keeps_its_files():
    text = "u = x * 3\n"
    x = tg.Tensor(1.0, requires_grad=True)
    for name in ("<first twin>", "<second twin>"):
        linecache.cache[name] = (len(text), None, [text], name)
        space = {"x": x}
        exec(compile(text, name, "exec"), space)
        assert space["u"].where.startswith(name)


# --- between, and what is too large -----------------------------------------------------------------------------------


def test_between_draws_only_the_paths():
    a, b = tg.Tensor(2.0, requires_grad=True), tg.Tensor(3.0, requires_grad=True)
    u = a * b
    v = u + b
    w = tg.exp(u / 9)
    J = v * w
    drawing = tg.draw(J, between=(u, v))
    assert [x.name for x in drawing.picture.boxes] == ["u", "v"]
    assert drawing.picture.output.name == "J"
    assert float(boxes(drawing)["v"].derivative) == pytest.approx(float(w.data))
    rest = float(boxes(drawing)["u"].derivative) - float(w.data)
    assert f"{tg.show.text.number(rest)} outside this picture" in boxes(drawing)["u"].paths
    assert [x.name for x in tg.draw(J, between=(a, J)).picture.boxes] == ["a", "u", "v", "w", "J"]
    assert drawing.bytes("svg")


def test_between_needs_a_path():
    a, b = tg.Tensor(2.0, requires_grad=True), tg.Tensor(3.0, requires_grad=True)
    u, v = a * 2, b * 3
    J = u * v
    with pytest.raises(tg.GraphError, match="between: v was not computed from u: there is no path to draw"):
        tg.draw(J, between=(u, v))
    with pytest.raises(tg.GraphError, match="between: nothing in this picture is the first of the two"):
        tg.draw(u, between=(b, u))


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"depth": 0}, "depth is 0; it must be a whole number from 1"),
        ({"fold": 1}, "fold is 1; it must be True, False, or how many turns"),
        ({"fold": "yes"}, "fold is 'yes'"),
        ({"keep": 2}, r"keep is 2; give how many turns to draw in full at the start and the end: \(1, 1\)"),
        ({"keep": (1, -1)}, "keep is"),
        ({"between": 3}, r"between needs two Tensors: between=\(x, y\)"),
        ({"direction": "RL"}, 'direction is \'RL\'; it must be "LR", "TB" or "BT"'),
    ],
)
def test_options_that_make_no_sense(option, message):
    x = tg.Tensor(2.0, requires_grad=True)
    with pytest.raises(tg.DrawError, match=message):
        tg.draw(x * 2, **option)


def chain(n):
    w, b = tg.Tensor(0.999, requires_grad=True), tg.Tensor(0.1, requires_grad=True)
    h = tg.Tensor(1.0)
    for _ in range(n):
        h = w * h
        h = h + b
    return h


def test_what_would_not_be_laid_out_is_refused_with_ways_out():
    J = chain(200)
    drawing = tg.draw(J, fold=False)
    with pytest.raises(tg.DrawError, match="403 boxes and 800 edges is not laid out") as caught:
        drawing.bytes("svg")
    for way in ("fold=True", 'view="layer"', "depth=", "between=(x, y)", "suffix .dot"):
        assert way in str(caught.value)
    assert drawing.source.count(" -> ") == 800
    assert len(tg.draw(J).picture.boxes) < 12
    assert b"<svg" in tg.draw(J).bytes("svg")


def test_what_is_no_loop_is_folded_by_its_place_in_the_source():
    def tree(values):
        if len(values) == 1:
            return values[0]
        half = len(values) // 2
        return tree(values[:half]) * tree(values[half:])

    rng = np.random.default_rng(0)
    leaves = [tg.Tensor(float(x), requires_grad=True) for x in rng.uniform(0.9, 1.1, 3000)]
    J = tg.log(tree(leaves))
    drawing = tg.draw(J)
    assert len(drawing.picture.boxes) < 20
    assert sum(b.count for b in drawing.picture.boxes if b.nodes) == 3000
    assert b"<svg" in drawing.bytes("svg")


def test_the_cost_counts_what_edges_cross():
    few, many = tg.draw(chain(5), fold=False).picture, tg.draw(chain(50), fold=False).picture
    found = [cost(p.boxes, [(e.source, e.target) for e in p.edges]) for p in (few, many)]
    assert found[0] < 100
    assert found[1] > MOST > 40 * found[0] / 2


@pytest.mark.slow
def test_a_hundred_thousand_operations():
    J = chain(50_000)
    folded = tg.draw(J)
    assert len(folded.picture.boxes) == 9
    assert b"<svg" in folded.bytes("svg")
    assert tg.draw(J, fold=False).source.count(" -> ") == 200_000


# --- shades -----------------------------------------------------------------------------------------------------------


def test_shades_grow_with_the_numbers():
    values = [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0]
    scale = Scale(values)
    assert [scale.shade(v) for v in values] == list(SHADES)
    assert (scale.shade(0.0), scale.shade(float("nan")), scale.shade(float("inf"))) == (NOTHING, BROKEN, BROKEN)
    assert Scale([2.0, 2.0]).shade(2.0) in SHADES[2:4]
    assert Scale([]).shade(0.0) == NOTHING


def test_a_long_strip_keeps_its_largest_numbers():
    values = [0.0] * 1000
    values[777] = 5.0
    assert max(cells(values)) == 5.0
    assert len(cells(values)) == 16
    values[5] = float("nan")
    assert any(v != v for v in cells(values))


def test_nan_and_infinite_derivatives_have_a_shade_of_their_own():
    x = tg.Tensor(0.0, requires_grad=True)
    h = x
    for _ in range(8):
        h = tg.sqrt(h)
    drawing = tg.draw(h * 1.0, fold=True)
    assert BROKEN in drawing.source
    assert b"<svg" in drawing.bytes("svg")


def test_what_only_the_later_turns_of_a_folded_loop_use_is_drawn():
    """sum() adds up what was computed in between: its turns are one box, as old as the last of them."""
    w = tg.Tensor(1.0, requires_grad=True, name="w")
    names = {"tg": tg, "v0": w}
    lines = [f"v{i} = tg.sin(v{i - 1}) + v{i // 2} * {i}" for i in range(1, 600)]
    exec(compile("\n".join(lines), "no_such_file.py", "exec"), names)
    J = sum(names[f"v{i}"] for i in range(500, 600))
    picture = tg.draw(J).picture
    assert {edge.source for edge in picture.edges} | {picture.output} == set(picture.boxes)


def test_equal_code_of_two_programs_is_two_places():
    """Places in the source are remembered by the code object itself: comparing code takes as long as it has names."""
    codes = [compile("u = w * 2", f"program{i}.py", "exec") for i in range(2)]
    places = []
    for code in codes:
        names = {"w": tg.Tensor(1.0, requires_grad=True)}
        exec(code, names)
        places.append(names["u"].where)
    assert places == ["program0.py:1", "program1.py:1"]
