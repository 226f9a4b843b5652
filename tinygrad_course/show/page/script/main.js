// The page as a whole: modes, keys, dark and light, the size of the drawing.

function setMode(name) {
  const before = state.mode;
  modes[before]?.leave();
  state.mode = name;
  for (const item of byId("modes").children) item.setAttribute("aria-pressed", String(item.dataset.mode === name));
  byId("controls").replaceChildren();
  modes[name].enter();
  fillTable();
  showDetails();
}

function makeModes() {
  for (const name of page.modes) {
    const attributes = { "data-mode": name, "aria-pressed": "false" };
    byId("modes").append(button(modes[name].label, () => setMode(name), attributes));
  }
  byId("modes").hidden = page.modes.length < 2;
}

const dark = matchMedia("(prefers-color-scheme: dark)");

function setTheme(isDark) {
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  byId("theme").textContent = isDark ? "Light" : "Dark";
  byId("theme").setAttribute("aria-label", isDark ? "Light colours" : "Dark colours");
  repaint();
}

// A drawing is shrunk to the width of the page only as long as it can be read; else it scrolls in its frame.
function fitDefault() {
  const box = byId("fit");
  if (!box.dataset.chosen) box.checked = byId("canvas").clientWidth - 20 > 0.6 * page.width;
  byId("canvas").classList.toggle("fit", box.checked);
  drawing.style.width = `${page.width}px`;
  const scale = Math.min(1.5, Math.max(1, (0.7 * innerHeight) / page.height)); // a small drawing may grow a little
  drawing.style.maxWidth = box.checked ? `${scale * page.width}px` : "none";
}

function walk(by) {
  const keys = [...views.keys()];
  const at = keys.findIndex((key) => views.get(key).group === document.activeElement);
  if (at < 0) return false;
  roam(keys[Math.max(0, Math.min(keys.length - 1, at + by))]);
  return true;
}

const typing = (element) => element.matches?.("input, select, textarea, [contenteditable]");

const keys = {
  ArrowDown: () => walk(1),
  ArrowUp: () => walk(-1),
  Escape: () => {
    if (!state.chosen) return false;
    choose(state.chosen);
    return true;
  },
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" ? event.defaultPrevented : typing(event.target)) return;
  const view = [...views].find(([, { group }]) => group === document.activeElement);
  if (view && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    choose(view[0]);
    return;
  }
  const mode = modes[state.mode];
  if (keys[event.key]?.() === true) event.preventDefault();
  else if (mode[event.key] && !keys[event.key]) {
    event.preventDefault();
    mode[event.key]();
  }
}

readDrawing();
makeModes();
setTheme(dark.matches);
dark.addEventListener("change", (event) => setTheme(event.matches));
byId("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme !== "dark"));
byId("fit").addEventListener("change", (event) => {
  event.target.dataset.chosen = "yes";
  fitDefault();
});
addEventListener("resize", arrange);
addEventListener("keydown", onKey);
addEventListener("beforeprint", () => { byId("table").open = true; });
addEventListener("hashchange", () => page.modes.includes(location.hash.slice(1)) && setMode(location.hash.slice(1)));
setMode(page.modes.includes(location.hash.slice(1)) ? location.hash.slice(1) : page.modes[0]);
fitDefault();
if (state.mode === "step") welcome();
