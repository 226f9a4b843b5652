"""The documentation: its programs run, its links lead somewhere, and it has every public name and no other.

`scripts/docs` builds the site itself, with warnings as errors; these tests need no Sphinx.
"""

import doctest
import importlib
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

import tinygrad_course as tg
from tests.pages import DOCS, ROOT, blocks, cells, defined, is_notebook, option, pages, sessions, text
from tinygrad_course import course
from tinygrad_course.ops.elementwise import elementwise

DOCTEST = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
NOTEBOOKS = [page for page in pages() if is_notebook(page)]
WITH_SESSIONS = [page for page in pages() if sessions(page)]

# --- programs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_notebook_runs(page, tmp_path, monkeypatch, capsys):
    """All cells as one program in a file, so that pictures and reports find the statements."""
    if "matplotlib" in text(page) or ".plot" in text(page):
        monkeypatch.setenv("MPLBACKEND", "agg")
        pytest.importorskip("matplotlib.pyplot", reason="the page draws curves").close("all")
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "page.py"
    program.write_text("\n".join(cells(page)), encoding="utf-8")
    runpy.run_path(str(program))
    capsys.readouterr()


@pytest.mark.parametrize("page", WITH_SESSIONS)
def test_sessions_run(page, tmp_path, monkeypatch):
    if "matplotlib" in text(page):
        monkeypatch.setenv("MPLBACKEND", "agg")
        pytest.importorskip("matplotlib.figure", reason="the page draws curves")
    monkeypatch.chdir(tmp_path)
    session = doctest.DocTestParser().get_doctest(sessions(page), {}, page, page, 0)
    said = []
    result = doctest.DocTestRunner(optionflags=DOCTEST).run(session, out=said.append)
    assert result.failed == 0, "".join(said)


RUN_ELSEWHERE = {"docs/course.md", "CONTRIBUTING.md"}  # by test_examples_course.py, and below


@pytest.mark.parametrize("page", pages())
def test_no_python_that_nobody_runs(page):
    for info, body in blocks(page):
        if info in ("python", "py", "ipython3"):
            assert ">>>" in body or page in RUN_ELSEWHERE, f"make this a session (>>>) or a cell:\n{body}"
        assert info != "{code-cell}", "say {code-cell} ipython3"
    assert bool(cells(page)) == is_notebook(page)


def test_operation_in_the_contributors_guide():
    (program,) = (body for info, body in blocks("CONTRIBUTING.md") if info == "python")
    names = {"np": np, "elementwise": elementwise}
    exec("from __future__ import annotations\n" + program, names)
    op = names["softsign"]
    assert tg.check_primitive(op, np.array([-2.0, 0.5]))
    assert "Derivative: ``1 / (1 + abs(x)) ** 2``" in op.__doc__


def test_pytorch_example_runs(capsys):
    pytest.importorskip("torch", reason="moves weights to and from PyTorch")
    runpy.run_path(str(ROOT / "examples" / "pytorch" / "move_weights.py"))
    assert capsys.readouterr().out == "outputs and gradients agree\n"


def test_chapters_have_a_picture_a_check_and_a_mistake():
    chapters = [page for page in NOTEBOOKS if page.startswith("docs/chapters/")]
    assert len(chapters) >= 12
    for page in chapters:
        program = "\n".join(cells(page))
        assert "tg.draw(" in program, page
        assert "gradcheck(" in program or "check_derivative(" in program, page
        assert "## Spot the mistake" in text(page), page
        assert ":tags: [hide-cell]" in text(page), page


# --- links ------------------------------------------------------------------------------------------------------------

LINK = re.compile(r"\[[^\]\[]*\]\(([^)\s]+)\)")


