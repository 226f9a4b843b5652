"""Frames: numbered pictures and moving ones. All of one size, in the order of the two passes, whole or not at all."""

import re
import struct
import sys
import xml.etree.ElementTree as ET
import zlib

import pytest

import tinygrad_course as tg
from tests import draw_programs
from tinygrad_course.core import files
from tinygrad_course.show import animation, frames, writers
from tinygrad_course.show.render import render, renderer

PROGRAMS = {name: draw_programs.golden()[name] for name in ("ng", "logreg", "net2")}


def size(png):
    return struct.unpack(">II", png[16:24])


def words(svg):
    """The text that can be seen."""
    texts = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return "".join("".join(text.itertext()) for text in texts if float(text.get("fill-opacity", 1)))


@pytest.mark.parametrize("name", PROGRAMS)
def test_one_size_and_the_last_is_the_whole_drawing(name):
    drawing = PROGRAMS[name]()
    pictures = writers.pictures(drawing, "png")
    assert len({size(png) for png in pictures}) == 1
    assert len(set(pictures)) == len(pictures)  # something is new in each
    assert pictures[-1] == drawing.bytes("png")
    assert drawing.frames()[-1] == drawing.source


def test_values_left_to_right_then_derivatives_right_to_left():
    svgs = [words(svg) for svg in writers.pictures(draw_programs.ng(), "svg")]
    boxes = ["a", "b", "c", "u = b * c", "v = a + u", "J = 3 * v"]
    forward = [sum(title.replace(" ", "") in text.replace(" ", "") for title in boxes[3:]) for text in svgs]
    assert forward == [0, 1, 2, 3, 3, 3, 3, 3, 3, 3]
    names = [re.findall(r"dJ/d(\w) =", text) for text in svgs]
    assert [sorted(n) for n in names] == [
        [], [], [], [], ["J"], ["J", "v"], ["J", "u", "v"], ["J", "c", "u", "v"], ["J", "b", "c", "u", "v"],
        ["J", "a", "b", "c", "u", "v"],
    ]  # fmt: skip
    labels = [text.count("∂") for text in svgs]
    assert labels == [0, 0, 0, 0, 0, 2, 4, 6, 8, 10]  # each with its own derivative


def test_an_edge_needs_both_of_its_boxes():
    drawing = draw_programs.ng()
    paths = []
    for source in drawing.frames():
        groups = ET.fromstring(render(source, "svg", renderer())).iter("{http://www.w3.org/2000/svg}g")
        edges = [g for g in groups if g.get("class") == "edge"]
        paths.append([len(list(g.iter("{http://www.w3.org/2000/svg}path"))) for g in edges])
    assert [len(p) for p in paths] == [0, 2, 4, 5, 5, 5, 5, 5, 5, 5]
    assert [sum(p) for p in paths] == [0, 2, 4, 5, 5, 6, 7, 8, 9, 10]  # one line forward, two with the way back


def test_without_derivatives_only_values():
    x = tg.Tensor(2.0, requires_grad=True)
    J = (x * 3) ** 2
    assert len(tg.draw(J, view="op", derivatives=False).frames()) == 3
    assert len(tg.draw(x).frames()) == 2


@pytest.mark.parametrize("options", [{"view": "layer"}, {"fold": True}, {"view": "op"}, {"direction": "TB"}])
def test_every_view_has_frames_of_one_size(options):
    net = tg.nn.Sequential(*(m for i in range(3) for m in (tg.nn.Linear(3, 3, rng=i), tg.nn.Tanh())))
    drawing = tg.draw(tg.mean(net(tg.ones((2, 3)))), **options)
    pictures = writers.pictures(drawing, "png")
    assert len({size(png) for png in pictures}) == 1
    assert len(pictures) > 3


def test_too_many():
    x = tg.Tensor(1.0, requires_grad=True)
    for _ in range(frames.MOST_FRAMES):
        x = x + 1
    with pytest.raises(ValueError, match=r"151 boxes, which would make up to 302 frames; at most 150 are made"):
        tg.draw(x, view="op", fold=False).frames()


# --- files --------------------------------------------------------------------------------------------------------


