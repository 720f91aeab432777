// The panel: all that is known of the chosen state, or of the whole run.

function panel(page) {
  const element = make("div", { class: "asl-panel", role: "region", "aria-label": "State details" });
  let tab = null;

  function show() {
    const { data, look } = page;
    const scrolled = element.querySelector(".asl-pane")?.scrollTop;
    const before = element.dataset.of;
    const content = look.state === null ? ofRun(data) : ofState(data, look);
    const focused = document.activeElement?.closest?.(".asl-panel") === element && document.activeElement.id;
    element.replaceChildren(...content);
    element.hidden = !content.length;
    element.dataset.of = JSON.stringify([look.state, look.visit, tab]);
    if (before === element.dataset.of && scrolled) element.querySelector(".asl-pane").scrollTop = scrolled;
    if (focused) element.querySelector(`[id="${focused}"]`)?.focus();
  }

  function ofRun(data) {
    const run = data.run;
    if (!run) return []; // a definition alone has the room for its graph
    const tabs = { Input: () => json(data, run.input) };
    if (run.output !== null) tabs.Output = () => json(data, run.output);
    return [
      heading("The execution"),
      ...problem(data, run.error, run.cause),
      ...tabbed(tabs),
      make("p", { class: "asl-hint" }, "Choose a state to see what happened in it."),
    ];
  }

  function ofState(data, look) {
    const state = data.states[look.state];
    const numbers = visitsOf(data, look.state, look.time, look.items);
    const number = numbers.includes(look.visit) ? look.visit : numbers[numbers.length - 1];
    const visit = data.visits?.[number];
    const changes = state.changes ? { Changes: () => diff(data, ...state.changes) } : {};
    const definition = { ...changes, Definition: () => json(data, state.definition) };
    const said = (state.said || []).map((sentence) => make("p", {}, sentence));
    if (!visit) {
      const missing = data.run ? [heading(look.state, "not started")] : [heading(look.state)];
      return [...missing, make("p", { class: "asl-about" }, state.about), ...said, ...tabbed(definition)];
    }
    const status = statusAt(visit, look.time);
    const over = status !== "in progress";
    const tabs = {};
    if (visit.steps?.length) tabs.Steps = () => steps(data, visit);
    tabs.Input = () => json(data, visit.input);
    if (over && visit.output !== null) tabs.Output = () => json(data, visit.output);
    const spent = over ? duration(visit.left - visit.entered) : "not over yet";
    const known = [["Duration", spent], ["Attempts", String(upTo(visit.retried, look.time) + 1)]];
    if (visit.items !== null) known.push(["Iterations", `${upTo(visit.done, look.time)} of ${visit.items}`]);
    return [
      heading(look.state, status),
      make("p", { class: "asl-about" }, state.about),
      stepper(data, numbers, number),
      iterations(data, number, visit, look),
      facts(known),
      ...(over || visit.retried.length ? problem(data, visit.error, visit.cause) : []),
      ...tabbed({ ...tabs, ...definition }),
    ].filter(Boolean);
  }

  // Earlier and later visits to the same state: of a loop, of the iterations of a Map.
  function stepper(data, numbers, number) {
    if (numbers.length < 2) return null;
    const at = numbers.indexOf(number);
    const item = data.visits[number].item;
    const words = item === null ? "" : ` (item ${item})`;
    return stepping(`Visit ${at + 1} of ${numbers.length}${words}`, "visit", at, numbers.length, (to) =>
      page.choose({ visit: numbers[to] }),
    );
  }

  // The iterations of a Map: one of them, or all at once.
  function iterations(data, number, visit, look) {
    if (!visit.items) return null;
    const chosen = look.items[number];
    const words = chosen === undefined ? "All iterations" : `Item ${chosen} of 0 to ${visit.items - 1}`;
    return stepping(words, "iteration", chosen ?? -1, visit.items, (to) => {
      const items = { ...look.items, [number]: to };
      if (to < 0) delete items[number];
      page.choose({ items });
    }, -1);
  }

  function stepping(words, what, at, count, go, first = 0) {
    const button = (sign, label, to) =>
      make("button", {
        type: "button", id: page.id(`${what} ${label}`), "aria-label": `${label} ${what}`,
        disabled: to < first || to >= count, onclick: () => go(to),
      }, sign);
    return make("div", { class: "asl-stepper" }, button("◀", "Previous", at - 1), words, button("▶", "Next", at + 1));
  }

  function heading(words, status) {
    const pill = status ? make("span", { class: `asl-pill ${classOf(status)}` }, status) : null;
    return make("div", { class: "asl-heading" }, make("strong", {}, words), pill);
  }

  function facts(pairs) {
    return make("dl", {}, ...pairs.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  }

  function problem(data, error, cause) {
    if (!error && cause === null) return [];
    const words = cause === null ? null : make("pre", {}, textOf(data, cause));
    return [make("div", { class: "asl-problem" }, make("strong", {}, error || "Error"), words)];
  }

  function tabbed(tabs) {
    const names = Object.keys(tabs);
    const open = names.includes(tab) ? tab : names[0];
    const choose = (name) => { tab = name; show(); element.querySelector('[aria-selected="true"]').focus(); };
    const buttons = names.map((name) =>
      make("button", {
        type: "button", role: "tab", id: page.id(`tab ${name}`), "aria-controls": page.id("pane"),
        "aria-selected": String(name === open), tabindex: name === open ? "0" : "-1", onclick: () => choose(name),
      }, name),
    );
    const list = make("div", { role: "tablist", "aria-label": "What to look at" }, ...buttons);
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      choose(names[(names.indexOf(open) + step + names.length) % names.length]);
    });
    const pane = make("div", {
      class: "asl-pane", role: "tabpanel", id: page.id("pane"), tabindex: "0", "aria-labelledby": page.id(`tab ${open}`),
    }, tabs[open]());
    return [list, pane];
  }

  function json(data, value) {
    return value === null
      ? make("p", { class: "asl-hint" }, "It was not recorded.")
      : make("pre", {}, textOf(data, value));
  }

  return { element, show };
}
