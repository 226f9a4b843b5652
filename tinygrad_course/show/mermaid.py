"""A picture as a Mermaid flowchart, which GitHub, GitLab and many editors draw; and as a page of Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from . import words
from .colors import BACKWARD, FORWARD, INK
from .model import Box, Cluster, Edge, Picture
from .render import DrawError
from .text import clean

MOST_EDGES = 500  # Mermaid's own limit; more is an error message instead of a drawing
_LONGEST = 104
_MOST_PARAMETERS = 4
_MARKUP = '"#&;<>`$%:~_{}|\\'
_SHAPES = {
    "input": ("(", ")"),
    "parameter": ("[[", "]]"),
    "constant": ("([", "])"),
    "computed": ("[", "]"),
    "output": ("[", "]"),
}
_LOOKS = {
    "input": f"fill:#E6F1F8,stroke:{INK},color:{INK}",
    "parameter": f"fill:#E4F3EC,stroke:{INK},stroke-width:2px,color:{INK}",
    "constant": f"fill:#F2F2F2,stroke:{INK},color:{INK}",
    "computed": f"fill:#FFFFFF,stroke:{INK},color:{INK}",
    "output": f"fill:#FFF4D6,stroke:{INK},stroke-width:3px,color:{INK}",
}


def write(picture: Picture) -> str:
    """The flowchart: boxes with values and derivatives, edges with the chain rule."""
    if len(picture.edges) > MOST_EDGES:
        raise DrawError(
            f"this graph has {len(picture.edges)} edges; Mermaid draws at most {MOST_EDGES}. "
            "To narrow it: draw an earlier or smaller Tensor, or save it as .dot, .txt or .svg"
        )
    roles = sorted({box.role for box in picture.boxes})
    lines = [
        '%%{init: {"flowchart": {"wrappingWidth": 480}}}%%',
        f"flowchart {picture.direction}",
        *_boxes(picture),
        *map(_edge, picture.edges),
        *(f"    classDef {role} {_LOOKS[role]}" for role in roles),
    ]
    return "\n".join(lines) + "\n"


def _boxes(picture: Picture) -> Iterator[str]:
    """The boxes, those in frames inside these."""
    boxes: dict[Cluster | None, list[Box]] = defaultdict(list)
    frames: dict[Cluster | None, list[Cluster]] = defaultdict(list)
    for box in picture.boxes:
        boxes[box.cluster].append(box)
    for frame in picture.clusters:
        frames[frame.parent].append(frame)
    yield from (_box(box, picture) for box in boxes[None])
    todo: list[Cluster | None] = [*reversed(frames[None])]
    while todo:
        if (cluster := todo.pop()) is None:
            yield "    end"
            continue
        label = "<br/>".join(_text(text) for text in (cluster.label, cluster.note) if text)
        yield f'    subgraph f_{cluster.key}["{label}"]'
        yield from (_box(box, picture) for box in boxes[cluster])
        todo += [None, *frames[cluster][::-1]]


def _box(box: Box, picture: Picture) -> str:
    left, right = _SHAPES[box.role]
    small = " ".join(filter(None, (words.role(box, picture), box.note)))
    value = " ".join(filter(None, (words.shape(box), words.value(box))))
    rows = [f"<b>{_text(words.title(box))}</b>", *([_text(small)] if small else [])]
    rows += [_text(f"{p.name} {p.shape}") for p in box.parameters[:_MOST_PARAMETERS]]
    rows += [_text(f"+ {more} more")] if (more := len(box.parameters) - _MOST_PARAMETERS) > 0 else []
    rows += [_colored(value, FORWARD)] if value else []
    rows += [_colored(text, BACKWARD) for text in (box.paths, words.derivative(box, picture)) if text]
    return f'    {box.key}{left}"{"<br/>".join(rows)}"{right}:::{box.role}'


def _edge(edge: Edge) -> str:
    arrow = "-.->" if edge.carried else "<-->" if edge.differentiable else "-->"
    # In the theme's own colour: the ground of these labels is the theme's too, light or dark.
    rows = [_text(words.local(edge)), f"<b>{_text(words.product(edge))}</b>"] if edge.slope is not None else []
    label = f'|"{"<br/>".join(rows)}"|' if rows else ""
    return f"    {edge.source.key} {arrow}{label} {edge.target.key}"


def _colored(text: str, color: str) -> str:
    # No "#" in the colour, and a space after the colon: Mermaid takes `style...:...#...;` for a statement of its own.
    red, green, blue = bytes.fromhex(color[1:])
    return f"<span style='color: rgb({red}, {green}, {blue}) !important'>{_text(text)}</span>"


def _text(text: str) -> str:
    """User text as Mermaid takes it: entities for all that it, Markdown, HTML or a formula could read as markup."""
    text = "".join(f"#{ord(c)};" if c in _MARKUP else c for c in clean(text, _LONGEST))
    return text.replace("#36;#36;", "#36;#8203;#36;")  # two dollars would begin a formula of TeX


def markdown(picture: Picture) -> str:
    """A page: the flowchart, and a table of every value with its derivative."""
    head = ["value", "computed as", "shape", "is"]
    rows = [[box.name, _source(box, picture), words.shape(box), words.value(box)] for box in picture.boxes]
    if picture.derivatives:
        head.append("derivative")
        for row, box in zip(rows, picture.boxes, strict=True):
            row.append(words.derivative(box, picture))
    table = [_row(head), "|" + " --- |" * len(head), *(_row([_cell(c) for c in row]) for row in rows)]
    parts = [f"# {_cell(picture.title)}", "```mermaid\n" + write(picture) + "```", "\n".join(table)]
    if picture.note:
        parts.insert(1, _cell(picture.note))
    return "\n\n".join(parts) + "\n"


def _source(box: Box, picture: Picture) -> str:
    """What the box computes: its title without the name; a leaf's role."""
    return words.title(box).removeprefix(box.name).lstrip(" =:") if box.nodes else words.role(box, picture)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    """User text in Markdown: nothing in it is markup."""
    text = clean(text, 200)
    return "".join(f"&#{ord(c)};" if c in "\\`*_{}[]<>#|~&!$" else c for c in text)
