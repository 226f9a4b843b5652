// The drawing: which parts of it show a value, a derivative, a rule; and the boxes as things to go to and choose.

const drawing = byId("drawing");
const views = new Map(); // of boxes, by key
const lines = []; // of edges

function shape(tag, attributes, parent) {
  const element = document.createElementNS(drawing.namespaceURI, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

function readDrawing() {
  for (const box of page.boxes) {
    const group = byId(box.key);
    if (!group) continue;
    const { x, y, width, height } = group.getBBox();
    const around = { x: x - 3, y: y - 3, width: width + 6, height: height + 6, rx: 6 };
    const ring = shape("rect", { class: "ring", ...around }, group);
    const values = [...group.querySelectorAll("text.f-forward")];
    const slopes = [...group.querySelectorAll("text.f-backward")];
    views.set(box.key, { box, group, ring, values, slopes, middle: x + width / 2, width });
    group.setAttribute("role", "button");
    group.setAttribute("tabindex", "-1");
    group.addEventListener("click", () => choose(box.key));
  }
  for (const edge of page.edges) {
    const group = byId(edge.id);
    if (!group) continue;
    const all = (query) => [...group.querySelectorAll(query)];
    const back = [...all("path.s-backward"), ...all("polygon.s-backward"), ...all("polyline.s-backward")];
    const products = all("text.f-backward");
    const rules = all("text").filter((text) => !products.includes(text));
    const ahead = all("path, polygon, polyline").filter((part) => !back.includes(part));
    lines.push({ edge, group, ahead, back, rules, products });
  }
  drawing.setAttribute("role", "group");
  drawing.setAttribute("aria-label", `Computation graph: ${page.title}`);
  drawing.setAttribute("aria-describedby", "sentence");
  views.values().next().value?.group.setAttribute("tabindex", "0");
}

const hide = (elements, off) => elements.forEach((element) => element.classList.toggle("off", off));

// Show what is known; each argument is a set of keys or ids, or null for everything.
function reveal({ values = null, slopes = null, ahead = null, rules = null, products = null } = {}) {
  const known = (set, key) => set === null || set.has(key);
  for (const [key, view] of views) {
    view.knowsValue = known(values, key) || !isComputed(view.box);
    view.knowsSlope = known(slopes, key) && !state.hidden.has(key);
    hide(view.values, !view.knowsValue);
    hide(view.slopes, !view.knowsSlope);
    view.group.setAttribute("aria-label", spoken(view));
    view.group.classList.remove("now");
  }
  for (const line of lines) {
    hide(line.ahead, !known(ahead, line.edge.id));
    hide(line.back, !known(products, line.edge.id));
    hide(line.products, !known(products, line.edge.id));
    hide(line.rules, !known(rules, line.edge.id));
  }
}

const isComputed = (box) => box.operations !== "";

function spoken({ box, knowsValue, knowsSlope }) {
  const parts = [box.title, box.role];
  if (box.value.shape.length) parts.push(`shape ${shapeText(box.value.shape)}`);
  if (knowsValue) parts.push(`value ${box.value.text}`);
  if (knowsSlope && box.says) parts.push(box.says);
  return parts.join(", ");
}

// All boxes that a walk along the edges reaches from `key`, with the edges.
function reach(key, from, to) {
  const found = new Set([key]);
  const used = new Set();
  const stack = [key];
  while (stack.length) {
    const at = stack.pop();
    for (const edge of page.edges) {
      if (edge[from] !== at) continue;
      used.add(edge.id);
      if (!found.has(edge[to])) {
        found.add(edge[to]);
        stack.push(edge[to]);
      }
    }
  }
  return { found, used };
}

// Leave only the paths through a box bright: what it is computed from, and what it leads to.
function highlight(key) {
  const before = key ? reach(key, "to", "from") : null;
  const after = key ? reach(key, "from", "to") : null;
  for (const [other, view] of views) {
    view.group.classList.toggle("dim", Boolean(key) && !before.found.has(other) && !after.found.has(other));
    view.group.classList.toggle("chosen", other === key);
    view.group.setAttribute("aria-pressed", String(other === key));
  }
  for (const { edge, group } of lines) {
    group.classList.toggle("dim", Boolean(key) && !before.used.has(edge.id) && !after.used.has(edge.id));
  }
}

// Put other text where a value stands; it is narrowed if the box has no room for it. No text: what stood there.
function writeValue(key, text) {
  const view = views.get(key);
  const isValue = (text) => text.textContent.trim() === view.box.value.text;
  const element = view?.original?.element ?? view?.values.find(isValue);
  if (!element) return; // a layer's box does not show its value
  const [x, anchor] = [element.getAttribute("x"), element.getAttribute("text-anchor")];
  view.original ??= { element, text: element.textContent, x, anchor };
  const moved = text !== undefined;
  element.textContent = moved ? text : view.original.text;
  element.setAttribute("x", moved ? view.middle : view.original.x);
  element.setAttribute("text-anchor", moved ? "middle" : view.original.anchor);
  element.classList.toggle("moved", moved);
  element.removeAttribute("textLength");
  if (moved && element.getComputedTextLength() > view.width - 6) {
    element.setAttribute("textLength", view.width - 6);
    element.setAttribute("lengthAdjust", "spacingAndGlyphs");
  }
}

const MARKS = { right: "✓", wrong: "✗", unclear: "?" };

function badge(key, verdict) {
  const view = views.get(key);
  if (!view) return;
  const { x, y, width } = view.ring.getBBox();
  const at = { cx: x + width - 4, cy: y + 4, r: 9 };
  const mark = shape("g", { class: "mark" }, view.group);
  shape("circle", { ...at, class: `badge-${verdict}` }, mark);
  const text = shape("text", { x: at.cx, y: at.cy + 4.5, "text-anchor": "middle", class: "badge" }, mark);
  text.textContent = MARKS[verdict];
  view.group.classList.add(verdict);
}

function clearMarks() {
  for (const mark of drawing.querySelectorAll(".mark")) mark.remove();
  for (const [key, view] of views) {
    view.group.classList.remove("right", "wrong", "unclear", "culprit", "reached");
    if (view.original) writeValue(key);
  }
}

// Scroll the drawing, not the page, until the box is in sight.
function bring(key) {
  const view = views.get(key);
  if (!view) return;
  const canvas = byId("canvas");
  const box = view.group.getBoundingClientRect();
  const frame = canvas.getBoundingClientRect();
  if (box.left < frame.left || box.right > frame.right) {
    canvas.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
  }
  if (box.top < frame.top || box.bottom > frame.bottom) {
    canvas.scrollTop += box.top + box.height / 2 - frame.top - frame.height / 2;
  }
}
