"""Rendering and saving: both renderers, every suffix, bad paths, and user text that tries to break out."""

import os
import re
import shutil
import stat
import struct
import xml.etree.ElementTree as ET

import pytest

import tinygrad_course as tg
from tests import draw_programs
from tinygrad_course.core import files
from tinygrad_course.show import render
from tinygrad_course.show.text import clean, code_text

SYSTEM = shutil.which("dot")
RENDERERS = [
    "bundled",
    pytest.param("system", marks=pytest.mark.skipif(SYSTEM is None, reason="this machine has no system Graphviz")),
]


@pytest.fixture
def use(monkeypatch):
    def choose(which):
        if which == "bundled":
            monkeypatch.setattr(render.shutil, "which", lambda name: None)

    return choose


def square():
    a = tg.Tensor(2.0, requires_grad=True)
    J = a * a
    return J


@pytest.mark.parametrize("which", RENDERERS)
def test_png_is_sharp_and_svg_holds_the_text(which, use, tmp_path):
    use(which)
    drawing = draw_programs.ng()
    name = {"bundled": r"graphviz-pure \d", "system": r"system dot \d"}[which]
    assert re.match(name, drawing.renderer)
    png = drawing.save(tmp_path / "ng.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert 800 < width < 1400
    assert 350 < height < 800
    svg = drawing.save(tmp_path / "ng.SVG").read_text(encoding="utf-8")
    words = "".join(ET.fromstring(svg).itertext())
    assert all(text in words for text in ("dJ/dc = 9", "∂u/∂b = c = 2", "loss"))
    assert "image/svg+xml" in drawing._repr_mimebundle_()


@pytest.mark.skipif(SYSTEM is None, reason="this machine has no system Graphviz")
def test_pdf_with_the_system_renderer(tmp_path):
    assert tg.draw(square()).save(tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_pdf_without_it(use, tmp_path):
    use("bundled")
    with pytest.raises(ValueError, match=r"does not write pdf; it writes png, svg\. A system Graphviz writes pdf"):
        tg.draw(square(), tmp_path / "a.pdf")
    assert list(tmp_path.iterdir()) == []


def test_no_renderer_at_all(use, monkeypatch, tmp_path):
    use("bundled")
    monkeypatch.setattr(render, "_bundled", lambda: None)
    drawing = tg.draw(square(), tmp_path / "a.dot")
    assert (tmp_path / "a.dot").read_text(encoding="utf-8") == drawing.source
    with pytest.raises(ValueError, match=r"no renderer .* install Graphviz, or run `pip install graphviz-pure`"):
        drawing.save(tmp_path / "a.png")


def test_a_renderer_that_fails_or_hangs(monkeypatch, tmp_path):
    broken = render.Renderer("broken", "false", ("png",))
    with pytest.raises(ValueError, match="broken failed"):
        render.render("digraph {}", "png", broken)
    monkeypatch.setattr(render, "PATIENCE", 0.05)
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 5\n")
    slow.chmod(0o755)
    with pytest.raises(ValueError, match="the layout took longer than"):
        render.render("digraph {}", "png", render.Renderer("slow", str(slow), ("png",)))


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("a.jpg", ValueError, r"'a.jpg' has the suffix '.jpg'; pictures are saved as .png, .svg, .html, .*or .pdf"),
        ("a", ValueError, "'a' has no suffix; pictures are saved as .png"),
        ("missing/a.png", OSError, "cannot save a.png: the folder .*missing does not exist; make it first"),
        ("folder.png", OSError, "it is a folder; add a file name"),
    ],
)
def test_bad_paths(path, kind, message, tmp_path):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(kind, match=message) as caught:
        tg.draw(square(), tmp_path / path)
    assert isinstance(caught.value, tg.TinygradError)
    assert [p.name for p in tmp_path.iterdir()] == ["folder.png"]


def test_an_unwritable_folder(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.tempfile, "mkstemp", refuse)  # root may write anywhere, so a mode would not do
    with pytest.raises(OSError, match="Permission denied; choose a folder that you may write to"):
        tg.draw(square(), tmp_path / "a.dot")


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    target = tmp_path / "a.dot"
    target.write_text("old")

    def refuse(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", refuse)
    with pytest.raises(tg.SaveError, match="No space left"):
        tg.draw(square(), target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_saved_file_has_ordinary_permissions(tmp_path):
    outer = os.umask(0o022)
    try:
        path = tg.draw(square()).save(tmp_path / "a.dot")
    finally:
        os.umask(outer)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


EVIL = [
    '<b>"bold"</b>', "a\\nb\\G\\N", "line\nbreak\ttab", "x]]></svg><script>alert(1)</script>", "&amp;&lt;",
    "a\x00b\x1bc",
    "權重 ŵ", "\N{GRINNING FACE}", "\u202egnp.exe", "\ud800 lone", "\ufffe\uffff", "'; //", "]; evil [label=x", "", " ",
    "w" * 1_000_000, "--> x", "%s {} $HOME", "<", ">", "a\u2028b",
]  # fmt: skip


@pytest.mark.parametrize("which", RENDERERS)
@pytest.mark.parametrize("name", EVIL, ids=range(len(EVIL)))
def test_user_text_stays_text(name, which, use):
    use(which)
    a = tg.Tensor(2.0, requires_grad=True, name=name)
    b = tg.Tensor([1.0, 2.0], requires_grad=True, name=name)
    J = tg.sum(a * b)
    drawing = tg.draw(J, title=name)
    assert "\\" not in drawing.source.replace('\\"', "")
    assert len(drawing.source) < 20_000
    root = ET.fromstring(drawing.bytes("svg"))
    tags = {e.tag.rpartition("}")[2] for e in root.iter()}
    assert tags <= {"svg", "g", "title", "polygon", "path", "text", "a", "polyline", "tspan"}
    groups = [e for e in root.iter() if e.get("class", "").startswith("node")]
    assert len(groups) == 3


def test_clean_and_code_text():
    assert clean("a\\b\n c\x07") == "ab c"
    assert clean("x" * 100, 10) == "x" * 9 + "…"
    assert code_text("-np.exp(tg.linalg.norm(x) - 1)") == "−exp(linalg.norm(x) − 1)"
    assert code_text("p['tg.a-b'] - 1") == "p['tg.a-b'] − 1"
    assert code_text("net.tg.x") == "net.tg.x"


def test_steps_without_a_path_and_a_title_that_is_no_text_are_errors():
    J = tg.Tensor(2.0, requires_grad=True) * 3
    with pytest.raises(tg.DrawError, match="steps=True writes numbered files: say where"):
        tg.draw(J, steps=True)
    with pytest.raises(tg.DrawError, match="title is 3; it must be text"):
        tg.draw(J, title=3)


@pytest.mark.parametrize("name", ["a\0b.svg", "x" * 300 + ".svg"], ids=["null character", "too long"])
def test_names_that_no_file_can_have_are_errors(name, tmp_path):
    with pytest.raises(tg.SaveError, match=r"null character|File name too long"):
        tg.draw(tg.Tensor(2.0, requires_grad=True) * 3, tmp_path / name)
