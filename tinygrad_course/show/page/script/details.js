// What is known of one box: its value, its derivative, its rule, its source line, and the boxes around it.

function choose(key) {
  state.chosen = key === state.chosen ? "" : key;
  highlight(state.chosen);
  showDetails();
  if (state.chosen) {
    roam(key, false);
    modes[state.mode].choose?.(key);
  }
}

function showDetails() {
  const box = boxes.get(state.chosen);
  byId("details").hidden = !box;
  if (!box) {
    byId("detailsbody").replaceChildren();
    return arrange();
  }
  byId("detailsname").textContent = box.title;
  const parts = [facts(box), aboutValue(box), aboutSlope(box), around(box)];
  byId("detailsbody").replaceChildren(...parts.map((part) => make("div", { class: "part" }, ...part)));
  arrange();
}

// Two columns where there is something to put beside the drawing, and room for it: else it goes below.
function arrange() {
  const something = !byId("details").hidden || !byId("panel").hidden;
  const room = document.querySelector("main").clientWidth - 420;
  document.querySelector(".columns").classList.toggle("wide", something && room > 0.6 * page.width && room > 500);
  fitDefault();
}

function facts(box) {
  const what = [box.role, box.value.shape.length ? `shape ${shapeText(box.value.shape)}` : "", box.dtype];
  return [
    make("p", { class: "muted" }, what.filter(Boolean).join(" · ")),
    box.where ? make("p", { class: "source", id: "where" }, box.where) : null,
    box.parameters ? make("ul", {}, ...box.parameters.map((text) => make("li", {}, text))) : null,
    box.operations ? make("p", { class: "muted" }, `Computed by: ${box.operations}`) : null,
  ];
}

function aboutValue(box) {
  const text = box.value.exact ? box.value.exact.replace("-", "−") : box.value.text;
  const value = make("p", { class: "forward", id: "value" }, text);
  return [make("h3", {}, "Value"), value, box.value.shape.length ? heat(box.value, box.name) : ""];
}

function aboutSlope(box) {
  const without = (reason) => [make("h3", {}, "Derivative"), make("p", { class: "muted" }, reason)];
  if (!box.slope) return boxes.get(page.output)?.slope ? without("none was asked for") : [];
  if (state.hidden.has(box.key)) return without("the quiz asks for it");
  const text = box.slope.exact ? `${box.ratio} = ${box.slope.exact.replace("-", "−")}` : box.says;
  const ways = page.edges.filter((edge) => edge.from === box.key && edge.rule);
  const rules = (ways.length === 1 && box.formula ? [] : ways).map((edge) =>
    make("li", {}, edge.rule, edge.product ? make("span", { class: "backward" }, `; ${edge.product}`) : ""));
  return [
    make("h3", {}, "Derivative"),
    make("p", { class: "backward", id: "slope" }, text),
    rules.length ? make("ul", { id: "rules" }, ...rules) : "",
    box.formula ? make("p", { class: "backward", id: "formula" }, box.formula) : "",
    box.paths ? make("p", { class: "backward" }, box.paths) : "",
    box.slope.shape.length ? heat(box.slope, box.ratio) : "",
  ];
}

function around(box) {
  const link = (key) => button(boxes.get(key).name, () => { choose(key); roam(key); }, { class: "link" });
  const list = (title, keys) => (keys.length ? make("p", {}, `${title}: `, ...[...new Set(keys)].map(link)) : "");
  return [
    make("h3", {}, "Paths"),
    list("computed from", page.edges.filter((edge) => edge.to === box.key).map((edge) => edge.from)),
    list("used by", page.edges.filter((edge) => edge.from === box.key).map((edge) => edge.to)),
  ];
}

// One stop of the Tab key for the whole drawing: the box that was last gone to.
function roam(key, focus = true) {
  for (const [other, view] of views) view.group.setAttribute("tabindex", other === key ? "0" : "-1");
  if (focus) views.get(key)?.group.focus();
  bring(key);
}

function fillTable() {
  const row = (box) => {
    const slope = !box.slope ? "none" : state.hidden.has(box.key) ? "?" : box.says;
    const shape = box.value.shape.length ? shapeText(box.value.shape) : "";
    const cells = [box.title, box.role, shape, box.value.text, slope, box.where].map((text) => make("td", {}, text));
    cells[3].className = "forward";
    cells[4].className = "backward";
    return make("tr", {}, ...cells);
  };
  const heads = ["box", "role", "shape", "value", "derivative", "source"];
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const body = make("tbody", {}, ...page.boxes.map(row));
  byId("tablebody").replaceChildren(make("table", {}, make("thead", {}, head), body));
}
