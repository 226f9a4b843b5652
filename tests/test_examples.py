"""What README and examples/ promise runs as it stands there."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(language):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [code for found, code in BLOCK.findall(text) if found == language]


def test_readme_tour(tmp_path, monkeypatch, capsys):
    """The Python of README, as one program; where a line says what it prints, it prints that."""
    monkeypatch.chdir(tmp_path)
    source = "\n".join(blocks("python"))
    program = tmp_path / "tour.py"  # a real file, so that pictures and reports find the statements
    program.write_text(source, encoding="utf-8")
    runpy.run_path(str(program))
    printed = capsys.readouterr().out.splitlines()
    promised = re.findall(r"^print\(.*\)  # (.+)$", source, re.MULTILINE)
    assert promised
    assert set(promised) <= set(printed)
    assert (tmp_path / "J.png").read_bytes().startswith(b"\x89PNG")


def test_readme_links():
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_example_runs(path, tmp_path):
    command = [sys.executable, path]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.rglob("*.png"))
