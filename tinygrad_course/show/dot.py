"""A picture written in DOT, Graphviz's language: HTML-like tables for boxes, a double line for forward and backward."""

from __future__ import annotations

from .model import Box, Edge, Picture
from .picture import d_name
from .text import MINUS, clean, cut, escape, number, size_text, value_text

FORWARD, BACKWARD, INK, MUTED = "#005A8C", "#B04A00", "#222222", "#555555"
# Roles differ by fill, border and corners, so that a grey print tells them apart too: table attributes.
_LOOKS = {
    "input": 'BORDER="1" STYLE="ROUNDED" BGCOLOR="#E6F1F8"',
    "parameter": 'BORDER="2" BGCOLOR="#E4F3EC"',
    "constant": 'BORDER="1" STYLE="ROUNDED" BGCOLOR="#F2F2F2"',
    "computed": 'BORDER="1" BGCOLOR="#FFFFFF"',
    "output": 'BORDER="3" BGCOLOR="#FFF4D6"',
}
_FORMULA = 52  # characters of a formula that a picture shows; the whole of it is in the tooltip
_HEADING = "\N{BLACK RIGHT-POINTING POINTER} value, computed left to right"
_HEADING_BACK = "   \N{BLACK LEFT-POINTING POINTER} derivative of the result, computed right to left"


def write(picture: Picture) -> str:
    """The DOT source of a picture."""
    import graphviz  # here, because it takes longer to import than the rest of the package

    plain = graphviz.nohtml  # what begins with < and ends with > is markup to this library otherwise
    graph = graphviz.Digraph(plain(clean(picture.title, 100) or "graph"))
    graph.attr("graph", rankdir="LR", ranksep="0.5", nodesep="0.2", splines="true", outputorder="edgesfirst")
    graph.attr("graph", bgcolor="white", fontname="Arial", fontsize="13", labelloc="t", labeljust="l")
    graph.attr("graph", label=f"<{_heading(picture)}>")
    graph.attr("node", shape="plain", fontname="Arial", fontsize="12")
    graph.attr("edge", fontname="Arial", fontsize="10", arrowsize="0.7", penwidth="1.2", arrowtail="vee")
    for box in picture.boxes:
        look = {"id": box.key, "class": box.role, "tooltip": plain(_tooltip(box, picture))}
        graph.node(box.key, f"<{_table(box, picture)}>", **look)
    spine = _spine(picture)
    for i, edge in enumerate(picture.edges):
        look = _edge_attributes(edge, i, edge in spine)
        if "tooltip" in look:
            look["tooltip"] = plain(look["tooltip"])
        graph.edge(f"{edge.source.key}:p:e", f"{edge.target.key}:p:w", **look)
    return str(graph.source)


def _heading(picture: Picture) -> str:
    title = escape(clean(picture.title, 100))
    parts = [f"<B>{title}</B>", '<BR ALIGN="LEFT"/>'] if title else []
    parts.append(_font(_HEADING, FORWARD, 10))
    if picture.derivatives:
        parts.append(_font(_HEADING_BACK, BACKWARD, 10))
        arrays = [b for b in picture.boxes if b.formula]
        if arrays:
            name, last = d_name(arrays[0].name), picture.output.name
            parts += ['<BR ALIGN="LEFT"/>', _font(f"{name} means {_ratio(last, arrays[0].name)}", MUTED, 10)]
    if picture.note:
        parts += ['<BR ALIGN="LEFT"/>', _font(picture.note, MUTED, 10)]
    return "".join(parts) + '<BR ALIGN="LEFT"/>'


def _font(text: str, color: str, size: int | None = None) -> str:
    points = f'POINT-SIZE="{size}" ' if size else ""
    return f'<FONT {points}COLOR="{color}">{escape(text)}</FONT>'


def _ratio(over: str, under: str) -> str:
    return f"{d_name(over)}/{d_name(under)}"


# --- boxes ----------------------------------------------------------------------------------------------------


def _table(box: Box, picture: Picture) -> str:
    shape = str(box.shape) if box.shape else ""
    last = "loss" if picture.derivatives and box.single else "output"
    role = {"computed": "", "output": last}.get(box.role, box.role)
    small = " · ".join(part for part in (role, shape) if part)
    title = _title(box) + (f"<BR/>{_font(small, MUTED, 9)}" if small else "")
    rows = [f"<TR><TD>{title}</TD></TR><HR/>", f'<TR><TD PORT="p">{_font(value_text(box.value), FORWARD)}</TD></TR>']
    rows += [f"<TR><TD>{row}</TD></TR>" for row in _derivative_rows(box, picture)]
    look = f'CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" COLOR="{INK}" {_LOOKS[box.role]}'
    return f"<TABLE {look}>{''.join(rows)}</TABLE>"


