"""The teacher's kit and the results of quizzes: what counts, and what is not believed."""

import copy
import csv
import importlib
import json
import os
import sys
from pathlib import Path

import pytest

import tinygrad_course as tg

KIT = Path(__file__).parents[1] / "examples" / "exercises"


@pytest.fixture(scope="module")
def kit():
    sys.path.insert(0, str(KIT))
    try:
        yield importlib.import_module("quizzes")
    finally:
        sys.path.remove(str(KIT))


@pytest.fixture(scope="module")
def grade(kit):
    sys.path.insert(0, str(KIT))
    try:
        yield importlib.import_module("grade")
    finally:
        sys.path.remove(str(KIT))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """J = 3 * (a + b * c), a page of the course."""
    a, b, c = (tg.Tensor(v, requires_grad=True, name=n) for n, v in {"a": 5.0, "b": 3.0, "c": 2.0}.items())
    path = tmp_path_factory.mktemp("page") / "graph.html"
    path.write_text(tg.draw((a + b * c) * 3.0, title="the first graph").html(), encoding="utf-8")
    return path


def saved(kit, page, *last):
    """What the page saves when all is right at the first try, but for the `last` questions: (given, hint, result)."""
    graph, (questions, _) = kit.page_questions(page)
    plain = [([str(answer)], False, "right") for _, answer in questions]
    plain[len(plain) - len(last) :] = last
    records = [
        {"asked": name, "given": given, "hint": hint, "result": result, "answer": answer}
        for (name, answer), (given, hint, result) in zip(questions, plain, strict=True)
    ]
    right = [r for r in records if r["result"] == "right"]
    return {
        "format": "tinygrad_course quiz 1", "graph": graph, "student": "Ada", "saved": "2026-01-01T00:00:00.000Z",
        "questions": len(records), "right": len(right),
        "first_try": sum(len(r["given"]) == 1 and not r["hint"] for r in right),
        "shown": sum(r["result"] == "shown" for r in records), "hints": sum(r["hint"] for r in records),
        "answers": records,
    }  # fmt: skip


def hand_in(folder, data, name="quiz.json"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return folder / name


def test_an_honest_file_is_counted(kit, page, tmp_path):
    data = saved(kit, page, (["1/7", "−3", "7"], True, "shown"), (["four"], False, "open"))
    for pages in (None, dict([kit.page_questions(page)])):
        quiz = kit.read(hand_in(tmp_path, data), pages)
        assert (quiz.graph, quiz.right) == ("the first graph", len(data["answers"]) - 2)
        assert [(a.result, a.tries, a.hint) for a in quiz.answers[-2:]] == [("shown", 3, True), ("open", 1, False)]


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), (" 3 / 4 ", 0.75), ("0,5", 0.5), ("−2", -2), (".5", 0.5), ("2*3/4", 1.5), ("1e-3", 1e-3), ("2·−3", -6)],
)
def test_numbers_are_read_as_the_page_reads_them(kit, text, value):
    assert kit.number(text) == value


@pytest.mark.parametrize(
    "text", ["", "three", "1;2", "1.2.3", "NaN", "Infinity", "0x2", "1/0", "__import__('os')", "٣"]
)
def test_what_is_no_number(kit, text):
    assert kit.number(text) != kit.number(text)


def changed(**fields):
    return lambda data: data | fields


def first(**fields):
    def change(data):
        data["answers"][0] |= fields
        return data

    return change


