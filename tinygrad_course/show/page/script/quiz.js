// The quiz: derivatives are hidden until the student types them. Nothing is sent anywhere; results can be saved.

const quiz = { at: 0, records: [], hints: new Set() };

modes.quiz = {
  label: "Quiz",
  enter() {
    const { questions } = page.quiz;
    if (!questions.length) return say("There is no derivative to ask for here.");
    if (!quiz.records.length) restart();
    byId("controls").replaceChildren();
    hideAnswers();
    ask(quiz.at);
  },
  leave() {
    state.hidden.clear();
    byId("panel").hidden = true;
    clearMarks();
  },
  choose(key) {
    const found = page.quiz.questions.findIndex((question) => question.box === key);
    if (found < 0) return;
    ask(found);
    byId("answer")?.focus();
  },
};

function restart() {
  const fresh = (question) => ({ asked: question.ask, given: [], hint: false, result: "open" });
  quiz.records = page.quiz.questions.map(fresh);
  quiz.hints.clear();
  quiz.at = 0;
}

const isOpen = (record) => record.result === "open";

function hideAnswers() {
  const open = page.quiz.questions.filter((_, i) => isOpen(quiz.records[i])).map((question) => question.box);
  state.hidden = new Set(open);
  const known = page.edges.filter((edge) => !state.hidden.has(edge.from) && boxes.get(edge.from).slope);
  const shown = new Set(known.map((edge) => edge.id));
  const rules = new Set([...shown, ...page.edges.filter((edge) => quiz.hints.has(edge.from)).map((edge) => edge.id)]);
  clearMarks();
  reveal({ rules, products: shown });
  quiz.records.forEach((record, i) => {
    if (!isOpen(record)) badge(page.quiz.questions[i].box, record.result === "right" ? "right" : "unclear");
  });
  fillTable();
  if (state.chosen) showDetails();
}

// A number as people write it: 3, -0.5, 0,5, 1e-3, 3/4, 2*3/4. Not a number: NaN.
function parse(text) {
  const plain = text.trim().replace(/[−–]/g, "-").replace(/[×·]/g, "*").replace(/÷/g, "/").replace(/\s+/g, "");
  const number = "[+-]?(?:\\d+(?:[.,]\\d*)?|[.,]\\d+)(?:[eE][+-]?\\d+)?";
  if (!new RegExp(`^${number}(?:[*/]${number})*$`).test(plain)) return NaN;
  const [first, ...rest] = plain.split(/([*/])/);
  const value = (part) => Number(part.replace(",", "."));
  let answer = value(first);
  for (let i = 0; i < rest.length; i += 2) {
    const factor = value(rest[i + 1]);
    answer = rest[i] === "*" ? answer * factor : answer / factor;
  }
  return answer;
}

// Half a percent off is right: the drawing shows three or four digits.
function agrees(given, answer) {
  return Math.abs(given - answer) <= Math.max(0.005 * Math.abs(answer), page.quiz.floor);
}

function ask(i) {
  quiz.at = i;
  const question = page.quiz.questions[i];
  const record = quiz.records[i];
  const open = isOpen(record);
  views.forEach((view, key) => view.group.classList.toggle("now", key === question.box));
  bring(question.box);
  const box = boxes.get(question.box);
  const input = make("input", { id: "answer", autocomplete: "off", inputmode: "text", size: 7 });
  const label = make("label", {}, `${question.ask} = `, input);
  const submit = (event) => {
    event.preventDefault();
    answer(input.value);
  };
  const form = make("form", { class: "bar", submit }, label,
    make("button", { type: "submit", id: "try" }, "Check"), button("Hint", hint, { id: "hint" }),
    button("Show", () => settle("shown"), { id: "show" }));
  byId("panelname").textContent = `Question ${i + 1} of ${page.quiz.questions.length}`;
  const what = box.name + question.ask.slice(box.ratio.length); // with the element of an array
  const kind = record.result === "right" ? "right" : "wrong";
  const settled = make("p", { class: kind, id: "settled" }, solution(question));
  byId("panelbody").replaceChildren(
    make("p", {}, `${box.title}: how fast does ${page.name} change when ${what} does?`),
    open ? form : settled,
    score(), list(), keep());
  byId("panel").hidden = false;
  arrange();
  if (open) say(`${question.ask} = ? Type a number or a fraction, such as −3/4.`);
}

