"""What makes a picture readable: names as in the program, shapes as given, whole formulas, a size to look at."""

import itertools

import numpy as np
import pytest

import tinygrad_course as tg
from tinygrad_course import nn
from tinygrad_course.show.tables import broken
from tinygrad_course.show.text import ELLIPSIS


def boxes(drawing):
    return {b.name: b for b in drawing.picture.boxes}


def formula(drawing, name):
    return boxes(drawing)[name].formula


RNG = np.random.default_rng(0)
SEQUENCE = RNG.standard_normal((6, 2, 3))


class Tagger(nn.Module):
    """The state of an LSTM leaves `forward` under no name but that in its source."""

    def __init__(self):
        self.lstm = nn.LSTM(3, 4, rng=0)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return tg.sum(out) + tg.sum(h) + tg.mean(c)


def test_results_of_a_call_in_a_function_that_has_ended_are_named_as_it_unpacked_them():
    assert {"out", "h", "c"} <= set(boxes(tg.draw(Tagger()(SEQUENCE))))


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_formula_with_a_part_left_out_is_not_shown(kind, layers):
    net = kind(3, 4, num_layers=layers, rng=0)
    out, _ = net(SEQUENCE)
    J = tg.mean(out**2)
    for fold in (None, False):
        picture = tg.draw(J, fold=fold).picture
        assert not any(ELLIPSIS in b.formula for b in picture.boxes)
        assert boxes(tg.draw(J))["SEQUENCE"].shape == (6, 2, 3)


def test_an_input_has_the_shape_that_the_user_gave_it():
    images = RNG.random((2, 3, 8, 8))
    conv = nn.Conv2d(3, 4, 3, rng=0)
    z = conv(images)
    J = tg.sum(z**2)
    x = boxes(tg.draw(J))["images"]
    assert x.shape == (2, 3, 8, 8)
    assert x.value is images
    assert "windows(images)" in formula(tg.draw(J), "weight")
    unnamed = boxes(tg.draw(tg.sum(conv(images[:1]) ** 2)))["images[:1]"]
    assert unnamed.shape == (1, 3, 8, 8)
    assert unnamed.value_words == ""  # the windows have each pixel many times: their mean is not the image's


def test_what_a_call_makes_itself_is_not_taken_for_its_argument():
    net = nn.Sequential(nn.Linear(3, 4, rng=0), nn.Dropout(0.5, rng=0), nn.Linear(4, 1, rng=0))
    x = RNG.random((5, 3))
    J = tg.sum(net(x))
    named = [b for b in tg.draw(J, view="op").picture.boxes if b.name.startswith("x")]
    assert [b.value is x for b in named] == [True]


def test_an_argument_without_a_name_is_called_by_its_source():
    p = tg.Tensor([0.5, 2.0], requires_grad=True)
    J = tg.mse_loss(p, np.array([1.0, 3.0]))
    assert formula(tg.draw(J), "p") == "p − array([1.0, 3.0])"


def test_parameters_of_several_models_are_told_apart_by_the_models_names():
    G, D = (nn.Sequential(nn.Linear(2, 2, rng=i), nn.Tanh()) for i in range(2))
    J = tg.sum(D(G(np.ones((3, 2)))))
    assert {"G.0.weight", "G.0.bias", "D.0.weight", "D.0.bias"} <= set(boxes(tg.draw(J)))
    fc = nn.Linear(2, 1, rng=0)
    assert {"weight", "bias"} <= set(boxes(tg.draw(tg.sum(fc(np.ones((3, 2)))))))


def test_parts_of_an_array_are_called_by_their_number():
    W = tg.Tensor(RNG.random((3, 3)), requires_grad=True)
    h = np.zeros(3)
    x = RNG.random((3, 3))
    for row in range(1, 3):
        h = tg.tanh(W @ h + x[row])
    assert {"x[1]", "x[2]"} <= set(boxes(tg.draw(tg.sum(h))))


def test_a_second_derivative_is_one_box_of_the_statement_that_asked_for_it():
    x = tg.Tensor([1.0, 2.0], requires_grad=True)
    y = tg.sum(tg.exp(x) * x)
    (g,) = tg.gradients(y, x, create_graph=True)
    J = tg.sum(g**2)
    found = boxes(tg.draw(J))
    assert found["g"].rest == "gradients(y, x, create_graph=True)"
    assert not any(name.startswith("sum(") for name in found)
    np.testing.assert_allclose(found["x"].derivative, 2 * np.exp(x.data) ** 2 * (1 + x.data) * (2 + x.data))


# --- formulas ---------------------------------------------------------------------------------------------------------


def test_formulas_of_kinks_are_comparisons():
    x = tg.Tensor([1.0, -2.0, 0.5], requires_grad=True)
    z = tg.Tensor([0.0, 3.0, 0.0], requires_grad=True)
    m = tg.maximum(x, z)
    drawing = tg.draw(tg.sum(m * m))
    assert formula(drawing, "x") == "dm*(x > z)"
    assert formula(drawing, "z") == "dm*(z > x)"
    J = tg.max(x)
    assert formula(tg.draw(J), "x") == "x == J"
    tie = tg.maximum(x, x.data)
    assert "share" in formula(tg.draw(tg.sum(tie)), "x")  # one half each: no comparison