def _title(box: Box) -> str:
    if not box.nodes or box.titled:
        return f"<B>{escape(box.name)}</B>" + (f" = {escape(box.rest)}" if box.rest else "")
    return escape(box.name)


def _derivative_rows(box: Box, picture: Picture) -> list[str]:
    if not picture.derivatives or box.derivative is None or type(box.derivative) is tuple:
        return []
    if box is picture.output:
        return [_font(_full(box, picture), BACKWARD)]
    rows = [_font(cut(box.paths, 2 * _FORMULA), BACKWARD, 10)] if box.paths else []
    if box.formula:
        text = f"{d_name(box.name)} = {cut(box.formula, _FORMULA)}"
        rows.append(_font(text, BACKWARD))
        size = size_text(box.derivative)
        if size != box.formula:
            rows.append(_font(size, BACKWARD, 10))
    else:
        rows.append(_font(_full(box, picture), BACKWARD))
    return rows


def _full(box: Box, picture: Picture) -> str:
    """`dJ/da = 3`; for an array, how large its derivative is."""
    ratio = _ratio(picture.output.name, box.name)
    return f"{ratio} = {number(box.derivative)}" if box.single else f"{ratio}: {size_text(box.derivative)}"


def _tooltip(box: Box, picture: Picture) -> str:
    parts = [f"{box.name} = {box.rest}" if box.rest else box.name]
    if box.shape:
        parts.append(f"shape {box.shape}")
    parts.append(f"value {value_text(box.value)}")
    if box.formula:
        parts.append(f"{d_name(box.name)} = {box.formula}")
    if picture.derivatives:
        known = box.derivative is not None and type(box.derivative) is not tuple
        parts.append(_full(box, picture) if known else "no derivative")
    if box.paths:
        parts.append(box.paths)
    if box.where:
        parts.append(box.where)
    return clean("; ".join(parts), 1000)


# --- edges ----------------------------------------------------------------------------------------------------


def _edge_attributes(edge: Edge, index: int, spine: bool) -> dict[str, str]:
    found = {"id": f"e{index}_{edge.source.key}_{edge.target.key}", "color": FORWARD}
    if spine:
        found["weight"] = "20"
    if edge.differentiable:
        found |= {"dir": "both", "color": f"{FORWARD}:{BACKWARD}"}
    ratio = f"∂{_word(edge.target)}/∂{_word(edge.source)}"
    if edge.slope is not None:
        found["label"] = f"<{_edge_label(ratio, edge)}>"
        text = f"{ratio} = {edge.local.text}" if edge.local is not None else ratio
        found["tooltip"] = clean(f"{text} = {number(edge.slope)}", 600)
    elif edge.local is not None:
        found["tooltip"] = clean(f"adds {edge.local.text} to {d_name(edge.source.name)}", 600)
    return found


def _word(box: Box) -> str:
    return d_name(box.name)[1:]


def _edge_label(ratio: str, edge: Edge) -> str:
    local = cut(edge.local.text, _FORMULA) if edge.local is not None else ""
    slope = number(edge.slope)
    first = " = ".join([ratio, *([local] if local and local != slope else []), slope])
    product = f"{number(edge.target.derivative)} × {_signed(slope)} = "
    result = _font(product, BACKWARD)[: -len("</FONT>")] + f"<B>{number(edge.contribution)}</B></FONT>"
    rows = (_font(first, INK), result)
    cells = "".join(f"<TR><TD>{row}</TD></TR>" for row in rows)
    gap = '<TR><TD HEIGHT="3" FIXEDSIZE="TRUE" WIDTH="3"></TD></TR>'
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{cells}{gap}</TABLE>'


def _signed(text: str) -> str:
    return f"({text})" if text.startswith(MINUS) else text


def _spine(picture: Picture) -> set[Edge]:
    """The longest chain of computed boxes that ends in the output: drawn straight."""
    depth: dict[Box, int] = {}
    best: dict[Box, Edge] = {}
    for edge in picture.edges:  # in topological order of their targets
        reach = depth.get(edge.source, 0) + 1
        if edge.source.nodes and reach > depth.get(edge.target, 0):
            best[edge.target] = edge
        depth[edge.target] = max(depth.get(edge.target, 0), reach)
    found: set[Edge] = set()
    box = picture.output
    while box in best:
        found.add(best[box])
        box = best[box].source
    return found