FORGED = {  # what is done to an honest file, and what is said
    "no object": (lambda data: [data], "format"),
    "another format": (changed(format="tinygrad_course quiz 2"), "format"),
    "more right": (changed(right=99), "right is not"),
    "true for one": (changed(hints=False), "hints is not"),
    "no counts": (lambda data: {k: v for k, v in data.items() if k != "first_try"}, "first_try is not"),
    "no answers": (changed(answers=[], questions=0, right=0, first_try=0), "answers"),
    "too many answers": (lambda data: data | {"answers": data["answers"] * 60}, "answers"),
    "answers of another kind": (changed(answers=["right"]), "asked"),
    "wrong called right": (first(given=["77"]), "not what was typed"),
    "right without a try": (first(given=[]), "not what was typed"),
    "tried on after the right one": (lambda data: first(given=data["answers"][0]["given"] * 2)(data), "what was typed"),
    "given is a number": (first(given=[3]), "short texts"),
    "given is long": (first(given=["1" * 10_000]), "short texts"),
    "no hint": (first(hint=None), "hint"),
    "another result": (first(result="perfect"), "none of right"),
    "an answer of NaN": (first(answer=float("nan")), "no number"),
    "an answer of text": (first(answer="3"), "no number"),
    "an answer too large": (first(answer=10**400), "no number"),
    "orders to the terminal": (changed(graph="\x1b[2Jall right"), "graph is no proper text"),
    "two lines": (first(asked="dJ/da\nben: perfect"), "asked is no proper text"),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_changed_file_is_not_believed(kit, page, tmp_path, case):
    change, said = FORGED[case]
    data = change(copy.deepcopy(saved(kit, page)))
    with pytest.raises(kit.Unsound, match=said):
        kit.read(hand_in(tmp_path, data))


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "JSON"), ("{", "JSON"), ("[" * 200_000, "JSON"), ("9" * 100_000, "JSON"), (" " * (1 << 21), "larger")],
    ids=["empty", "half", "deep", "a long number", "large"],
)
def test_text_that_is_no_result(kit, tmp_path, text, said):
    with pytest.raises(kit.Unsound, match=said):
        kit.read(hand_in(tmp_path, text))


def test_what_is_no_file_of_text(kit, tmp_path):
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder.json").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.json")  # would never end
    assert all(isinstance(problem, kit.Unsound) for _, problem in kit.quizzes(tmp_path))


def test_an_easier_quiz_is_believed_only_without_the_page(kit, page, tmp_path):
    data = saved(kit, page)
    easy = {**data, "answers": data["answers"][:1], "questions": 1, "right": 1, "first_try": 1}
    other = copy.deepcopy(data)
    other["answers"][0] |= {"answer": 1, "given": ["1"]}
    pages = dict([kit.page_questions(page)])
    for forged, said in ((easy, "not those"), (other, "not those"), (data | {"graph": "mine"}, "none of the pages")):
        path = hand_in(tmp_path, forged)
        assert kit.read(path).right
        with pytest.raises(kit.Unsound, match=said):
            kit.read(path, pages)


def test_the_best_of_several_counts_for_each_graph(kit, page, tmp_path):
    hand_in(tmp_path, saved(kit, page, ([], False, "open")), "1.json")
    hand_in(tmp_path, saved(kit, page), "2.json")
    hand_in(tmp_path, saved(kit, page, ([], False, "shown")), "3.json")
    hand_in(tmp_path, saved(kit, page) | {"graph": "another"}, "4.json")
    assert [name for name, _ in kit.quizzes(tmp_path)] == ["2.json", "4.json"]


@pytest.mark.skipif(os.name != "posix", reason="the grader limits processes the way POSIX does")
def test_the_table_has_quizzes_behind_the_total(kit, grade, page, tmp_path, capsys):
    submissions = tmp_path / "submissions"
    submissions.mkdir()
    hand_in(submissions / "ada", saved(kit, page, (["1"], True, "shown")))
    hand_in(submissions / "ben", saved(kit, page) | {"right": 99}, "mine.json")
    results = tmp_path / "results.csv"
    assert grade.main([str(submissions), "--quiz", str(page), "--csv", str(results)]) == 0
    head, _, ada, ben, _, *notes = capsys.readouterr().out.splitlines()
    most = len(kit.page_questions(page)[1][0])
    assert head.endswith("  total  quiz the first graph")
    assert ada.split()[-2:] == ["0/31", f"{most - 1}/{most}"]
    assert ben.split()[-2:] == ["0/31", "-"]
    assert notes == [f"ben: quiz.mine.json: error: right is not {most}, as its answers say"]
    with results.open(newline="", encoding="utf-8") as file:
        lines = [line for line in csv.DictReader(file) if line["sheet"] == "quiz the first graph"]
    assert len(lines) == most
    assert [lines[-1][k] for k in ("verdict", "points", "message")] == ["shown", "0", "tries: 1, with the hint"]
    assert {line["verdict"] for line in lines[:-1]} == {"right"}
    grade.main([str(submissions), "--sheet", "derivatives", "--quiz", str(page)])
    assert "quiz" not in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "<html></html>", '<script id="data" type="application/json">{}</script>'])
def test_a_page_without_a_quiz_is_refused(kit, grade, tmp_path, text, capsys):
    path = hand_in(tmp_path, text, "graph.html")
    with pytest.raises(SystemExit) as ended:
        grade.main([str(tmp_path), "--quiz", str(path)])
    assert ended.value.code == 2
    assert "no page with a quiz" in capsys.readouterr().err