def test_formulas_read_like_numpy():
    U = tg.Tensor(RNG.random((3, 2)), requires_grad=True)
    V = tg.Tensor(RNG.random((4, 2)), requires_grad=True)
    P = tg.einsum("ik,jk->ij", U, V)
    drawing = tg.draw(tg.sum(P * P))
    assert formula(drawing, "U") == 'einsum("ij,jk->ik", dP, V)'
    A = tg.Tensor(np.eye(2) * 2, requires_grad=True)
    b = tg.Tensor([1.0, 3.0], requires_grad=True)
    s = tg.linalg.solve(A, b)
    drawing = tg.draw(s[0] * 3)
    assert formula(drawing, "b") == "solve(A.T, ds)"
    assert formula(drawing, "s") == "zeros((2,)).at[0].add(3)"
    S = U @ V.T / 5
    assert formula(tg.draw(tg.sum(S * S)), "V") == "(dS.T @ U)/5"


def test_long_formulas_are_broken_before_a_sign_or_left_to_the_tooltip():
    term = "f(a + b, c)*abcdef"
    lines = broken(f"dx = {term} + {term} − {term} + {term}")
    assert "".join(lines).replace(" ", "") == f"dx={term}+{term}−{term}+{term}".replace(" ", "")
    assert all(len(line) <= 52 for line in lines)
    assert [line[0] for line in lines[1:]] == ["−"]
    assert broken("short = a + b") == ["short = a + b"]
    assert broken("f(" + " + ".join("abcdefghij" for _ in range(10)) + ")") == []


# --- size and direction -----------------------------------------------------------------------------------------------


def chain(n):
    a = tg.Tensor(1.5, requires_grad=True)
    x = a
    for f in itertools.islice(itertools.cycle([tg.sin, tg.exp, tg.tanh]), n):
        x = f(x)
    return x


def test_a_long_line_of_boxes_goes_down():
    assert tg.draw(chain(5), fold=False).picture.direction == "LR"
    assert tg.draw(chain(6), fold=False).picture.direction == "TB"
    assert tg.draw(chain(6), fold=False, direction="LR").picture.direction == "LR"


def test_a_loop_is_folded_once_its_edges_tangle():
    def rnn(turns):
        W, V, b = (tg.Tensor(RNG.random((2, 2)), requires_grad=True) for _ in range(3))
        h = np.zeros((2, 2))
        for _ in range(turns):
            h = tg.tanh(W @ h + V @ h + b)
        return tg.sum(h)

    assert not tg.draw(rnn(4)).picture.folded
    large = tg.draw(rnn(10)).picture
    assert large.folded
    assert large.direction == "LR"  # time goes to the right


def test_a_great_many_parameters_of_one_statement_share_a_box():
    net = nn.Sequential(*(nn.Linear(2, 2, rng=i) for i in range(4)))
    y = net(np.ones((3, 2)))
    J = tg.sum(y)
    drawing = tg.draw(J)
    found = boxes(drawing)
    assert [p.name for p in found["8 parameters"].parameters][:2] == ["net.0.weight", "net.0.bias"]
    assert not found["8 parameters"].formula
    assert all(text in drawing.source for text in ("used by y", "net.3.bias (2,)"))
    assert "net.3.bias" in boxes(tg.draw(J, fold=False))


class Cells(nn.Module):
    """A recurrent net by hand, whose outputs are all used in the end."""

    def __init__(self):
        self.cell = nn.RNNCell(3, 4, rng=0)
        self.out = nn.Linear(4, 2, rng=0)

    def forward(self, xs):
        h = np.zeros((2, 4))
        y = []
        for x in xs:
            h = self.cell(x, h)
            y.append(self.out(h))
        return tg.stack(y)


@pytest.mark.parametrize("view", ["statement", "layer"])
def test_one_edge_leads_from_all_folded_turns_to_what_uses_them(view):
    Y = Cells()(SEQUENCE)
    J = tg.mean(Y**2)
    picture = tg.draw(J, view=view, fold=True).picture
    pairs = [(e.source, e.target) for e in picture.edges if not e.carried]
    assert len(pairs) == len(set(pairs))
    for box in picture.boxes:
        if box.repeat is not None:  # no formula of one turn, or the sum of all, in the place of each turn's own
            assert "dY[" not in box.formula


def test_shared_parameters_give_no_strip_of_equal_shades():
    J = tg.sum(Cells()(SEQUENCE))
    picture = tg.draw(J, view="layer").picture
    folded = [b for b in picture.boxes if b.repeat is not None]
    assert [(b.name, b.repeat.of) for b in folded] == [("cell", "dcell"), ("out", "dout")]
    assert not any(c.norms for c in picture.clusters)
