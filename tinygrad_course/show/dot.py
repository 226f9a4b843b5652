"""A picture written in DOT, Graphviz's language: HTML-like tables for boxes, a double line for forward and backward."""

from __future__ import annotations

import re
from collections import defaultdict

from .colors import BACKWARD, FORWARD, INK, MUTED
from .layout import Layout, hidden
from .model import Box, Cluster, Edge, Picture
from .tables import Tables, edge_tooltip, font, ratio_text, tooltip
from .text import clean, escape

__all__ = ["BACKWARD", "FORWARD", "INK", "write"]
_WAYS = {"LR": ("left to right", "right to left"), "TB": ("downwards", "upwards"), "BT": ("upwards", "downwards")}
_KEYWORDS = {"strict", "graph", "digraph", "subgraph", "node", "edge"}
_PLAIN = re.compile(r"[A-Za-z_]\w*|-?[0-9.]+", re.ASCII)


def write(picture: Picture) -> str:
    """The DOT source of a picture."""
    tables, layout = Tables(picture), Layout(picture)
    lines = [f"digraph {_quoted(clean(picture.title, 100) or 'graph')} {{", *_defaults(picture)]
    lines += [_box(box, picture, tables, layout) for box in picture.boxes]
    lines += _frames(picture, tables)
    if layout.upright:  # parameters that all turns share, out of their way
        lines += [f"\t{{rank=min {box.key}}}" for box in picture.boxes if box in layout.shared]
    lines += [f"\t{{rank=same {e.source.key} {e.target.key}}}" for e in picture.edges if e in layout.level]
    lines += [_edge(edge, i, tables, layout) for i, edge in enumerate(picture.edges) if not hidden(edge)]
    return "\n".join([*lines, "}", ""])


def _defaults(picture: Picture) -> list[str]:
    direction, upright = picture.direction, picture.direction != "LR"
    return [
        f"\tgraph [nodesep=0.2 outputorder=edgesfirst rankdir={direction} ranksep=0.5 splines=true]",
        "\tgraph [bgcolor=white fontname=Arial fontsize=13 labeljust=l labelloc=t]",
        f"\tgraph [label=<{_heading(picture)}>]",
        *(["\tgraph [newrank=true]"] if upright and picture.clusters else []),
        "\tnode [fontname=Arial fontsize=12 shape=plain]",
        "\tedge [arrowsize=0.7 arrowtail=vee fontname=Arial fontsize=10 penwidth=1.2]",
    ]


def _box(box: Box, picture: Picture, tables: Tables, layout: Layout) -> str:
    group = " group=spine" if box in layout.straight else ""
    look = f"class={box.role}{group} id={box.key} tooltip={_quoted(tooltip(box, picture))}"
    return f"\t{box.key} [label=<{tables.box(box)}> {look}]"


def _edge(edge: Edge, index: int, tables: Tables, layout: Layout) -> str:
    found = {"color": f'"{FORWARD}"', "id": f"e{index}_{edge.source.key}_{edge.target.key}"}
    if edge.differentiable:
        found |= {"color": f'"{FORWARD}:{BACKWARD}"', "dir": "both"}
    if edge.carried or edge.source in layout.shared:
        found |= {"arrowsize": "0.5", "penwidth": "0.8", "style": "dotted"}
    tip = edge_tooltip(edge)
    if tip:
        found["tooltip"] = _quoted(tip)
    text = tables.edge(edge) if edge.slope is not None or not layout.around(edge) else ""
    label = f"label=<{text}> " if text else ""
    attributes = " ".join([f"{name}={value}" for name, value in sorted((found | layout.attributes(edge)).items())])
    tail, head = layout.ports(edge)
    return f"\t{edge.source.key}{tail} -> {edge.target.key}{head} [{label}{attributes}]"


def _quoted(text: str) -> str:
    """An identifier of DOT; `text` has no backslashes."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _KEYWORDS
    return text if plain else '"' + text.replace('"', '\\"') + '"'


def _heading(picture: Picture) -> str:
    title = escape(clean(picture.title, 100))
    forward, backward = _WAYS[picture.direction]
    parts = [f"<B>{title}</B>", '<BR ALIGN="LEFT"/>'] if title else []
    parts.append(font(f"\N{BLACK RIGHT-POINTING POINTER} value, computed {forward}", FORWARD, 10))
    if picture.derivatives:
        text = f"   \N{BLACK LEFT-POINTING POINTER} derivative of the result, computed {backward}"
        parts.append(font(text, BACKWARD, 10))
        notation = picture.output.notation  # in full, nothing needs to be explained
        named = [
            b for b in picture.boxes if b.kind == "value" and (b.formula or (notation and b.derivative is not None))
        ]
        arrays = [] if picture.brief or notation == "full" else [b for b in named if b is not picture.output]
        if arrays:
            name, last = arrays[0].d.text, picture.output.name
            parts += ['<BR ALIGN="LEFT"/>', font(f"{name} means {ratio_text(last, arrays[0].name)}", MUTED, 10)]
    if picture.note:
        parts += ['<BR ALIGN="LEFT"/>', font(picture.note, MUTED, 10)]
    return "".join(parts) + '<BR ALIGN="LEFT"/>'


def _frames(picture: Picture, tables: Tables) -> list[str]:
    """The frames, one inside the other, as clusters."""
    boxes: dict[Cluster, list[str]] = defaultdict(list)
    inside: dict[Cluster | None, list[Cluster | None]] = defaultdict(list)
    for box in picture.boxes:
        if box.cluster is not None:
            boxes[box.cluster].append(box.key)
    for cluster in picture.clusters:
        inside[cluster.parent].append(cluster)
    lines: list[str] = []
    todo = inside[None][::-1]
    while todo:
        frame = todo.pop()
        if frame is None:
            lines.append("\t}")
            continue
        look = 'color="#9A9A9A" fontsize=10 margin=8 '
        look += 'peripheries=2 style="rounded"' if frame.note else 'style="rounded,dashed"'
        top = " labelloc=b" if picture.direction == "BT" and not frame.turn else ""
        lines.append(f"\tsubgraph cluster_{frame.key} {{")
        lines.append(f"\t\tgraph [{look}{top} label=<{tables.frame(frame)}>]")
        lines.append("\t\t" + " ".join(boxes[frame]))
        todo += [None, *inside[frame][::-1]]
    return lines