def anchors(page):
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", *pages()])
def test_links_lead_somewhere(page):
    prose = re.sub(r"^ *(`{3,}).*?^ *\1", "", text(page), flags=re.DOTALL | re.MULTILINE)
    for link in LINK.findall(re.sub(r"`[^`\n]*`", "code", prose)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert target.exists(), f"{page}: {link}"
        assert not anchor or anchor in anchors(target), f"{page}: {link}"


@pytest.mark.parametrize("page", pages())
def test_included_source_is_there(page):
    for info, body in blocks(page):
        if not info.startswith("{literalinclude}"):
            continue
        path = (ROOT / page).parent / info.split()[1]
        assert path.is_file(), info
        function = option(body, "pyobject")
        assert function is None or function in defined(path), f"{page}: {path.name} has no {function}"
        for edge in filter(None, (option(body, "start-at"), option(body, "end-before"))):
            assert edge in path.read_text(encoding="utf-8"), f"{page}: {path.name} has no {edge!r}"


def test_every_page_is_in_a_table_of_contents():
    named = {"index"}
    for page in pages():
        if page.startswith("docs/"):
            folder = (ROOT / page).parent
            for _, body in blocks(page, "{toctree}"):
                for entry in re.findall(r"^[\w./*-]+$", body, re.MULTILINE):
                    found = folder.glob("*.md") if entry == "*" else [folder / f"{entry}.md"]
                    named |= {str(p.resolve().relative_to(DOCS).with_suffix("")) for p in found}
    on_site = {str(p.relative_to(DOCS).with_suffix("")) for p in DOCS.rglob("*.md") if p.name != "README.md"}
    assert on_site - named == set(), "name these pages in a toctree (docs/guides.md for a guide)"
    assert {name for name in named if not (DOCS / f"{name}.md").exists()} == set()


# --- the course -------------------------------------------------------------------------------------------------------

ROW = re.compile(r"^\| ([\d, -]+) \| (.+?) \| \[\]\((chapters/\w+\.md)\) \| (.+?) \|$", re.MULTILINE)
LAST_LINE = 502  # of the notes


def rows():
    return ROW.findall(text("docs/coverage.md"))


def test_every_line_of_the_notes_has_a_row():
    covered = set()
    for lines, *_ in rows():
        for part in lines.split(","):
            first, _, last = part.strip().partition("-")
            covered |= set(range(int(first), int(last or first) + 1))
    assert set(range(1, LAST_LINE + 1)) - covered == set()
    assert len(rows()) == sum(
        line.startswith("| ") and line[2].isdigit() for line in text("docs/coverage.md").splitlines()
    )


def test_every_row_has_a_chapter_and_a_program_that_run():
    run_by_tests = {
        p.name
        for folder in ("course", "images", "sequences", "text")
        for p in (ROOT / "examples" / folder).glob("*.py")
    }
    run_by_tests |= {p.name for p in (ROOT / "examples").glob("*.py")}
    for lines, _, chapter, program in rows():
        assert f"docs/{chapter}" in NOTEBOOKS, lines
        link = re.fullmatch(r"\[(\w+\.py)\]\(\.\./examples/(?:\w+/)?\1\)", program)
        assert program == "the chapter is one" or (link and link[1] in run_by_tests), lines
        assert "*Notes, lines" in text(f"docs/{chapter}")


def test_no_chapter_and_no_program_is_missing():
    page = text("docs/coverage.md")
    assert {p.name for p in (DOCS / "chapters").glob("*.md")} - {"index.md"} == {Path(row[2]).name for row in rows()}
    programs = [
        p for p in (ROOT / "examples").rglob("*.py") if p.parent.name in ("course", "images", "sequences", "text")
    ]
    assert [p.name for p in programs if f"({Path('..') / p.relative_to(ROOT)})" not in page] == []


# --- names ------------------------------------------------------------------------------------------------------------

MODULES = [
    "tinygrad_course", "tinygrad_course.linalg", "tinygrad_course.nn", "tinygrad_course.nn.init",
    "tinygrad_course.optim", "tinygrad_course.optim.lr_scheduler", "tinygrad_course.data", "tinygrad_course.train",
    "tinygrad_course.plots", *(f"tinygrad_course.course.{name}" for name in course.__all__),
]  # fmt: skip


def public(module):
    """What a module offers: its __all__, or what it defines itself without an underscore."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    own = [name for name, thing in vars(module).items() if getattr(thing, "__module__", None) == module.__name__]
    return [name for name in own if not name.startswith("_")]


def documented():
    """(module, name) of every name in a {names} block, in order."""
    return [
        (info.split()[1], name)
        for page in pages()
        for info, body in blocks(page)
        if info.startswith("{names}")
        for name in body.split()
    ]


def test_every_public_name_is_documented():
    things = {id(getattr(importlib.import_module(module), name)) for module, name in documented()}
    missing = [
        f"{module}.{name}"
        for module in MODULES
        for name in public(importlib.import_module(module))
        if id(thing := getattr(importlib.import_module(module), name)) not in things
        and getattr(thing, "__name__", "") not in MODULES
    ]
    assert missing == [], "name these in a {names} block of a page in docs/reference/"


def test_every_documented_name_is_public():
    assert {module for module, _ in documented()} <= set(MODULES)
    for module, name in documented():
        assert name in public(importlib.import_module(module)), f"{module}.{name}"


def test_no_name_is_documented_twice():
    found = documented()
    assert len(found) == len(set(found))


def test_names_in_the_prose_exist():
    """`tg.something` in code or text of any page names something that is there."""
    for page in {"README.md", *pages()} - {"CONTRIBUTING.md"}:  # that one has an operation to be written
        for path in sorted(set(re.findall(r"\btg((?:\.[A-Za-z_]\w*)+)", text(page)))):
            thing = tg
            for part in path[1:].split("."):
                if not (isinstance(thing, type) or hasattr(thing, "__path__") or hasattr(thing, "__spec__")):
                    break
                assert hasattr(thing, part), f"{page}: tg{path}"
                thing = getattr(thing, part)