const solution = (question) => `${question.ask} = ${short(question.answer)}`;

function answer(text) {
  const question = page.quiz.questions[quiz.at];
  const given = parse(text);
  if (Number.isNaN(given)) return say(`“${text}” is not a number. Write 3, −0.5, 1e-3 or a fraction such as 3/4.`);
  quiz.records[quiz.at].given.push(text.trim());
  if (agrees(given, question.answer)) return settle("right");
  const sign = agrees(-given, question.answer) ? " Its size is right; look at the sign." : "";
  say(`Not yet: ${question.ask} is not ${text.trim()}.${sign} Multiply what flows back by the local derivative, ` +
    "and add up over all paths.", "", "✗");
}

function hint() {
  const question = page.quiz.questions[quiz.at];
  quiz.records[quiz.at].hint = true;
  quiz.hints.add(question.box);
  hideAnswers();
  views.get(question.box)?.group.classList.add("now");
  const rules = page.edges.filter((edge) => edge.from === question.box && edge.rule).map((edge) => edge.rule);
  say(rules.join("; ") || "No rule is known for this one.", "backward", "Hint:");
}

function settle(result) {
  const question = page.quiz.questions[quiz.at];
  quiz.records[quiz.at].result = result;
  hideAnswers();
  const next = quiz.records.findIndex((record, i) => isOpen(record) && i > quiz.at);
  const other = next < 0 ? quiz.records.findIndex(isOpen) : next;
  const done = other < 0 ? ` All done: ${scoreText()}` : "";
  ask(other < 0 ? quiz.at : other);
  const then = other < 0 ? "" : ` Next: ${page.quiz.questions[other].ask} = ?`;
  say(`${solution(question)}.${done}${then}`, "", result === "right" ? "✓ Right:" : "The answer:");
  byId("answer")?.focus();
}

function counts() {
  const count = (test) => quiz.records.filter(test).length;
  const isRight = (record) => record.result === "right";
  return {
    questions: quiz.records.length,
    right: count(isRight),
    first_try: count((record) => isRight(record) && record.given.length === 1 && !record.hint),
    shown: count((record) => record.result === "shown"),
    hints: count((record) => record.hint),
  };
}

function scoreText() {
  const c = counts();
  const first = `${c.first_try} of them at the first try without a hint`;
  return `${c.right} of ${c.questions} right, ${first}; ${c.shown} shown.`;
}

const score = () => make("p", { id: "score" }, scoreText());

function list() {
  const marks = { open: "?", right: "✓", shown: "shown" };
  const items = quiz.records.map((record, i) => button(`${record.asked} ${marks[record.result]}`, () => ask(i),
    { class: "link", "aria-current": i === quiz.at ? "true" : null }));
  const rest = page.quiz.all - quiz.records.length;
  return make("p", {}, ...items, rest ? ` ${rest} more derivatives are not asked for.` : "");
}

function results() {
  const questions = quiz.records.map((record, i) => ({ ...record, answer: page.quiz.questions[i].answer }));
  return { format: "tinygrad_course quiz 1", graph: page.title, student: byId("student").value,
    saved: new Date().toISOString(), ...counts(), answers: questions };
}

function keep() {
  const name = make("input", { id: "student", autocomplete: "name", size: 14 });
  name.value = quiz.student ?? "";
  name.addEventListener("input", () => { quiz.student = name.value; });
  const text = make("textarea", { id: "results", rows: 4, readonly: true, "aria-label": "Results", hidden: true });
  const save = () => {
    text.value = JSON.stringify(results(), null, 1);
    text.hidden = false;
    const address = URL.createObjectURL(new Blob([text.value], { type: "application/json" }));
    make("a", { href: address, download: "quiz.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    say("The results are saved as quiz.json, and stand below the questions to be copied.");
  };
  const again = () => { restart(); hideAnswers(); ask(0); };
  const bar = make("div", { class: "bar" }, make("label", {}, "Your name ", name),
    button("Save as JSON", save, { id: "save" }), button("Start again", again, { id: "again" }));
  return make("details", {}, make("summary", {}, "Results"), bar, text);
}
