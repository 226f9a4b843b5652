"""Mermaid itself draws what we write: in a real browser, with the real library, in its strict mode."""

import html
import os
import re
from pathlib import Path

import numpy as np
import pytest

import tinygrad_course as tg
from tests import browser, draw_programs
from tests.test_draw_files import EVIL
from tests.test_show_text import MARKUP

PLACES = [os.environ.get("MERMAID", ""), Path(__file__).parents[1] / "node_modules/mermaid/dist/mermaid.min.js"]
LIBRARY = next((Path(place).absolute() for place in PLACES if place and Path(place).is_file()), None)
WHY = browser.missing() or ("" if LIBRARY else "mermaid.min.js is not here: npm install mermaid, or name it in MERMAID")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(WHY), reason=WHY)]
PAGE = """<!doctype html><meta charset="utf-8"><body>{}<script src="{}"></script><script>
mermaid.initialize({{startOnLoad: false}});
mermaid.run().then(() => document.title = "drawn", error => document.title = "error: " + error);
</script>"""


def labels(texts, tmp_path):
    """The labels of the boxes that Mermaid drew for each text, line by line."""
    body = "".join(f'<pre class="mermaid">{html.escape(text)}</pre>' for text in texts)
    page = tmp_path / "page.html"
    page.write_text(PAGE.format(body, LIBRARY.as_uri()), encoding="utf-8")
    with browser.browser() as driver:
        driver.get(page.as_uri())
        driver.set_script_timeout(60)
        state = driver.execute_async_script(
            "const done = arguments[0]; const look = () => document.title ? done(document.title)"
            " : setTimeout(look, 50); look()"
        )
        assert state == "drawn"
        return driver.execute_script(
            "return [...document.querySelectorAll('pre')].map(pre => [...pre.querySelectorAll('.nodeLabel')]"
            ".map(label => label.innerHTML.split('<br>').map(line => new DOMParser()"
            ".parseFromString(line, 'text/html').body.textContent)))"
        )


def test_every_box_is_drawn_with_its_text(tmp_path):
    net = tg.nn.Sequential(*(m for i in range(4) for m in (tg.nn.Linear(3, 3, rng=i), tg.nn.Tanh())))
    h = net(np.ones((2, 3)))
    for _ in range(4):
        h = tg.tanh(h * 2)
    J = tg.mean(h)
    drawings = [draw_programs.golden()[name]() for name in ("ng", "logreg", "net2")]
    drawings += [tg.draw(J, view="layer"), tg.draw(J, fold=True), tg.draw(J, view="op", direction="TB")]
    for drawing, found in zip(drawings, labels([d.mermaid for d in drawings], tmp_path), strict=True):
        assert len(found) >= len(drawing.picture.boxes)
        first = {re.split(" = |: | \\(", lines[0])[0] for lines in found}
        assert {box.name for box in drawing.picture.boxes} <= first | {lines[0] for lines in found}


def test_names_are_shown_as_they_are(tmp_path):
    drawings = []
    for name in (*EVIL, *MARKUP):
        a = tg.Tensor(2.0, requires_grad=True, name=name)
        J = a * 3
        drawings.append(tg.draw(J))
    for drawing, found in zip(drawings, labels([d.mermaid for d in drawings], tmp_path), strict=True):
        shown = {lines[0].replace("\u200b", "") for lines in found}
        assert drawing.picture.boxes[0].name in shown
