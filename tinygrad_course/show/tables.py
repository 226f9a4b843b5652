"""Boxes and the labels of edges and frames as HTML-like tables, which Graphviz lays out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from .colors import BACKWARD, FORWARD, INK, MUTED, Scale, cells
from .expr import SUM
from .model import Box, Cluster, Edge, Picture
from .names import d_name
from .text import ELLIPSIS, MINUS, clean, cut, escape, norm, number, size_text

# Roles differ by fill, border and corners, so that a grey print tells them apart too: table attributes.
_LOOKS = {
    "input": 'BORDER="1" STYLE="ROUNDED" BGCOLOR="#E6F1F8"',
    "parameter": 'BORDER="2" BGCOLOR="#E4F3EC"',
    "constant": 'BORDER="1" STYLE="ROUNDED" BGCOLOR="#F2F2F2"',
    "computed": 'BORDER="1" BGCOLOR="#FFFFFF"',
    "output": 'BORDER="3" BGCOLOR="#FFF4D6"',
}
_STACK = f'BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" COLOR="{INK}" BGCOLOR="#E9E9E9"'
_FORMULA = 52  # characters of a line of a formula; one that takes too many lines is in the tooltip only
_MOST_LINES = 3
_WIDEST = 76  # characters of a line that cannot be broken
_MOST_ROWS = 4  # parameters of a layer
_MOST_SHARED = 12  # of several that have a box together


class Tables:
    """The tables of one picture: shades are those of its own largest and least numbers."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.compared = False  # whether single layers have a shade too, beside folded ones
        values: dict[str, list[float]] = defaultdict(list)
        things: list[Box | Cluster] = [*picture.clusters, *picture.boxes]
        for thing in things:
            norms, of = _strip_of(thing)
            values[of] += norms
        if any(b.parameters and _strip_of(b)[0] for b in picture.boxes):
            self.compared = True
            values["dW"] += [norm for box in picture.boxes for norm in _one_layer(box)]
        self.scales = {of: Scale(norms) for of, norms in values.items() if norms}

    # --- boxes ------------------------------------------------------------------------------------------------------

    def box(self, box: Box) -> str:
        """A box: its title, then what is known forward, then backward."""
        if box.kind == "step":
            rows = [f'<TR><TD PORT="p"><B>{escape(box.name)}</B></TD></TR>']
        else:
            rows = [f"<TR><TD>{self._head(box)}</TD></TR>", *self._rows(box)]
            rows.insert(1, "<HR/>") if len(rows) > 1 else None
            if 'PORT="p"' not in "".join(rows):
                rows[0] = rows[0].replace("<TD>", '<TD PORT="p">', 1)
        look = f'CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" COLOR="{INK}" {_LOOKS[box.role]}'
        table = f"<TABLE {look}>{''.join(rows)}</TABLE>"
        return f"<TABLE {_STACK}><TR><TD>{table}</TD></TR></TABLE>" if box.count > 1 else table

    def _head(self, box: Box) -> str:
        small = " · ".join(part for part in (self._role(box), box.note, self._size(box)) if part)
        note = box.repeat.note if box.repeat is not None else ""
        title = f"<B>{escape(box.name)}</B>" if self.picture.brief and box.kind == "value" else _title(box)
        return title + "".join(f"<BR/>{font(text, MUTED, 9)}" for text in (small, note) if text)

    def _role(self, box: Box) -> str:
        last = "loss" if self.picture.derivatives and box.single else "output"
        return {"computed": "", "output": last}.get(box.role, box.role)

    def _size(self, box: Box) -> str:
        if box.kind == "shared":
            return box.rest
        shape = str(box.shape) if box.shape else ""
        return f"{box.repeat.span} {shape}".strip() if box.repeat is not None and box.repeat.span != box.name else shape

    def _rows(self, box: Box) -> list[str]:
        if self.picture.brief:
            return self._briefly(box)
        rows = []
        if box.parameters:
            rows += [f"<TR><TD>{self._parameters(box)}</TD></TR>"]
        if box.computes:
            rows.append(f'<TR><TD PORT="p">{font(cut(box.computes, _FORMULA), FORWARD)}</TD></TR>')
        elif box.repeat is None and (box.kind == "value" or box is self.picture.output) and box.value_words:
            rows.append(f'<TR><TD PORT="p">{font(box.value_words, FORWARD)}</TD></TR>')
        rows += [f"<TR><TD>{row}</TD></TR>" for row in self._derivative(box)]
        return rows + self._strips(box)

    def _strips(self, box: Box) -> list[str]:
        norms, of = _strip_of(box)
        if not norms and self.compared and not _measured(box):
            norms, of = _one_layer(box), "dW"
        if norms:  # of several, or of one beside several
            return [f'<TR><TD PORT="p">{self.strip(norms, of)}</TD></TR>']
        if box.repeat is not None and box.repeat.norms:  # the frame has a strip for all in it
            return [f"<TR><TD>{font(_ends(box.repeat.norms, box.repeat.of), BACKWARD, 9)}</TD></TR>"]
        return []

    def _briefly(self, box: Box) -> list[str]:
        """How large the derivative is."""
        if box.repeat is not None or not self.picture.derivatives or not has_derivative(box):
            return self._strips(box)
        if box.kind == "shared":
            return [f"<TR><TD>{self._parameters(box)}</TD></TR>"]
        size = full(box, self.picture) if box is self.picture.output else _norm(box, box.d.text)
        return [f'<TR><TD PORT="p">{font(size, BACKWARD, 10)}</TD></TR>']

    def _parameters(self, box: Box) -> str:
        """`weight (64, 64)` and how large its derivative is, one a line."""
        if box.repeat is not None:
            return font(", ".join(_sized(p) for p in box.parameters[:_MOST_ROWS]), MUTED, 10)
        rows = []
        most = _MOST_ROWS if box.kind == "layer" else _MOST_SHARED
        for p in box.parameters[:most]:
            size = f"   {_norm(p)}" if self.picture.derivatives and p.derivative is not None else ""
            rows.append(font(_sized(p), MUTED, 10) + (font(size, BACKWARD, 10) if size else ""))
        more = len(box.parameters) - most
        return "<BR/>".join([*rows, *([font(f"+ {more} more", MUTED, 10)] if more > 0 else [])])

    def _derivative(self, box: Box) -> list[str]:
        if not self.picture.derivatives or not has_derivative(box):
            return []
        if box is self.picture.output:
            return [font(full(box, self.picture), BACKWARD)]
        if box.kind in ("layer", "shared"):
            return []
        rows = [font(cut(box.paths, 2 * _FORMULA), BACKWARD, 10)] if box.paths else []
        if box.formula:
            lines = broken(f"{box.d.text} = {box.formula}")
            rows += ["<BR/>".join(font(line, BACKWARD) for line in lines)] if lines else []
            size = size_text(box.derivative)
            if box.repeat is None and not lines:
                rows.append(font(full(box, self.picture), BACKWARD))
            elif box.repeat is None and size != box.formula:
                rows.append(font(size, BACKWARD, 10))
        elif box.repeat is None:
            rows.append(font(full(box, self.picture), BACKWARD))
        return rows

    def strip(self, norms: Sequence[float], of: str) -> str:
        """Norms as a row of shades, with the first and the last of them in words."""
        shades = [self.scales[of].shade(v) for v in cells(norms)]
        row = "".join(f'<TD WIDTH="13" HEIGHT="12" FIXEDSIZE="TRUE" BGCOLOR="{shade}"></TD>' for shade in shades)
        look = 'BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="0" COLOR="#999999" FIXEDSIZE="TRUE" '
        look += f'WIDTH="{13 * len(shades) + 1}" HEIGHT="13"'
        inner = f"<TABLE {look}><TR>{row}</TR></TABLE>"
        words = f"<TR><TD>{font(_ends(norms, of), BACKWARD, 9)}</TD></TR>"
        return (
            f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{words}<TR><TD>{inner}</TD></TR></TABLE>'
        )

    # --- frames and edges -------------------------------------------------------------------------------------------

    def frame(self, cluster: Cluster) -> str:
        """The label of a frame."""
        rows = [f"<B>{escape(clean(cluster.label))}</B>"] if cluster.note else [font(clean(cluster.label), MUTED)]
        rows += [font(clean(cluster.note, 100), MUTED, 9)] if cluster.note else []
        rows += [self.strip(cluster.norms, cluster.of)] if cluster.norms else []
        cell = "".join(f'<TR><TD ALIGN="LEFT">{row}</TD></TR>' for row in rows)
        return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{cell}</TABLE>'

    def edge(self, edge: Edge) -> str:
        """What an edge says: the local derivative and the product; in a layer view what flows."""
        if edge.slope is not None:
            return self._beside(font(_local(edge), INK), _product(edge))
        if self.picture.view != "layer" or edge.source.kind == "step" or not edge.source.shape or not edge.source.nodes:
            return ""
        if self.picture.brief:
            return ""
        back = [font(_norm(edge.source), BACKWARD)] if edge.differentiable else []
        return self._beside(font(str(edge.source.shape), INK), *back)

    def _beside(self, *rows: str) -> str:
        """Rows one below the other, with a little air between them and the line."""
        lines = [f"<TR><TD>{row}</TD></TR>" for row in rows]
        if self.picture.direction == "LR":
            lines.append('<TR><TD HEIGHT="3" FIXEDSIZE="TRUE" WIDTH="3"></TD></TR>')
        else:
            lines = [line.replace("<TD>", '<TD ALIGN="LEFT">   ', 1) for line in lines]
        return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{"".join(lines)}</TABLE>'


