// The gradient check: every parameter's derivative against differences, and the rule that is wrong.

modes.check = {
  label: "Check",
  enter() {
    const { rows = [], wrong = [], trouble, note } = page.check;
    byId("controls").replaceChildren();
    reveal();
    if (trouble || !rows.length) return say(trouble || "There is no parameter to check here.");
    const verdicts = new Map(wrong.map((item) => [item.box, "wrong"])); // of boxes: the worst of what is in them
    for (const row of rows) verdicts.set(row.box, worse(row.verdict, verdicts.get(row.box) ?? "right"));
    verdicts.forEach((verdict, key) => badge(key, verdict));
    wrong.forEach((item) => views.get(item.box)?.group.classList.add("culprit"));
    const named = (verdict) => rows.filter((row) => row.verdict === verdict).map((row) => row.name);
    const [bad, open] = [named("wrong"), named("unclear")];
    const culprits = wrong.map((item) => boxes.get(item.box).title).join("; ");
    const all = plural(rows.length, "gradient");
    if (bad.length) {
      say(`${bad.length} of ${all} wrong: ${bad.join(", ")}. The wrong rule is in: ${culprits}.`, "", "✗");
    } else if (open.length) {
      say(`${rows.length - open.length} of ${all} agree with differences. Differences are too rough for ` +
        `${open.join(", ")}; but the rule of every operation is right.`, "", "✓");
    } else {
      say(`All ${all} agree with differences.`, "", "✓");
    }
    showChecks(rows, wrong, note);
  },
  leave() {
    clearMarks();
    byId("panel").hidden = true;
  },
};

const worse = (a, b) => ["wrong", "unclear", "right"].find((verdict) => verdict === a || verdict === b);

function showChecks(rows, wrong, note) {
  const line = (row) => make("tr", {},
    make("th", { scope: "row" }, row.name + row.element),
    make("td", { class: "number" }, row.ours), make("td", { class: "number" }, row.differences),
    make("td", { class: "number" }, row.error),
    make("td", { class: row.verdict },
      `${MARKS[row.verdict]} ${row.verdict}${row.kinks ? `, ${plural(row.kinks, "kink")}` : ""}`));
  const sampled = rows.filter((row) => row.checked !== "all");
  const heads = ["", "derivative", "differences", "rel. error", "verdict"];
  byId("panelname").textContent = "Derivatives against differences";
  byId("panelbody").replaceChildren(
    make("div", { class: "scroll" }, make("table", { id: "checks" },
      make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text))), ...rows.map(line))),
    ...wrong.map((item) => make("p", { class: "wrong culprit" }, `${boxes.get(item.box).title}: ${item.text}`)),
    make("p", { class: "muted" }, "Each derivative at its worst element, against central differences of the recorded " +
      "graph, computed in double precision when this page was made."),
    sampled.length ? make("p", { class: "muted" }, `Of ${sampled.map((row) => row.name).join(", ")}: ` +
      `${sampled[0].checked}; every element of the others.`) : "",
    note ? make("p", { class: "muted" }, note) : "");
  byId("panel").hidden = false;
  arrange();
}
