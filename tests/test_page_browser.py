"""The HTML page in a real browser: what a person sees, types and hears, and what must never happen."""

import importlib
import json
import time
from pathlib import Path

import numpy as np
import pytest

import tinygrad_course as tg
from tests import draw_programs
from tests.browser import browser, missing
from tests.test_draw_files import EVIL
from tests.test_page import data_of, number_of, wrong

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

RIGHT, LEFT, UP, DOWN = "\ue014", "\ue012", "\ue013", "\ue015"  # WebDriver's codes for keys
HOME, END, ESCAPE, ENTER, TAB = "\ue011", "\ue010", "\ue00c", "\ue007", "\ue004"

SHOWN = """
const seen = (e) => getComputedStyle(e).visibility === "visible";
const name = (group) => boxes.find((box) => box.key === group.id).name;
const boxes = JSON.parse(document.getElementById("data").textContent).boxes;
const text = (group, query) => [...group.querySelectorAll(query)].filter(seen).map((e) => e.textContent).join(" ");
"""


@pytest.fixture(scope="module")
def driver():
    with browser() as found:
        yield found


class Page:
    """A page on a screen of a given size, and what happened on it."""

    def __init__(self, driver, path):
        self.driver = driver
        self.path = path
        self.screen(1280, 800)
        self.media()
        driver.get_log("browser")
        driver.get_log("performance")
        driver.get("about:blank")
        driver.get(path.as_uri())

    def screen(self, width, height):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def media(self, scheme="light", kind=""):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": features})
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")

    def run(self, script, *arguments):
        return self.driver.execute_script(SHOWN + script, *arguments)

    def press(self, *keys):
        self.driver.switch_to.active_element.send_keys("".join(keys))

    def mode(self, name):
        self.find(f"[data-mode={name}]").click()

    def find(self, query):
        return self.driver.find_element("css selector", query)

    def click_box(self, name):
        group = self.run("return [...document.querySelectorAll('.node')].find((g) => name(g) === arguments[0])", name)
        group.find_element("css selector", ".ring").click()

    @property
    def sentence(self):
        return self.find("#sentence").text

    def shown(self, query):
        """The visible text inside each box, by its name."""
        script = "return [...document.querySelectorAll('.node')].map((g) => [name(g), text(g, arguments[0])])"
        return dict(self.run(script, query))

    def labels(self):
        """The visible text of each edge that has any."""
        script = "return [...document.querySelectorAll('.edge')].map((g) => text(g, 'text'))"
        return [label for label in self.run(script) if label]

    def answer(self, text):
        field = self.find("#answer")
        field.clear()
        field.send_keys(text + ENTER)

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """The addresses that the page asked for."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]


@pytest.fixture
def show(driver, tmp_path):
    opened = []

    def make(drawing, **options):
        path = tmp_path / f"{len(opened)}.html"
        path.write_text(drawing.html(**options), encoding="utf-8")
        opened.append(Page(driver, path))
        return opened[-1]

    yield make
    for page in opened:  # nothing that a test does may leave a complaint in the console, or ask the network
        assert page.complaints() == []
        asked = {url for url in page.requests() if not url.startswith(("about:", "data:", "blob:"))}
        assert {url.partition("#")[0] for url in asked} <= {page.path.as_uri()}


def values_of(drawing):
    return {b.name: b.value for b in drawing.picture.boxes}, {b.name: b.derivative for b in drawing.picture.boxes}


# --- steps ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", [draw_programs.ng, pytest.param(draw_programs.logreg, marks=pytest.mark.slow)])
def test_stepping_to_the_end_shows_the_numbers_of_the_graph(program, show):
    drawing = program()
    values, slopes = values_of(drawing)
    page = show(drawing)
    page.press(HOME)
    start = page.shown("text.f-forward")
    leaves = {b.name for b in drawing.picture.boxes if not b.nodes}
    assert {name for name, text in start.items() if text} == leaves
    assert not any(page.shown("text.f-backward").values())
    assert page.labels() == []
    count = len(data_of(drawing)["steps"])
    known = 0
    for i in range(count):
        page.press(RIGHT)
        assert page.sentence.startswith(f"Step {i + 1} of {count}, ")
        now = sum(map(bool, page.shown("text.f-forward, text.f-backward").values()))
        assert now >= known
        known = now
    for name, text in page.shown("text.f-forward").items():
        assert number_of(text) == pytest.approx(float(values[name]), rel=1e-3), name
    backward = {name: text for name, text in page.shown("text.f-backward").items() if text}
    assert set(backward) == {name for name, slope in slopes.items() if slope is not None}
    for name, text in backward.items():
        assert number_of(text.rpartition("= ")[2]) == pytest.approx(float(slopes[name]), rel=2e-3), name
    page.press(RIGHT)  # once more starts again
    assert page.shown("text.f-forward") == start


def test_forward_then_right_to_left_and_back(show):
    page = show(draw_programs.ng())
    page.press(HOME, RIGHT)
    assert page.sentence.endswith("u = b * c = 3 * 2 = 6.")
    page.press(RIGHT, RIGHT)
    assert page.sentence.endswith("J = 3 * v = 3 * 11 = 33.")
    page.press(RIGHT, RIGHT)
    assert "dJ/dv = dJ/dJ × ∂J/∂v = 1 × 3 = 3" in page.sentence
    assert page.labels() == ["∂J/∂v = 3 1 × 3 =  3"]
    assert {k for k, v in page.shown("text.f-backward").items() if v} == {"v", "J"}
    page.press(LEFT)
    assert {k for k, v in page.shown("text.f-backward").items() if v} == {"J"}
    page.find("#next").click()
    assert {k for k, v in page.shown("text.f-backward").items() if v} == {"v", "J"}
    page.find("#first").click()
    assert page.sentence.startswith("Only the inputs are known.")
    page.find("#last").click()
    assert all(page.shown("text.f-backward").values())


def test_a_fork_is_known_only_when_all_paths_are_added(show):
    x = tg.Tensor(3.0, requires_grad=True)
    u = x * 2.0
    v = x * x
    J = u * v
    page = show(tg.draw(J))
    page.press(HOME)
    count = len(data_of(tg.draw(J))["steps"])
    arrived = 0
    for _ in range(count - 1):
        page.press(RIGHT)
        arrived += "dJ/dx via" in page.sentence
        assert not page.shown("text.f-backward")["x"]
    assert arrived == 3  # through u, and twice through v
    page.press(RIGHT)
    assert "dJ/dx = 54" in page.shown("text.f-backward")["x"]


# --- a box in detail ------------------------------------------------------------------------------------------


def test_a_box_in_detail_and_its_paths(show):
    drawing = draw_programs.net2()
    page = show(drawing)
    page.click_box("W2")
    text = page.find("#details").text
    for part in ("parameter · shape (1, 4) · float64", "draw_programs.py:", "W2 = tg.Tensor(", "dW2 = dZ2 @ A1.T"):
        assert part in text
    value, slope = (b for b in page.driver.find_elements("css selector", "#details table.heat"))
    box = next(b for b in drawing.picture.boxes if b.name == "W2")
    for table, array in ((value, box.value), (slope, box.derivative)):
        cells = [number_of(cell.text) for cell in table.find_elements("css selector", "td")]
        assert cells == pytest.approx(array.ravel().tolist(), rel=1e-2)
    dim = "return [...document.querySelectorAll('.node')].filter((g) => !g.classList.contains('dim')).map(name)"
    assert set(page.run(dim)) == {"W2", "Z2", "A2", "J"}
    page.find("#details button.link").click()  # used by: Z2
    assert page.find("#detailsname").text.startswith("Z2 = W2 @ A1 + b2")
    page.press(ESCAPE)
    assert not page.find("#details").is_displayed()
    assert len(page.run(dim)) == len(drawing.picture.boxes)


def test_a_large_array_is_cut_and_read_by_keyboard(show):
    x = np.arange(20_000.0).reshape(100, 200) - 7
    W = tg.Tensor(x, requires_grad=True)
    page = show(tg.draw(tg.sum(W * 2.0)))
    page.click_box("W")
    assert "of 200 columns" in page.find("#details").text
    assert "of 20000 numbers" in page.find("#details").text
    canvas = page.find("#details canvas.heat")
    canvas.send_keys(DOWN, RIGHT, RIGHT)
    assert "W[1, 2] = 195" in page.find("#details").text
    color = page.run(
        "const c = document.querySelector('canvas.heat'); return [...c.getContext('2d').getImageData(7, 0, 1, 1).data]"
    )
    assert color == [255, 255, 255, 255]  # W[0, 7] is 0: the colour of the page
    page.press(HOME)
    assert page.sentence.startswith("Only the inputs")


# --- nudges ---------------------------------------------------------------------------------------------------


def test_a_nudge_moves_what_depends_on_it(show):
    page = show(draw_programs.ng())
    before = page.shown("text.f-forward")
    page.mode("nudge")
    page.click_box("a")
    assert (
        "a goes from 5 to 5.001 (+0.001). J goes from 33 to 33.003: it moves by 0.003, 3 times as far." in page.sentence
    )
    assert page.shown("text.f-forward") == before | {"a": "5.001", "v": "11.001", "J": "33.003"}
    page.click_box("c")
    page.press(RIGHT)
    assert "c goes from 2 to 2.01 (+0.01). J goes from 33 to 33.09: it moves by 0.09, 9 times as far." in page.sentence
    rows = [row.text.split() for row in page.driver.find_elements("css selector", "#moves tr")][1:]
    assert rows == [["c", "2", "2.01", "0.01"], ["u", "6", "6.03", "0.03"], ["v", "11", "11.03", "0.03"],
                    ["J", "33", "33.09", "0.09"]]  # fmt: skip
    page.press(LEFT, LEFT)
    assert "c goes from 2 to 1.999 (−0.001)" in page.sentence
    page.mode("step")
    assert page.shown("text.f-forward") == before


def test_a_curve_is_called_a_curve(show):
    x = tg.Tensor(3.0, requires_grad=True)
    page = show(tg.draw(x * x * x))
    page.mode("nudge")
    for _ in range(3):
        page.press(RIGHT)
    assert "37 times as far. " in page.sentence
    assert "= 27 predicts 27: the rest is curvature" in page.sentence


# --- quiz -----------------------------------------------------------------------------------------------------


def read_by_the_kit(saved, drawing, monkeypatch):
    """The results as the teacher's kit takes them, which checks them against the page."""
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "examples" / "exercises")
    kit = importlib.import_module("quizzes")
    return kit.read(saved, dict([kit.page_questions(drawing.save(saved.with_name("page.html")))]))