def test_numbered_files(tmp_path):
    tg.draw(draw_programs.ng().picture.output.result, tmp_path / "g.png", steps=True)
    found = sorted(p.name for p in tmp_path.iterdir())
    assert found == [f"g-{i:02}.png" for i in range(1, 11)]
    assert len({size(p.read_bytes()) for p in tmp_path.iterdir()}) == 1


@pytest.mark.parametrize("suffix", ["svg", "dot"])
def test_numbered_files_of_other_kinds(suffix, tmp_path):
    draw_programs.ng().save(tmp_path / f"g.{suffix}", steps=True)
    assert len(list(tmp_path.glob(f"g-*.{suffix}"))) == 10


@pytest.mark.parametrize("suffix", ["gif", "html", "txt"])
def test_no_numbered_files_of_these(suffix, tmp_path):
    with pytest.raises(ValueError, match=rf"'g.{suffix}' .* steps are written as numbered"):
        draw_programs.ng().save(tmp_path / f"g.{suffix}", steps=True)
    assert list(tmp_path.iterdir()) == []


def test_all_files_or_none(tmp_path, monkeypatch):
    (tmp_path / "g-01.png").write_text("of before")
    real, count = files.os.replace, iter(range(100))

    def full(*args):
        if next(count) == 4:
            raise OSError(28, "No space left on device")
        real(*args)

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(tg.SaveError, match="No space left"):
        draw_programs.ng().save(tmp_path / "g.png", steps=True)
    assert [p.name for p in tmp_path.iterdir()] == ["g-01.png"]


def test_apng_by_the_rules(tmp_path):
    drawing = draw_programs.ng()
    data = drawing.save(tmp_path / "g.apng").read_bytes()
    pictures = writers.pictures(drawing, "png")
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    kinds, sequence, images, place = [], [], {}, 8
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        assert struct.unpack(">I", data[place + 8 + length : place + 12 + length])[0] == zlib.crc32(kind + body)
        kinds.append(kind)
        if kind in (b"fcTL", b"fdAT"):
            sequence.append(struct.unpack(">I", body[:4])[0])
        if kind == b"fcTL":
            assert struct.unpack(">II", body[4:12]) == size(pictures[0])
            images[len(images)] = b""
        if kind in (b"IDAT", b"fdAT"):
            images[len(images) - 1] += body[4 * (kind == b"fdAT") :]
        place += 12 + length
    assert kinds[:3] == [b"IHDR", b"acTL", b"fcTL"]
    assert kinds[-1] == b"IEND"
    assert sequence == list(range(len(sequence)))
    for i, png in enumerate(pictures):  # the same pixels as in the pictures
        parts = [body for kind, body in animation._chunks(png) if kind == b"IDAT"]
        assert zlib.decompress(images[i]) == zlib.decompress(b"".join(parts))


def test_apng_and_gif_are_read_by_others(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    drawing = draw_programs.ng()
    last = image.open(drawing.save(tmp_path / "last.png")).convert("RGB")
    for suffix in ("apng", "gif"):
        with image.open(drawing.save(tmp_path / f"g.{suffix}")) as moving:
            assert moving.n_frames == 10
            assert moving.info["loop"] == 0
            assert moving.size == last.size
            moving.seek(9)
            assert moving.info["duration"] == pytest.approx(3000 * animation.SECONDS)
            difference = [abs(a - b) for a, b in zip(moving.convert("RGB").tobytes(), last.tobytes(), strict=True)]
        assert sum(difference) / len(difference) < (1 if suffix == "gif" else 1e-9)  # a GIF has few colours


def test_gif_without_pillow(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ValueError, match=r"a GIF needs Pillow, .*: pip install pillow\. An \.apng needs nothing"):
        draw_programs.ng().save(tmp_path / "g.gif")
    assert list(tmp_path.iterdir()) == []


def test_frames_of_two_sizes_are_refused():
    one, two = (tg.draw(tg.Tensor(1.0, requires_grad=True) * x).bytes("png") for x in (2.0, 1234567.5))
    with pytest.raises(ValueError, match="different sizes"):
        animation.apng([one, two])
