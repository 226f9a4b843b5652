// The data of the page, and a few tools. Text of the user's is only ever put in as text: append, textContent.

const page = JSON.parse(document.getElementById("data").textContent);
const boxes = new Map(page.boxes.map((box) => [box.key, box]));
const modes = {}; // by name: label, enter, leave, choose, and what each mode adds
const state = { mode: "", chosen: "", hidden: new Set() }; // hidden: boxes whose derivative a quiz asks for

const byId = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter(Boolean));
  return element;
}

const button = (text, click, attributes = {}) => make("button", { type: "button", click, ...attributes }, text);

// One sentence where everybody looks, and screen readers listen; and the formulas that go with it.
function say(text, way = "", start = "", formulas = []) {
  const sentence = byId("sentence");
  sentence.className = way;
  const lines = formulas.filter(Boolean).map((line) => make("span", { class: `formula ${way}` }, line));
  sentence.replaceChildren(make("span", {}, start ? make("b", {}, start + " ") : "", text), ...lines);
}

// A number in 3 or 4 digits with a real minus sign, as in the drawing; NaN and infinities come as words.
function short(x) {
  if (typeof x === "string") return x.replace("-", "−");
  const whole = Number.isInteger(x) && Math.abs(x) < 1e6;
  const text = whole ? String(x) : String(Number(x.toPrecision(Math.abs(x) >= 1 ? 4 : 3)));
  return text.replace(/^-/, "−").replace("e+", "e");
}

// The index of an element, as in Python, from its place in the flattened array.
function place(flat, shape) {
  const index = [];
  for (const size of [...shape].reverse()) {
    index.unshift(flat % size);
    flat = Math.floor(flat / size);
  }
  return `[${index.join(", ")}]`;
}

const shapeText = (shape) => (shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`);
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