def test_a_quiz_from_beginning_to_end(show, driver, tmp_path, monkeypatch):
    drawing = draw_programs.ng()
    page = show(drawing)
    page.mode("quiz")
    assert {k for k, v in page.shown("text.f-backward").items() if v} == {"J"}
    assert page.labels() == []
    page.run("document.getElementById('table').open = true")
    body = page.find("body").text + page.find("#drawing").get_attribute("outerHTML").replace("<", "\n<")
    labels = page.run("return [...document.querySelectorAll('.node')].map((g) => g.getAttribute('aria-label')).join()")
    assert "dJ/dc = 9" not in page.find("#tablebody").text + labels
    assert body.count("dJ/dJ = 1") >= 1
    assert "dJ/dv = ?" in page.sentence
    for given, reply in (
        ("4", "Not yet: dJ/dv is not 4."),
        ("-3", "Its size is right; look at the sign."),
        ("three", "“three” is not a number."),
        ("12/4", "Right: dJ/dv = 3."),
    ):
        page.answer(given)
        assert reply in page.sentence
    assert page.shown("text.f-backward")["v"] == "dJ/dv = 3"
    assert page.labels() == ["∂J/∂v = 3 1 × 3 =  3"]
    page.click_box("c")
    page.find("#hint").click()
    assert "Hint: ∂u/∂c = b = 3" in page.sentence
    assert not page.shown("text.f-backward")["c"]
    page.answer("9,0")
    page.click_box("b")
    page.find("#show").click()
    assert "The answer: dJ/db = 6." in page.sentence
    for _ in range(2):
        page.answer("3.01")  # within half a percent
    assert "All done: 4 of 5 right, 2 of them at the first try without a hint; 1 shown." in page.sentence
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.find("#panel summary").click()
    page.find("#student").send_keys("Ada <b>")
    page.find("#save").click()
    saved = tmp_path / "quiz.json"
    for _ in range(100):
        if saved.exists():
            break
        time.sleep(0.05)
    results = json.loads(saved.read_text(encoding="utf-8"))
    assert json.loads(page.find("#results").get_attribute("value")) == results
    assert (results["student"], results["questions"], results["right"]) == ("Ada <b>", 5, 4)
    assert (results["first_try"], results["shown"], results["hints"]) == (2, 1, 1)
    by_name = {answer["asked"]: answer for answer in results["answers"]}
    assert by_name["dJ/dv"]["given"] == ["4", "-3", "12/4"]
    assert by_name["dJ/dc"] == {"asked": "dJ/dc", "given": ["9,0"], "hint": True, "result": "right", "answer": 9}
    graded = read_by_the_kit(saved, drawing, monkeypatch)
    assert (graded.right, [a.tries for a in graded.answers if a.asked == "dJ/dv"]) == (4, [3])
    page.find("#again").click()
    assert {k for k, v in page.shown("text.f-backward").items() if v} == {"J"}
    page.mode("step")
    assert all(page.shown("text.f-backward").values())


