"""The HTML page without a browser: what is in the file, and the numbers behind nudges, quiz and checks."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_course as tg
from tests import draw_programs
from tinygrad_course.show.page import checks, page, svg, values
from tinygrad_course.show.page.nudge import SIZES, figures


@tg.primitive
def cube(x):
    return x**3


@cube.def_partials
def cube_partials(y, x):
    return (3 * x**2,)


@tg.primitive
def wrong_cube(x):
    return x**3


@wrong_cube.def_partials
def wrong_cube_partials(y, x):
    return (2 * x**2,)


class Reader(HTMLParser):
    """Tags, attributes, and the text of scripts and styles."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.ids = [], {}, {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        self.tags.append(("/" + tag, {}))

    def handle_data(self, text):
        if self.tags:
            self.texts[len(self.tags) - 1] = self.texts.get(len(self.tags) - 1, "") + text

    def text_of(self, wanted, **attributes):
        return next(
            self.texts.get(i, "")
            for i, (tag, found) in enumerate(self.tags)
            if tag == wanted and all(found.get(k) == v for k, v in attributes.items())
        )


def data_of(drawing, **options):
    return json.loads(Reader(drawing.html(**options)).text_of("script", id="data"))


def number_of(text):
    return float(text.replace("\N{MINUS SIGN}", "-"))


def wrong():
    w = tg.Tensor(2.0, requires_grad=True)
    b = tg.Tensor(0.5, requires_grad=True)
    z = w * 3.0
    c = wrong_cube(z)
    L = c + b
    return tg.draw(L)


# --- the file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", draw_programs.golden().values(), ids=draw_programs.golden())
def test_the_file_is_whole_and_needs_nothing_else(program, tmp_path):
    path = program().save(tmp_path / "g.html")
    text = path.read_text(encoding="utf-8")
    assert text == program().html()  # the same run after run
    assert not re.search(r"https?:|url\(|@import|<link[^>]*href=\"(?!data:,)", text)
    tags = Reader(text).tags
    assert {k for _, attributes in tags for k in attributes if k.startswith("on") or k in ("src", "style")} == set()
    assert len(text) < 200_000


def test_only_its_own_script_and_style_may_run():
    reader = Reader(draw_programs.ng().html())
    policy = next(a["content"] for tag, a in reader.tags if a.get("http-equiv") == "Content-Security-Policy")
    script = next(t for i, t in reader.texts.items() if reader.tags[i] == ("script", {}))
    for kind, text in (("script", script), ("style", reader.text_of("style"))):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")


def test_every_box_and_edge_of_the_data_is_in_the_drawing():
    for program in draw_programs.golden().values():
        drawing = program()
        ids = {attributes.get("id") for _, attributes in Reader(drawing.html()).tags}
        data = data_of(drawing)
        assert {box["key"] for box in data["boxes"]} | {edge["id"] for edge in data["edges"]} <= ids


def test_modes():
    drawing = draw_programs.ng()
    assert data_of(drawing)["modes"] == ["step", "nudge", "quiz", "check"]
    data = data_of(drawing, modes="quiz")
    assert data["modes"] == ["quiz"]
    assert not {"nudge", "check"} & set(data)
    with pytest.raises(tg.DrawError, match='no mode \'exam\'; the modes are "step", "nudge"'):
        drawing.html(modes=["exam"])
    with pytest.raises(tg.DrawError, match="a page needs at least one mode"):
        drawing.html(modes=())


def test_without_derivatives_there_is_only_stepping_forward():
    a = tg.Tensor(2.0, requires_grad=True)
    y = tg.Tensor([1.0, 2.0], requires_grad=True) * a
    for drawing in (tg.draw(a * 3, derivatives=False), tg.draw(y), tg.draw(tg.Tensor(2.0))):
        data = data_of(drawing)
        assert data["modes"] == ["step"]
        assert {step["way"] for step in data["steps"]} <= {"forward"}
    assert "the output has shape (2,)" in data_of(tg.draw(y))["note"]


