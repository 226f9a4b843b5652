// Nudges: one number moved a little, and how far all others move. The graph was run again, in Python, for each of them.

const nudged = { place: 0, size: 1 };

modes.nudge = {
  label: "Nudge",
  enter() {
    const { places = [], trouble, note } = page.nudge;
    if (!places.length) return say(trouble || note || "There is nothing to nudge here.");
    const options = places.map((item, i) => make("option", { value: i }, item.name));
    const sizes = places[0].steps.map((step, i) => make("option", { value: i }, signedText(step.by)));
    const change = () => {
      nudged.place = Number(byId("which").value);
      nudged.size = Number(byId("by").value);
      showNudge();
    };
    byId("controls").replaceChildren(
      make("label", {}, "Move ", make("select", { id: "which", change }, ...options)),
      make("label", {}, "by ", make("select", { id: "by", change }, ...sizes)),
      button("◄ Smaller", () => resize(-1), { id: "less" }), button("Larger ►", () => resize(1), { id: "more" }));
    showNudge();
  },
  leave() {
    clearMarks();
    byId("panel").hidden = true;
  },
  choose(key) {
    const found = page.nudge.places?.findIndex((item) => item.box === key) ?? -1;
    if (found < 0) return;
    nudged.place = found;
    showNudge();
  },
  ArrowRight: () => resize(1),
  ArrowLeft: () => resize(-1),
};

const signedText = (text) => (text.startsWith("−") ? text : `+${text}`);

const far = (times) => ({ 1: "just as far", 0: "not at all" })[times] ?? `${times} times as far`;

function resize(by) {
  const { steps } = page.nudge.places?.[nudged.place] ?? { steps: [] };
  if (!steps[nudged.size + by]) return;
  nudged.size += by;
  showNudge();
}

function showNudge() {
  const item = page.nudge.places[nudged.place];
  const step = item.steps[nudged.size];
  const { name, ratio } = item;
  byId("which").value = nudged.place;
  byId("by").value = nudged.size;
  clearMarks();
  reveal();
  for (const [key, [, after]] of Object.entries(step.boxes)) writeValue(key, after);
  highlightMoved(step);
  views.get(item.box)?.group.classList.add("now");
  bring(item.box);
  const times = step.times === item.slope ? "" : ` ${ratio} = ${item.slope} predicts ${step.predicted}: the rest is ` +
    "curvature or a kink, and fades as the nudge gets smaller.";
  const exactly = times ? "" : ` ${ratio} = ${item.slope}, exactly that.`;
  say(`${name} goes from ${step.start} to ${step.end} (${signedText(step.by)}). ${page.name} goes from ` +
    `${step.from} to ${step.to}: it moves by ${step.moves}, ${far(step.times)}.${times}${exactly}`);
  showMoves(step);
}

// A ring around what moves: also where a box does not show its value.
function highlightMoved(step) {
  for (const key of Object.keys(step.boxes)) views.get(key)?.group.classList.add("reached");
}

function showMoves(step) {
  const rows = Object.entries(step.boxes).map(([key, [before, after, by]]) => make("tr", {},
    make("th", { scope: "row" }, boxes.get(key).name),
    ...[before, after, by].map((text) => make("td", { class: "number" }, text))));
  const heads = ["", "before", "after", "moves by"].map((text) => make("th", { scope: "col" }, text));
  byId("panelname").textContent = "What moves";
  byId("panelbody").replaceChildren(
    make("div", { class: "scroll" }, make("table", { id: "moves" }, make("tr", {}, ...heads), ...rows)),
    make("p", { class: "muted" }, "Computed by running the recorded graph again in Python with the moved number, in " +
      "double precision; every other input stays as it was."),
    page.nudge.note ? make("p", { class: "muted" }, page.nudge.note) : "");
  byId("panel").hidden = false;
  arrange();
}
