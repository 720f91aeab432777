// The table of events, filtered by state and type, linked to what is chosen in the picture.

const MOST_ROWS = 500;
const CHOSEN = "the chosen state";

VIEWS.table = function table(page) {
  const filter = { state: "", type: "" };
  const pick = (name, words) => {
    const select = make("select", { "aria-label": words, onchange: () => { filter[name] = select.value; show(); } });
    return select;
  };
  const states = pick("state", "Events of which state");
  const types = pick("type", "Events of which type");
  const count = make("span", { class: "asl-hint" });
  const body = make("tbody");
  const head = make("tr", {}, ...["#", "Time", "Type", "State", "Details"].map((name) => make("th", { scope: "col" }, name)));
  const list = make("div", { class: "asl-scroll", tabindex: "0", role: "group", "aria-label": "List of events" }, make("table", {}, make("thead", {}, head), body));
  const element = make("div", { class: "asl-events asl-box", role: "region", "aria-label": "Events" },
    make("div", { class: "asl-filter" }, states, types, count),
    list,
  );

  function options(select, words, values, kept) {
    if (select.dataset.of === values.join("\n")) return;
    select.dataset.of = values.join("\n");
    select.replaceChildren(make("option", { value: "" }, words), ...values.map((value) => make("option", {}, value)));
    select.value = kept;
  }

  function show() {
    const { data, look } = page;
    const nameOf = (visit) => (visit === null ? "" : data.visits[visit].state);
    options(states, "All states", [CHOSEN, ...Object.keys(data.states)], filter.state);
    options(types, "All types", [...new Set(data.events.map((event) => event[3]))].sort(), filter.type);
    const state = filter.state === CHOSEN ? look.state : filter.state;
    const found = data.events.filter(([, , time, type, visit]) =>
      (!state || nameOf(visit) === state) && (!filter.type || type === filter.type) && (look.time === null || time <= look.time));
    count.textContent = found.length > MOST_ROWS
      ? `the first ${MOST_ROWS} of ${found.length} events`
      : `${found.length} of ${data.events.length} events`;
    body.replaceChildren(...found.slice(0, MOST_ROWS).map((event) => row(data, look, event, nameOf(event[4]))));
    if (shown !== `${look.visit} ${look.state}`) reveal();
    shown = `${look.visit} ${look.state}`;
  }

  // Scroll to the events of what was chosen, unless one of them can be seen.
  let shown = "";
  function reveal() {
    const chosen = [...body.querySelectorAll("tr.chosen")];
    const seen = (row) => row.offsetTop >= list.scrollTop && row.offsetTop < list.scrollTop + list.clientHeight;
    if (chosen.length && !chosen.some(seen)) list.scrollTop = chosen[0].offsetTop - head.offsetHeight;
  }

  function row(data, look, [id, , time, type, visit, details], name) {
    const chosen = look.state === name && name !== "" && (look.visit === null || look.visit === visit);
    const link = name && make("button", { type: "button", onclick: () => page.choose({ state: name, visit }) }, name);
    const empty = textOf(data, details) === "{}";
    const more = empty ? "" : make("details", {}, make("summary", {}, "show"), make("pre", {}, textOf(data, details)));
    return make("tr", { class: chosen && "chosen" },
      make("td", {}, String(id)), make("td", {}, duration(time)), make("td", {}, type), make("td", {}, link), make("td", {}, more));
  }
  return { element, show };
};