@given(st.text())
def test_nothing_in_the_data_can_end_its_script(text):
    inside = page.in_script({"x": text, "y": "</script><!--\u2028\u2029]]>"})
    assert not re.search(r"[<>&\u2028\u2029]", inside)
    assert json.loads(inside)["x"] == text


def test_only_drawing_is_left_of_an_svg():
    evil = (
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="10pt" height="6pt" '
        b'viewBox="0 0 10 6" onload="alert(1)"><script>alert(2)</script><style>*{}</style><title>secret</title>'
        b'<g id="n0" class="node" style="x" onclick="alert(3)"><a x:title="secret" x:href="javascript:alert(4)">'
        b'<text fill="#005a8c" x="1" font-family="Arial">&lt;b&gt; &amp; \xe2\x88\x92</text></a>'
        b'<foreignObject><b/></foreignObject><path d="M0,0" fill="none" stroke="#ABCDEF"/></g></svg>'
    )
    found = svg.figure(evil)
    assert found.markup == (
        '<svg viewBox="0 0 10 6" id="drawing"><g id="n0" class="node"><text x="1" class="f-forward">'
        '&lt;b&gt; &amp; \N{MINUS SIGN}</text><path d="M0,0" fill="none" class="s-c1"></path></g></svg>'
    )
    assert (round(found.width, 1), round(found.height, 1)) == (13.3, 8)
    assert found.light == "--forward:#005a8c;--c1:#abcdef;"
    assert re.fullmatch(r"--forward:#\w{6};--c1:#\w{6};", found.dark)


# --- values ---------------------------------------------------------------------------------------------------


@given(
    shape=st.lists(st.integers(1, 90), min_size=1, max_size=3).filter(lambda s: np.prod(s) <= 60_000).map(tuple),
    most=st.integers(values.LEAST, values.MOST),
)
def test_each_cell_of_a_heat_map_is_the_element_it_says(shape, most):
    a = np.arange(np.prod(shape)).reshape(shape)
    found = values.payload(a, most)
    cells, columns, stride = found["cells"], found["columns"], found["stride"]
    assert all(a.flat[i // columns * stride + i % columns] == x for i, x in enumerate(cells))
    assert 0 < len(cells) <= max(most, values.LINE)
    assert ("cut" in found) == (len(cells) < a.size)
    assert found["low"] == 0
    assert found["high"] == a.size - 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.1), {"text": "0.1", "exact": "0.1", "cells": []}),
        (np.float32(2.5), {"exact": "2.5"}),
        (np.bool_(True), {"exact": "True"}),
        (
            np.array([1, np.nan, -np.inf, 1 / 3]),
            {"cells": [1.0, "nan", "-inf", 0.333333], "low": 0.333333, "high": 1.0},
        ),
        (np.array([np.nan]), {"cells": ["nan"]}),
        (np.zeros((0, 3)), {"text": "empty", "shape": [0, 3], "cells": []}),
        ((np.zeros(2), np.ones(3)), {"text": "2 results", "cells": []}),
        (np.array([True, False]), {"cells": [1, 0]}),
        (np.arange(200.0), {"columns": 64, "cut": "Shown: the first 64 of 200 numbers."}),
        (np.zeros((3, 200)), {"cut": "Shown: all 3 rows and the first 21 of 200 columns, 63 of 600 numbers."}),
    ],
    ids=range(10),
)
def test_payload(value, expected):
    found = values.payload(value, values.LEAST)
    assert {k: found.get(k) for k in expected} == expected
    json.dumps(found, allow_nan=False)


# --- nudges ---------------------------------------------------------------------------------------------------