@pytest.mark.parametrize(
    ("slope", "right", "not_right"),
    [
        (0.75, ["3/4", ".75", "+0.75", "75e-2", "3 / 4", "1.5*1/2", "0,75"], ["4/3", "-3/4", "0.76", "3/0", "1/0"]),
        (-2.0, ["-2", "−2", "-4/2", "2*-1"], ["2", "0", "alert(1)", "1;2", "", "1.2.3", "NaN", "Infinity", "0x2"]),
        (0.0, ["0", "-0.0", "0/5"], ["0.001", "1e-6"]),
    ],
)  # fmt: skip
def test_what_counts_as_right(slope, right, not_right, show):
    x = tg.Tensor(1.0, requires_grad=True)
    w = tg.Tensor(2.0, requires_grad=True)
    L = x * slope + w * 5.0
    page = show(tg.draw(L))
    page.mode("quiz")
    page.click_box("x")
    script = """
        const at = (id) => document.getElementById(id);
        at("answer").value = arguments[0];
        at("answer").form.requestSubmit();
        const said = at("sentence").textContent;
        if (said.includes("Right")) {
          at("again").click();
          [...document.querySelectorAll("#panel button.link")].find((e) => e.textContent.startsWith("dL/dx")).click();
        }
        return said;
    """
    assert [text for text in not_right if "Right" in page.run(script, text)] == []
    assert [text for text in right if "Right" not in page.run(script, text)] == []


