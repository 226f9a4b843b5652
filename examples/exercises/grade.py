"""Grade a folder of submissions: a table on the terminal, and a CSV file.

    python grade.py submissions                      # submissions/ada/derivatives.py, submissions/ben/rules.py, ...
    python grade.py submissions --csv results.csv --seconds 10 --sheet derivatives
    python grade.py submissions --quiz graph.html    # submissions/ada/quiz.json, saved by the page, counts if it fits

A submission runs in a process of its own, with a limit of time and memory, in an empty folder. It computes numbers;
judging them happens here. So a script may crash, hang or print what it likes: it gets no points for that. This is
protection against accidents and small tricks. For code that you do not trust at all, use a machine that you can lose.

The results of a quiz are checked, too, but anybody can write such a file: they have columns of their own, and are not
in the total.
"""

import argparse
import csv
import sys
from pathlib import Path
from typing import NamedTuple

from judges import SHEETS
from quizzes import Unsound, page_questions, quizzes
from submission import Failed, Submission

import tinygrad_course as tg


class Result(NamedTuple):
    student: str
    sheet: str
    exercise: str
    verdict: str  # right, wrong, missing, error, hangs, crashed; of a quiz: right, shown, missing, error
    points: int
    most: int
    message: str


def grade(student, sheet, path, seconds=5.0):
    """The results of one file, exercise by exercise."""
    with Submission(path, seconds) as submission:
        for exercise, (points, judge) in SHEETS[sheet].items():
            verdict, message = verdict_of(judge, submission)
            yield Result(student, sheet, exercise, verdict, points if verdict == "right" else 0, points, message)


def verdict_of(judge, submission):
    """A word and a sentence."""
    try:
        judge(submission.call)
    except Failed as failed:
        return failed.verdict, str(failed)
    except tg.GradCheckError as wrong:
        return "wrong", explanation(wrong.report)
    except (AssertionError, tg.TinygradError, ValueError, TypeError) as wrong:  # another value, or no such shape
        return "wrong", " ".join(str(wrong).split())[:200]
    return "right", ""


def explanation(report):
    """What the report found out, or the worst element."""
    if report.diagnosis:
        return "; ".join(report.diagnosis)
    worst = next(entry for entry in report.entries if entry.verdict != "ok")
    return (
        f"{worst.input} {worst.element}: relative error {worst.relative_error:.0e}" if worst.element else worst.verdict
    )


def grade_quizzes(student, place, pages=None):
    """The results of the quizzes in one folder, question by question."""
    for name, quiz in quizzes(place, pages):
        if isinstance(quiz, Unsound):
            yield Result(student, "quiz", name, "error", 0, 0, str(quiz))
            continue
        for i, answer in enumerate(quiz.answers, 1):
            verdict = "missing" if answer.result == "open" else answer.result
            message = f"tries: {answer.tries}{', with the hint' * answer.hint}"
            yield Result(
                student, f"quiz {quiz.graph}", f"{i} {answer.asked}", verdict, int(verdict == "right"), 1, message
            )


def is_quiz(sheet):
    return sheet.partition(" ")[0] == "quiz"


def grade_folder(folder, sheets=tuple(SHEETS), seconds=5.0, pages=None, with_quizzes=True):
    """All results, student by student; a student is a folder."""
    places = sorted(p for p in Path(folder).iterdir() if p.is_dir() and not p.name.startswith("."))
    asked = {p: list(grade_quizzes(p.name, p, pages)) if with_quizzes else [] for p in places}  # before their code runs
    for place in places:
        for sheet in sheets:
            yield from grade(place.name, sheet, place / f"{sheet}.py", seconds)
        yield from asked[place]


def table(results):
    """A row for each student, a column for each sheet, the total, the quizzes, and what went wrong below."""
    students = list(dict.fromkeys(r.student for r in results))
    sheets = list(dict.fromkeys(r.sheet for r in results if not is_quiz(r.sheet)))
    asked = list(dict.fromkeys(r.sheet for r in results if is_quiz(r.sheet) and r.most))
    width = max(map(len, [*students, "student"]))
    heads = [*sheets, "total", *map(shortened, asked)]
    widths = [max(len(head), 7) for head in heads]
    lines = ["  ".join([f"{'student':{width}}", *map(str.rjust, heads, widths)])]
    lines.append("-" * len(lines[0]))
    for student in students:
        own = [r for r in results if r.student == student]
        parts = [[r for r in own if r.sheet == sheet] for sheet in sheets]
        quizzed = [[r for r in own if r.sheet == sheet] for sheet in asked]
        cells = map(of_most, [*parts, [r for part in parts for r in part], *quizzed])
        lines.append("  ".join([f"{student:{width}}", *map(str.rjust, cells, widths)]))
    notes = [f"{r.student}: {r.sheet}.{r.exercise}: {r.verdict}: {r.message}" for r in results if told(r)]
    return "\n".join([*lines, "", *notes] if notes else lines)


def shortened(head, most=24):
    return head if len(head) <= most else head[: most - 1] + "…"


def of_most(results):
    return f"{sum(r.points for r in results)}/{sum(r.most for r in results)}" if results else "-"


def told(result):
    """Whether the table says more than the points: not for what is right, or was not handed in."""
    if is_quiz(result.sheet):
        return result.verdict == "error"
    return result.verdict != "right" and result.message not in ("no such file", "not filled in")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder with a folder for each student")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write one line for each exercise, too")
    parser.add_argument("--sheet", choices=SHEETS, action="append", help="this sheet only, no quiz (may be repeated)")
    parser.add_argument(
        "--quiz", type=Path, action="append", metavar="PAGE", help="the page of a quiz: results must be of one of them"
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="how long one call may take (%(default)g)")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    try:
        pages = dict(map(page_questions, options.quiz)) if options.quiz else None
    except (OSError, ValueError) as error:
        parser.error(str(error))
    sheets = options.sheet or tuple(SHEETS)
    results = list(grade_folder(options.folder, sheets, options.seconds, pages, with_quizzes=not options.sheet))
    if not results:
        parser.error(f"{options.folder} has no folders in it; there must be one for each student")
    print(table(results))
    if options.csv:
        with options.csv.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([Result._fields, *results])
    return 0


if __name__ == "__main__":
    sys.exit(main())
