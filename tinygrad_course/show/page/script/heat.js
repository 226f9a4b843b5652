// Arrays as heat maps: a table of numbers where they are few, otherwise a picture whose numbers can be pointed at.

const FEW = { cells: 64, columns: 8 };
const painted = new Set(); // what has to be painted again when the page turns dark or light

const rgb = (name) => {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
};

// From the paper's colour, for 0, to one colour for negative numbers and another for positive ones.
function colorOf(x, most) {
  if (typeof x === "string") return rgb("line");
  const share = most ? Math.min(1, Math.abs(x) / most) : 0;
  const paper = rgb("paper");
  return rgb(x < 0 ? "low" : "high").map((c, i) => Math.round(paper[i] + (c - paper[i]) * share));
}

function luminance(color) {
  const [r, g, b] = color.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function heat(data, name) {
  if (!data.cells.length) return make("p", { class: "muted" }, data.shape.length ? "The array is empty." : "");
  const most = Math.max(Math.abs(data.low ?? 0), Math.abs(data.high ?? 0));
  const few = data.cells.length <= FEW.cells && data.columns <= FEW.columns;
  const range = data.low === undefined ? "no finite numbers" : `from ${short(data.low)} to ${short(data.high)}`;
  const legend = `${range}; purple is below 0, green above, and 0 is the colour of the page.`;
  return make("div", {}, few ? numbers(data, most, name) : picture(data, most, name, range),
    make("p", { class: "legend" }, legend), data.cut ? make("p", { class: "legend" }, data.cut) : null);
}

function numbers(data, most, name) {
  const table = make("table", { class: "heat", "aria-label": `${name}, number by number` });
  for (let start = 0; start < data.cells.length; start += data.columns) {
    const row = data.cells.slice(start, start + data.columns);
    table.append(make("tr", {}, ...row.map((x) => make("td", { class: "number" }, short(x)))));
  }
  const paint = () => [...table.querySelectorAll("td")].forEach((cell, i) => {
    const color = colorOf(data.cells[i], most);
    cell.style.backgroundColor = `rgb(${color})`;
    cell.style.color = luminance(color) > 0.18 ? "#000" : "#fff";
  });
  paint();
  painted.add({ element: table, paint });
  return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": name }, table);
}

function picture(data, most, name, range) {
  const rows = Math.ceil(data.cells.length / data.columns);
  const size = Math.max(2, Math.min(16, 340 / data.columns, 480 / rows));
  const canvas = make("canvas", { class: "heat", width: data.columns, height: rows, tabindex: "0", role: "img" });
  canvas.setAttribute("aria-label", `Heat map of ${name}, ${range}. Arrow keys go from number to number.`);
  canvas.style.width = `${Math.round(size * data.columns)}px`;
  const readout = make("p", { class: "legend source", "aria-live": "polite" }, "Point at the map to read a number.");
  let at = 0;
  const read = (row, column) => {
    const i = row * data.columns + column;
    if (row < 0 || column < 0 || column >= data.columns || i >= data.cells.length) return;
    at = i;
    readout.textContent = `${name}${place(row * data.stride + column, data.shape)} = ${short(data.cells[i])}`;
  };
  const point = (event) => {
    const frame = canvas.getBoundingClientRect();
    read(Math.floor(((event.clientY - frame.top) / frame.height) * rows),
      Math.floor(((event.clientX - frame.left) / frame.width) * data.columns));
  };
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerdown", point);
  canvas.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    read(Math.floor(at / data.columns) + move[0], (at % data.columns) + move[1]);
  });
  const paint = () => {
    const pen = canvas.getContext("2d");
    data.cells.forEach((x, i) => {
      pen.fillStyle = `rgb(${colorOf(x, most)})`;
      pen.fillRect(i % data.columns, Math.floor(i / data.columns), 1, 1);
    });
  };
  paint();
  painted.add({ element: canvas, paint });
  return make("div", {}, canvas, readout);
}

function repaint() {
  for (const item of painted) {
    if (item.element.isConnected) item.paint();
    else painted.delete(item);
  }
}