# --- checks ---------------------------------------------------------------------------------------------------


def test_a_wrong_rule_is_marked_red(show):
    page = show(wrong())
    page.mode("check")
    assert page.sentence == "✗ 1 of 2 gradients wrong: w. The wrong rule is in: c = wrong_cube(z)."
    marks = page.run(
        "return [...document.querySelectorAll('.node')].map((g) => [name(g), text(g, '.badge'), "
        "g.classList.contains('culprit'), getComputedStyle(g.querySelector('.ring')).stroke])"
    )
    red, green = "rgb(179, 20, 44)", "rgb(26, 107, 47)"
    assert {m[0]: m[1:] for m in marks if m[1]} == {
        "w": ["✗", False, red], "c": ["✗", True, red], "b": ["✓", False, green],
    }  # fmt: skip
    assert "gives 72, where differences give 108" in page.find("#panel").text
    page.mode("step")
    assert page.run("return document.querySelectorAll('.badge').length") == 0


# --- keys, screen readers, sizes, colours -----------------------------------------------------------------------


def test_the_keyboard_alone(show):
    page = show(draw_programs.ng())
    stops = []
    for _ in range(20):
        page.press(TAB)
        stops.append(page.run(
            "const e = document.activeElement; return e.classList.contains('node') ? 'drawing' : e.id || e.textContent"
        ))  # fmt: skip
        if stops[-1] == "drawing":
            break
    assert stops == ["Skip to the explanation", "Step", "Nudge", "Quiz", "Check", "theme",
                     "first", "back", "next", "last", "drawing"]  # fmt: skip
    focused = "return name(document.activeElement)"
    first = page.run(focused)
    page.press(DOWN)
    second = page.run(focused)
    assert second != first
    page.press(ENTER)
    assert page.find("#detailsname").text.startswith(second)
    page.press(UP)
    assert page.run(focused) == first
    page.press(" ")
    assert page.find("#detailsname").text.startswith(first)
    page.press(ESCAPE)
    assert not page.find("#details").is_displayed()
    page.press(HOME)
    assert page.sentence.startswith("Only the inputs")
    page.press(END)
    assert page.sentence.startswith("Step 9 of 9")