def test_nudges_are_the_program_run_again():
    def program(a, b, c):
        u = b * c
        v = a + u
        return {"u": u, "v": v, "J": 3 * v}

    data = data_of(draw_programs.ng())
    names = {box["key"]: box["name"] for box in data["boxes"]}
    start = {"a": 5.0, "b": 3.0, "c": 2.0}
    found = {names[p["box"]]: p for p in data["nudge"]["places"]}
    assert sorted(found) == ["a", "b", "c", "u", "v"]
    assert list(found)[3:] == ["u", "v"]  # inputs first
    for name in "abc":
        for by, step in zip(SIZES, found[name]["steps"], strict=True):
            after = start | {name: start[name] + by}
            after |= program(**after)
            moved = {names[key]: number_of(x[1]) for key, x in step["boxes"].items()}
            assert moved == pytest.approx({k: after[k] for k in moved}, rel=1e-9)
            assert set(moved) == {name, "v", "J"} | ({"u"} if name != "a" else set())
    step = found["a"]["steps"][1]
    assert [step[k] for k in ("by", "from", "to", "moves", "times")] == ["0.001", "33", "33.003", "0.003", "3"]


def test_a_nudge_of_a_result_leaves_what_it_came_from_alone():
    data = data_of(draw_programs.ng())
    names = {box["key"]: box["name"] for box in data["boxes"]}
    step = next(p for p in data["nudge"]["places"] if names[p["box"]] == "u")["steps"][2]
    assert {names[k]: x for k, x in step["boxes"].items()} == {
        "u": ["6", "6.01", "0.01"], "v": ["11", "11.01", "0.01"], "J": ["33", "33.03", "0.03"],
    }  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nudged_elements_of_arrays(dtype):
    x = np.array([[-1, 0.5, 0.25], [0, -0.75, 1]], dtype)
    W = tg.Tensor(x, requires_grad=True)
    q, r = tg.linalg.qr(tg.exp(W).T)
    L = tg.sum(q * q * 2.0) + tg.sum(cube(r))

    def loss(x):
        q, r = np.linalg.qr(np.exp(x).T)
        return np.sum(q * q * 2.0) + np.sum(r**3)

    data = data_of(tg.draw(L))
    key = next(b["key"] for b in data["boxes"] if b["name"] == "W")
    places = [p for p in data["nudge"]["places"] if p["box"] == key]
    assert 1 <= len(places) <= 3
    for p in places:
        index = tuple(json.loads(p["element"]))
        for by, step in zip(SIZES, p["steps"], strict=True):
            moved = x.astype(np.float64)
            moved[index] += by
            assert number_of(step["to"]) == pytest.approx(loss(moved), rel=1e-8)
            assert step["boxes"][key][2] == f"1 of 6 elements, by at most {figures(abs(by), 6)}"
        assert number_of(p["steps"][1]["times"]) == pytest.approx(number_of(p["slope"]), rel=0.05)


def test_gradient_of_an_array_output():
    w = tg.Tensor([1.0, 2.0], requires_grad=True)
    y = w * w
    data = data_of(tg.draw(y, gradient=[10.0, 1.0]))
    last = data["nudge"]["places"][0]
    assert last["element"] == "[0]"
    assert (last["steps"][1]["from"], last["steps"][1]["to"]) == ("14", "14.02001")
    assert [row["verdict"] for row in data["check"]["rows"]] == ["right"]


def test_a_graph_that_cannot_be_run_again_says_so():
    draws = iter(range(100))
    noisy = tg.primitive(lambda x: x * next(draws), name="noisy")
    noisy.def_partials(lambda y, x: (1.0,))
    w = tg.Tensor(2.0, requires_grad=True)
    for output, reason in (
        (tg.checkpoint(tg.exp)(w), "checkpoint keeps no recipe to run it again"),
        (noisy(w), "noisy gives another result when it is run again"),
    ):
        data = data_of(tg.draw(output))
        for mode in ("nudge", "check"):
            assert reason in data[mode]["trouble"]
        assert data["quiz"]["questions"]


def test_data_changed_since_is_refused():
    w = tg.Tensor(2.0, requires_grad=True)
    J = w * w
    drawing = tg.draw(J)
    drawing.html()
    w.data = 3.0
    with pytest.raises(tg.MutationError):
        drawing.html()