def broken(formula: str) -> list[str]:
    """A formula on a few lines, which end before a plus or a minus outside brackets; none if that is not enough."""
    lines, depth, start, cut_at = [], 0, 0, 0
    for i, c in enumerate(formula):
        depth += (c in "([") - (c in ")]")
        if depth == 0 and c in f"+{MINUS}" and formula[i - 1] == " " == formula[i + 1 : i + 2]:
            if i - start > _FORMULA and cut_at > start:
                lines.append(formula[start:cut_at].rstrip())
                start = cut_at
            cut_at = i
    if len(formula) - start > _FORMULA and cut_at > start:
        lines.append(formula[start:cut_at].rstrip())
        start = cut_at
    lines.append(formula[start:])
    fits = len(lines) <= _MOST_LINES and all(len(line) <= _WIDEST for line in lines)
    return lines if fits else []


def font(text: str, color: str, size: int | None = None) -> str:
    """Text in a colour."""
    points = f'POINT-SIZE="{size}" ' if size else ""
    return f'<FONT {points}COLOR="{color}">{escape(text)}</FONT>'


def has_derivative(box: Box) -> bool:
    """Whether anything is known of its derivative."""
    return box.derivative is not None and type(box.derivative) is not tuple


def full(box: Box, picture: Picture) -> str:
    """`dJ/da = 3`; for an array, how large its derivative is."""
    return f"{box.equation} = {number(box.derivative)}" if box.single else f"{box.ratio}: {size_text(box.derivative)}"