def test_what_a_screen_reader_is_told(show):
    page = show(draw_programs.ng())
    page.press(HOME, RIGHT)
    nodes = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    told = [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n["ignored"]]
    assert ("heading", "J = 3*(a + b*c)") in told
    assert ("button", "u = b * c, computed, value 6") in told
    assert ("button", "v = a + u, computed") in told  # not computed yet
    assert ("status", "") in told
    assert any(role == "group" and name.startswith("Computation graph: J = 3*(a") for role, name in told)
    page.press(END)
    label = page.run("return [...document.querySelectorAll('.node')].find((g) => name(g) === 'u').ariaLabel")
    assert label == "u = b * c, computed, value 6, dJ/du = 3"
    assert page.find("#sentence").get_attribute("aria-live") == "polite"
    assert page.run("return [...document.querySelectorAll('button, select, input')].every((e) => "
                    "e.ariaLabel || e.textContent.trim() || e.labels.length)")  # fmt: skip
    ids = page.run("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


CONTRAST = """
const lum = ([r, g, b]) => { const f = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
const rgb = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
  return a ? [r, g, b] : null; };
const ratio = (a, b) => { const [x, y] = [lum(a), lum(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
const behind = (e) => { for (let at = e; at; at = at.parentElement) {
  const color = rgb(getComputedStyle(at).backgroundColor); if (color) return color; } return [255, 255, 255]; };
const found = [];
for (const t of document.querySelectorAll("#drawing text")) {
  if (!seen(t) || t.closest(".mark")) continue;
  const fills = [...t.parentElement.querySelectorAll("path, polygon")].map((e) => rgb(getComputedStyle(e).fill));
  const paper = t.closest(".node") ? fills.find(Boolean) : behind(document.getElementById("canvas"));
  found.push([t.textContent, ratio(rgb(getComputedStyle(t).fill), paper)]);
}
for (const e of document.querySelectorAll("body *:not(svg):not(svg *):not(script)")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  if (own && e.checkVisibility()) found.push([e.textContent, ratio(rgb(getComputedStyle(e).color), behind(e))]);
}
return found;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(scheme, show):
    page = show(draw_programs.logreg())
    page.media(scheme)
    assert page.run("return document.documentElement.dataset.theme") == scheme
    for mode in ("step", "nudge", "quiz", "check"):
        page.mode(mode)
        if mode == "step":
            page.click_box("w1")
            page.run("document.getElementById('table').open = document.getElementById('help').open = true")
        found = page.run(CONTRAST)
        assert len(found) > 50
        assert [(text, round(ratio, 2)) for text, ratio in found if ratio < 4.5] == []


def test_the_theme_can_be_switched_and_paper_is_white(show):
    page = show(draw_programs.ng())
    paper = "return getComputedStyle(document.body).backgroundColor"
    assert page.run(paper) == "rgb(255, 255, 255)"
    page.find("#theme").click()
    assert page.run(paper) == "rgb(17, 24, 39)"
    page.media("light", "print")
    assert page.run(paper) == "rgb(255, 255, 255)"
    assert not page.find("#controls").is_displayed()
    assert page.find("#drawing").is_displayed()


@pytest.mark.parametrize("program", [draw_programs.ng, draw_programs.net2, wrong])
def test_a_phone_needs_no_sideways_scrolling(program, show):
    page = show(program())
    page.screen(390, 844)
    page.run("document.getElementById('table').open = document.getElementById('help').open = true")
    for mode in ("step", "nudge", "quiz", "check"):
        page.mode(mode)
        page.run("document.querySelector('.node').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
        assert page.run("return document.documentElement.scrollWidth") <= 390
    sizes = page.run(
        "return [...document.querySelectorAll('#modes button, #controls button')].map((e) => e.offsetHeight)"
    )
    assert min(sizes) >= 32


# --- what must not happen -------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_hostile_names_stay_text(part, show):
    attacks = [
        "</script><script>hit()</script>", "<img src=x onerror=hit()>", '"><svg onload=hit()>',
        "--><script>hit()</script>", "{{script}}", "${hit()}", "';hit();//", "<!--<script>",
        "]]><script>hit()</script>", "javascript:hit()",
        "__proto__", "constructor", *EVIL,
    ]  # fmt: skip
    mine = attacks[part::2]
    leaves = [tg.Tensor(float(i + 1), requires_grad=True, name=name) for i, name in enumerate(mine)]
    total = leaves[0] * 2.0
    for leaf in leaves[1:]:
        total = total + leaf * 3.0
    page = show(tg.draw(total, title="</title><script>hit()</script>" + mine[0]))
    page.run("window.hit = () => { window.wasHit = true; }")
    for mode in ("nudge", "quiz", "check", "step"):
        page.mode(mode)
        for key in page.run("return boxes.map((box) => box.key)")[:: len(mine) // 3]:
            page.run(
                "document.getElementById(arguments[0]).dispatchEvent(new MouseEvent('click', {bubbles: true}))", key
            )
    assert page.run("return window.wasHit") is None
    tags = set(page.run("return [...document.querySelectorAll('*')].map((e) => e.localName)"))
    assert not {"img", "iframe", "object", "embed", "foreignObject", "base"} & tags
    assert page.run("return document.scripts.length") == 2
    assert page.run("return [...document.querySelectorAll('*')].flatMap((e) => [...e.attributes])"
                    ".filter((a) => a.name.startsWith('on')).length") == 0  # fmt: skip


def test_scripts_of_others_are_refused(show, driver):
    page = show(draw_programs.ng())
    page.run(
        "const s = document.createElement('script'); s.textContent = 'window.wasHit = true'; document.body.append(s);"
        "const i = document.createElement('img'); i.src = 'https://example.invalid/x.png'; document.body.append(i);"
    )
    assert page.run("return window.wasHit") is None
    page.media()  # two frames later
    assert "https://example.invalid/x.png" in page.requests()  # asked for, and refused, as the complaints say
    found = page.complaints()
    assert len(found) == 2
    assert all("Content Security Policy" in text for text in found)


def test_strange_numbers_and_arrays(show):
    w = tg.Tensor([1.0, -1.0, 0.0], requires_grad=True)
    with np.errstate(all="ignore"):
        J = tg.sum(tg.log(w)) + tg.sum(tg.zeros((0, 3)) * tg.Tensor(np.zeros((0, 3)), requires_grad=True))
    page = show(tg.draw(J))
    page.click_box("w")
    for mode in ("nudge", "quiz", "check", "step"):
        page.mode(mode)
    page.mode("check")
    assert "Nothing can be checked" in page.sentence


def test_a_quiz_alone_shows_no_answers(show):
    page = show(draw_programs.ng(), modes=["quiz"])
    assert page.driver.find_elements("css selector", "#modes button:not([hidden])") != []
    assert not page.find("#modes").is_displayed()
    page.press(END, HOME, RIGHT)
    page.click_box("u")
    assert "the quiz asks for it" in page.find("#details").text
    assert {k for k, v in page.shown("text.f-backward").items() if v} == {"J"}


def test_the_address_can_name_the_mode(show, driver):
    page = show(draw_programs.ng())
    driver.get(page.path.as_uri() + "#quiz")
    assert page.find("[data-mode=quiz]").get_attribute("aria-pressed") == "true"
    driver.get("about:blank")
    driver.get(page.path.as_uri() + "#check")
    assert "agree with differences" in page.sentence
