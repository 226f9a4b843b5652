"""Every error that the package raises says what to do about it. (tests/test_errors.py has what single ones say.)

The messages are read in the source: each `raise` of an error of ours, and each call of the helpers that make one. A
message tells the remedy if it says what must be so, what would do, or what to call.
"""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tinygrad_course"
OURS = re.compile(
    r"(ShapeError|LinAlgError|DTypeError|IndexingError|GraphError|MutationError|AnomalyError|SaveError|LoadError"
    r"|DrawError|StateDictError|DataError|MissingDataError|MissingExtraError|CommandError|refuse)$"
)
REMEDY = re.compile(
    r"\b(must|should|has to|have to|can|may|are|needs?|is needed|wants?|takes?|expected|allowed|allows|finds|only|fit"
    r"|use|used|pass|give|say|make|call|run|try|install|reshape|convert|transpose|add|choose|name|set|put|move|build"
    r"|join|define|create|write|assign|keep|read|leave|look|instead|first|again|one of|known|count from"
    r"|there are|the views|did you mean|a gradient has|a plane has two|is not a number, a pair|at least|at most|between"
    r"|either)\b",
    re.IGNORECASE,
)

# The remedy is not in the message's own words: a file, a piece of the message, and where it is instead.
ELSEWHERE = [
    ("cli/", "", "the reason comes from the error that is told; how to call a command stands in its --help"),
    ("core/anomaly.py", "", "it reports where a NaN came from; docs/howto/nan.md says what to do about each kind"),
    ("data/folder.py", "", "ends with what the data set is and where people get it"),
    ("data/table.py", ", line", "what is wrong with the line follows"),
    (
        "emit/printing/",
        "source:",
        "names what leaves the graph, or has no source; docs/source.md says what is possible",
    ),
    ("emit/trace/tracer.py", "cannot replace", "both shapes are told"),
    ("nn/containers.py", "a container holds", "a hint follows for what people put there"),
    ("nn/state.py", "in the state", "one line of a report; its head says that the module stays as it was"),
    ("ops/axes.py", "out of bounds", "the choices follow"),
    ("ops/", "scaled_dot_product_attention", "the complaint is made by a function"),
    ("ops/inverses.py", "matrix_power", "the complaint is made by a function"),
    ("ops/einsum.py", "names", "both numbers are told"),
    ("ops/norms.py", "is for matrices", "says what it is for, and what x has"),
    ("optim/groups.py", "not a Tensor", "a hint follows for what people give"),
    ("plots/filters.py", "each row of the weights", "what would do follows"),
    ("show/render.py", "failed", "what the renderer said follows"),
    ("train/run.py", "cannot resume", "the reason follows"),
    ("train/saving.py", ": ", "the reason follows"),
    ("values.py", "has dtype", "what to convert it to follows"),
]


def name_of(call):
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def message(call):
    """The constant parts of a message; None if it is all made elsewhere."""
    parts = [
        n.value for arg in call.args for n in ast.walk(arg) if isinstance(n, ast.Constant) and type(n.value) is str
    ]
    return " ".join(parts) or None


def messages():
    """(file:line, text) of every error that is made in the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and OURS.search(name_of(node.exc)):
                text = message(node.exc)
                if text is not None:
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", text


MESSAGES = list(messages())


def test_there_are_many():
    assert len(MESSAGES) > 200


@pytest.mark.parametrize(("place", "text"), MESSAGES, ids=[place for place, _ in MESSAGES])
def test_it_tells_the_remedy(place, text):
    if not any(place.startswith(file) and piece in text for file, piece, _ in ELSEWHERE):
        assert REMEDY.search(text), text