def test_large_graphs_are_cut_short_and_say_so():
    w = tg.Tensor(np.ones(50), requires_grad=True)
    x = w
    for _ in range(100):
        x = tg.tanh(x)
    data = data_of(tg.draw(tg.sum(x), fold=False))
    assert re.fullmatch(r"\d+ of 202 values can be nudged here; .* too large for more\.", data["nudge"]["note"])
    assert sum(len(step["boxes"]) for p in data["nudge"]["places"] for step in p["steps"]) < 70_000


# --- checks and quiz ------------------------------------------------------------------------------------------


def test_a_right_graph_passes_its_check():
    for program in draw_programs.golden().values():
        data = data_of(program())
        names = {box["key"] for box in data["boxes"] if box["role"] in ("input", "parameter") and "slope" in box}
        assert {row["box"] for row in data["check"]["rows"]} == names
        assert {row["verdict"] for row in data["check"]["rows"]} == {"right"}
        assert data["check"]["wrong"] == []


def test_a_wrong_rule_is_found():
    data = data_of(wrong())
    names = {box["key"]: box["name"] for box in data["boxes"]}
    assert {row["name"]: row["verdict"] for row in data["check"]["rows"]} == {"w": "wrong", "b": "right"}
    row = data["check"]["rows"][0]
    assert (row["ours"], row["differences"]) == ("216", "324")
    (culprit,) = data["check"]["wrong"]
    assert names[culprit["box"]] == "c"
    assert "the rule of wrong_cube for its input 0 gives 72, where differences give 108" in culprit["text"]


def test_large_parameters_are_sampled_and_kinks_pass():
    w = tg.Tensor(np.linspace(-1, 1, 41), requires_grad=True)
    L = tg.sum(tg.relu(w) * 2)
    (row,) = data_of(tg.draw(L))["check"]["rows"]
    assert row["verdict"] == "right"
    assert row["checked"] == "the 4 steepest elements and 3 random directions"
    w = tg.Tensor([-1.0, 0.0, 1.0], requires_grad=True)
    (row,) = data_of(tg.draw(tg.sum(tg.relu(w))))["check"]["rows"]
    assert (row["verdict"], row["kinks"], row["checked"]) == ("right", 1, "all")


def test_what_differences_cannot_tell_is_not_called_wrong():
    rng = np.random.default_rng(0)
    x = tg.Tensor(rng.normal(size=(4, 8)), requires_grad=True)
    gain = tg.Tensor(np.ones(8), requires_grad=True)
    centred = x - tg.mean(x, axis=1, keepdims=True)
    y = gain * centred / tg.sqrt(tg.mean(centred * centred, axis=1, keepdims=True))
    J = tg.mean(y * y) * 1e6 - 1e6  # does not depend on x, but for rounding
    check = data_of(tg.draw(J))["check"]
    assert check["wrong"] == []
    assert {row["verdict"] for row in check["rows"]} <= {"right", "unclear"}


def test_questions_are_the_derivatives_from_right_to_left():
    quiz = data_of(draw_programs.ng())["quiz"]
    assert {q["ask"]: q["answer"] for q in quiz["questions"]} == {
        "dJ/dv": 3, "dJ/da": 3, "dJ/du": 3, "dJ/db": 6, "dJ/dc": 9,
    }  # fmt: skip
    assert quiz["questions"][0]["ask"] == "dJ/dv"
    W = tg.Tensor([[0.0, 1.0], [-3.0, 2.0]], requires_grad=True)
    L = tg.sum(W * W)
    (question,) = data_of(tg.draw(L))["quiz"]["questions"]
    assert (question["ask"], question["answer"]) == ("dL/dW[1, 0]", -6)


def test_infinite_values_make_a_page():
    assert tg.draw(tg.Tensor(np.inf, requires_grad=True) * 2).html()


def test_a_graph_too_large_to_be_run_so_often_is_not_checked(monkeypatch):
    monkeypatch.setattr(checks, "WORK", 100 * 300 * checks.LADDER)
    x = w = tg.Tensor(1.0, requires_grad=True, name="w")
    for _ in range(100):
        x = x * w
    page = tg.draw(x * 2).html(["check"])
    assert "The graph is too large to be checked in a page" in page
