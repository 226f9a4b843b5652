// Steps: forward from left to right, then backward from right to left, one sentence each.

let position = page.steps.length; // how many steps have been taken; all of them at first

modes.step = {
  label: "Step",
  enter() {
    const go = (to) => () => moveTo(to());
    byId("controls").replaceChildren(
      button("|◄ Start", go(() => 0), { id: "first" }), button("◄ Back", () => stepBack(), { id: "back" }),
      button("Next ►", () => stepOn(), { id: "next" }), button("End ►|", go(() => page.steps.length), { id: "last" }));
    moveTo(position);
  },
  leave: () => reveal(),
  ArrowRight: () => stepOn(),
  ArrowLeft: () => stepBack(),
  Home: () => moveTo(0),
  End: () => moveTo(page.steps.length),
};

const stepOn = () => moveTo(position < page.steps.length ? position + 1 : 0);
const stepBack = () => moveTo(Math.max(0, position - 1));

function moveTo(to) {
  position = to;
  const taken = page.steps.slice(0, position);
  const of = (way, what) => new Set(taken.filter((step) => step.way === way).flatMap(what));
  const back = of("backward", (step) => step.edges);
  const known = { values: of("forward", (step) => [step.box]), ahead: of("forward", (step) => step.edges), rules: back,
    products: back, slopes: of("backward", (step) => (step.ends ? [step.box] : [])) };
  reveal(position < page.steps.length ? known : {});
  const step = taken.at(-1);
  if (step) {
    views.get(step.box)?.group.classList.add("now");
    bring(step.box);
    say(step.text, step.way, `Step ${position} of ${page.steps.length}, ${step.way}:`, [step.line, step.shapes]);
  } else {
    const next = page.steps.length ? " Next computes from left to right, then back from right to left." : "";
    say(`Only the inputs are known.${next}`);
  }
}

function welcome() {
  const back = page.steps.some((step) => step.way === "backward") ? ", then the derivatives from right to left" : "";
  views.forEach((view) => view.group.classList.remove("now"));
  const count = plural(page.steps.length, "step");
  say(`Everything is shown. Next, or the right arrow key, goes through it in ${count}: ` +
    `the values from left to right${back}. Click a box to look into it. ${page.note}`);
}