def ratio_text(over: str, under: str) -> str:
    """`dJ/da`"""
    return f"{d_name(over)}/{d_name(under)}"


def tooltip(box: Box, picture: Picture) -> str:
    """All that is known of a box, in one line."""
    parts = [f"{box.name} = {box.rest}" if box.rest else box.name]
    if box.repeat is not None:
        parts.append(f"stands for {box.count}: {', '.join(box.repeat.names[:20])}")
    if box.shape:
        parts.append(f"shape {box.shape}")
    if box.kind != "shared" and box.value_words:
        parts.append(f"value {box.value_words}")
    if box.formula:
        parts.append(f"{box.d.text} = {box.formula}")
    if box.shapes:
        parts.append(f"shapes: {box.shapes}")
    if picture.derivatives:
        parts.append(full(box, picture) if has_derivative(box) else "no derivative")
    if box.paths:
        parts.append(box.paths)
    if box.where:
        parts.append(box.where)
    return clean("; ".join(parts), 1000)


def edge_tooltip(edge: Edge) -> str:
    """What flows back, with the whole formula."""
    if edge.slope is not None:
        text = f"{_partial(edge)} = {edge.local.text}" if edge.local is not None else _partial(edge)
        return clean(f"{text} = {number(edge.slope)}", 600)
    if edge.local is not None:
        return clean(
            f"adds {edge.local.text} to {edge.source.d.text}{f'; shapes: {edge.shapes}' if edge.shapes else ''}", 600
        )
    return ""


def _title(box: Box) -> str:
    if box.kind == "layer" and box.rest:
        sign = ":" if box.module else " ="
        return f"<B>{escape(box.name)}</B>{sign} {escape(box.rest)}"
    if box.kind != "shared" and (not box.nodes or box.titled):
        return f"<B>{escape(box.name)}</B>" + (f" = {escape(box.rest)}" if box.rest else "")
    return f"<B>{escape(box.name)}</B>" if box.kind != "value" else escape(box.name)


def _sized(p: Box) -> str:
    return f"{p.name} {p.shape}" if p.shape else p.name


def _norm(box: Box, of: str = "d") -> str:
    return f"‖{of}‖ " + size_text(box.derivative).removeprefix("norm ").removeprefix(MINUS)


def _ends(norms: Sequence[float], of: str) -> str:
    return f"‖{of}‖  " + f" {ELLIPSIS} ".join(number(v) for v in (*norms[:1], *norms[1:][-1:]))


def _one_layer(box: Box) -> tuple[float, ...]:
    """The norm of the derivatives of a layer's parameters, to compare with folded ones."""
    known = [p.derivative for p in box.parameters if p.derivative is not None]
    return (norm(known),) if box.kind == "layer" and box.repeat is None and known else ()


def _measured(box: Box) -> bool:
    """Whether a frame around a box has a strip for all in it."""
    return box.cluster is not None and any(frame.norms for frame in box.cluster.around)


def _strip_of(thing: Box | Cluster) -> tuple[tuple[float, ...], str]:
    """The norms that are drawn as shades, and of what; those of layers inside a folded frame are the frame's."""
    if isinstance(thing, Cluster):
        return thing.norms, thing.of
    if thing.repeat is None or _measured(thing):
        return (), ""
    return thing.repeat.norms, thing.repeat.of


def _partial(edge: Edge) -> str:
    return f"∂{_word(edge.target)}/∂{_word(edge.source)}"


def _word(box: Box) -> str:
    return d_name(box.name)[1:]


def _local(edge: Edge) -> str:
    local = edge.local.within(SUM) if edge.local is not None else ""
    slope = number(edge.slope)
    short = local != slope and len(local) <= _FORMULA
    return " = ".join([_partial(edge), *([local] if local and short else []), slope])


def _product(edge: Edge) -> str:
    slope = number(edge.slope)
    factor = f"({slope})" if slope.startswith(MINUS) else slope
    product = f"{number(edge.target.derivative)} × {factor} = "
    return font(product, BACKWARD)[: -len("</FONT>")] + f"<B>{number(edge.contribution)}</B></FONT>"
