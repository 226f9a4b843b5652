"""What a page's quiz saved as JSON (`tg.draw(J).html()`): read with distrust, and counted anew.

Nothing in the file is believed because it says so: what was typed is held against the answers, and everything else
must follow from it. The answers are the page's own where the page is at hand. Even then, who reads the answers in the
page can write a perfect file by hand; no check can tell it from an honest one.
"""

import json
import math
import re
from pathlib import Path
from typing import NamedTuple

FORMAT = "tinygrad_course quiz 1"
LARGEST = 1 << 20  # bytes of a file
LONGEST = 200  # characters of a text
MOST = {"questions": 60, "tries": 1000, "files": 50}
NUMBER = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?"
PRODUCT = re.compile(rf"{NUMBER}(?:[*/]{NUMBER})*", re.ASCII)
SIGNS = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "÷": "/"})  # as people type them
DATA = re.compile(r'<script id="data" type="application/json">(.*?)</script>', re.DOTALL)


class Unsound(Exception):  # noqa: N818 (a result, not an error of ours)
    """A file that no quiz saved; the message says why."""


class Answer(NamedTuple):
    asked: str
    result: str  # right, shown, open
    tries: int
    hint: bool


class Quiz(NamedTuple):
    graph: str
    answers: list[Answer]

    @property
    def right(self):
        return sum(answer.result == "right" for answer in self.answers)


def quizzes(folder, pages=None):
    """``(file name, Quiz or Unsound)`` for the `*.json` in a folder; of several for one graph the best counts.

    `pages` are what `page_questions` found, by graph. With None, a file is believed about what was asked.
    """
    best, unsound = {}, []
    for path in sorted(p for p in Path(folder).glob("*.json") if not p.name.startswith("."))[: MOST["files"]]:
        try:
            quiz = read(path, pages)
        except Unsound as problem:
            unsound.append((path.name, problem))
            continue
        if quiz.graph not in best or quiz.right > best[quiz.graph][1].right:
            best[quiz.graph] = path.name, quiz
    return [*best.values(), *unsound]


def read(path, pages=None):
    """The `Quiz` of a file, or `Unsound`."""
    saved = _parsed(_text(path))
    _need(isinstance(saved, dict) and saved.get("format") == FORMAT, f'its format is not "{FORMAT}"')
    graph = _line(saved.get("graph"), "graph")
    records = saved.get("answers")
    _need(isinstance(records, list) and 0 < len(records) <= MOST["questions"], "answers is no list of 1 to 60")
    asked = [(_line(_field(r, "asked", str), "asked"), _finite(r.get("answer"))) for r in records]
    floor = 1e-9 * max(abs(answer) for _, answer in asked)
    if pages is not None:
        _need(graph in pages, f"its graph, {graph!r}, is of none of the pages given")
        wanted, floor = pages[graph]
        same = [name for name, _ in asked] == [name for name, _ in wanted]
        same = same and all(math.isclose(a, b, rel_tol=1e-12) for (_, a), (_, b) in zip(asked, wanted, strict=True))
        _need(same, "its questions and answers are not those of the page")
    quiz = Quiz(graph, [_answer(r, answer, floor) for r, (_, answer) in zip(records, asked, strict=True)])
    for name, count in _counts(quiz).items():
        _need(saved.get(name) == count and type(saved[name]) is int, f"{name} is not {count}, as its answers say")
    return quiz


def page_questions(path):
    """``(graph, ([(asked, answer), ...], floor))`` of a page with a quiz; ValueError if it is none."""
    found = DATA.search(Path(path).read_text(encoding="utf-8"))
    quiz = json.loads(found[1]).get("quiz") if found else None
    if not quiz:
        raise ValueError(f"{path} is no page with a quiz; drawing.html() writes one")
    questions = [(question["ask"], float(question["answer"])) for question in quiz["questions"]]
    return json.loads(found[1])["title"], (questions, quiz["floor"])


def number(text):
    """What the quiz takes a text for: 3, -0.5, 0,5, 1e-3, 3/4, 2*3/4; NaN if it is no number."""
    plain = re.sub(r"\s+", "", text.translate(SIGNS))
    if not PRODUCT.fullmatch(plain):
        return math.nan
    first, *rest = re.split(r"([*/])", plain.replace(",", "."))
    product = float(first)
    for sign, factor in zip(rest[::2], map(float, rest[1::2]), strict=True):
        if sign == "/" and factor == 0:
            return math.nan
        product = product * factor if sign == "*" else product / factor
    return product


def _answer(record, answer, floor):
    """A record, if what was typed leads to its result: a question is closed by its first right answer."""
    given, hint, result = _field(record, "given", list), _field(record, "hint", bool), _field(record, "result", str)
    _need(len(given) <= MOST["tries"], "given is too long")
    for text in given:
        _need(isinstance(text, str) and len(text) <= LONGEST, "given is no list of short texts")
    right = [abs(number(text) - answer) <= max(0.005 * abs(answer), floor) for text in given]
    _need(result in ("right", "shown", "open"), "a result is none of right, shown and open")
    _need(not any(right[:-1]) and (right[-1:] == [True]) == (result == "right"), "a result is not what was typed")
    return Answer(record["asked"], result, len(given), hint)


def _counts(quiz):
    """The numbers that the page writes beside the answers."""
    right = [answer for answer in quiz.answers if answer.result == "right"]
    return {
        "questions": len(quiz.answers),
        "right": len(right),
        "first_try": sum(answer.tries == 1 and not answer.hint for answer in right),
        "shown": sum(answer.result == "shown" for answer in quiz.answers),
        "hints": sum(answer.hint for answer in quiz.answers),
    }


def _text(path):
    try:
        _need(path.is_file(), "it is no file")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        _need(len(data) <= LARGEST, f"it is larger than {LARGEST >> 20} MiB")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unsound("it cannot be read as text") from error


def _parsed(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unsound("it is no JSON") from error


def _field(record, name, kind):
    _need(isinstance(record, dict) and type(record.get(name)) is kind, f"an answer has no proper {name!r}")
    return record[name]


def _line(text, name):
    """A text that may be printed: one line, nothing that a terminal would obey."""
    _need(isinstance(text, str) and 0 < len(text) <= LONGEST and text.isprintable(), f"{name} is no proper text")
    return text


def _finite(value):
    _need(type(value) in (int, float) and abs(value) <= 1e308, "an answer is no number")  # NaN compares false
    return float(value)


def _need(holds, problem):
    if not holds:
        raise Unsound(problem)
