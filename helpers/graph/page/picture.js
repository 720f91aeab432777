const HEAD = "46"; // pixels of a big box that are its own

// The picture: colours it for a moment, lets states be chosen with mouse and keys, zooms.

function picture(page) {
  const holder = make("div", { class: "asl-picture" });
  holder.innerHTML = page.svg; // made and escaped by helpers/graph/svg.py
  const svg = holder.querySelector("svg");
  svg.setAttribute("role", "group");
  const boxes = [...svg.querySelectorAll("[data-state]")];
  const edges = [...svg.querySelectorAll(".edge")];
  const buttons = boxes.map(buttonOver);
  buttons.forEach((button, index) => button.setAttribute("tabindex", index ? "-1" : "0"));

  // Lay a button over a box, over the head of one that holds states; its name says what is drawn.
  function buttonOver(box) {
    for (const part of box.children) part.setAttribute("aria-hidden", "true");
    const button = [...box.querySelectorAll(":scope > .card")].pop().cloneNode();
    if (box.classList.contains("big")) button.setAttribute("height", HEAD);
    button.setAttribute("class", "asl-button");
    button.setAttribute("role", "button");
    button.setAttribute("aria-label", box.querySelector(":scope > title").textContent);
    button.removeAttribute("aria-hidden");
    box.append(button);
    return button;
  }

  function choose(box) {
    for (const button of buttons) button.setAttribute("tabindex", button.parentNode === box ? "0" : "-1");
    page.choose({ state: box.dataset.state, visit: null });
  }
  svg.addEventListener("click", (event) => {
    const box = event.target.closest("[data-state]");
    if (box) choose(box);
    else page.choose({ state: null, visit: null });
  });
  svg.addEventListener("keydown", (event) => {
    const at = boxes.indexOf(event.target.closest("[data-state]"));
    if (at < 0) return;
    const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    let to = event.key in steps ? at + steps[event.key] : at;
    if (event.key === "Home") to = 0;
    if (event.key === "End") to = boxes.length - 1;
    if (event.key === "Enter" || event.key === " ") choose(boxes[at]);
    else if (event.key === "Escape") page.choose({ state: null, visit: null });
    else if (boxes[to] && to !== at) buttons[to].focus();
    else return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has keys of its own
  });

  const natural = Number(svg.getAttribute("width"));
  svg.style.setProperty("--asl-natural", `${natural}px`);
  let zoom = null; // null: as much as fits
  function enlarge(factor) {
    const now = svg.getBoundingClientRect().width / natural;
    zoom = factor && Math.min(3, Math.max(0.2, now * factor));
    svg.style.width = zoom ? `${natural * zoom}px` : "";
    svg.style.maxWidth = svg.style.maxHeight = zoom ? "none" : "";
    svg.style.minWidth = zoom ? "0" : "";
  }
  const button = (sign, words, factor) =>
    make("button", { type: "button", title: words, "aria-label": words, onclick: () => enlarge(factor) }, sign);
  const frame = make(
    "div",
    { class: "asl-frame" },
    holder,
    make(
      "div",
      { class: "asl-zoom", role: "group", "aria-label": "Size of the graph" },
      button("−", "Smaller", 0.8),
      button("Fit", "Fit the graph into the page", null),
      button("+", "Larger", 1.25),
    ),
  );

  function choosable(box) {
    const chosen = page.look.state === box.dataset.state;
    box.classList.toggle("chosen", chosen);
    box.lastChild.setAttribute("aria-pressed", chosen);
  }

  function paint(box, { status, badge }) {
    const word = box.querySelector(":scope > .sub > .status");
    if (word.textContent === status && box.dataset.badge === badge) return;
    box.classList.remove(...Object.keys(ICONS).map(classOf));
    box.classList.add(classOf(status));
    const words = `${box.dataset.state}, ${status}`;
    box.lastChild.setAttribute("aria-label", badge ? `${words}, ${badge}` : words);
    word.textContent = status;
    box.querySelector(":scope > title").textContent = words;
    box.querySelector(":scope > g > .icon").setAttribute("d", ICONS[status]);
    const mark = box.querySelector(":scope > .badge");
    box.dataset.badge = badge;
    mark.setAttribute("visibility", badge ? "visible" : "hidden");
    const wide = badge.length * BADGE_LETTER + 12;
    mark.firstChild.setAttribute("x", -wide);
    mark.firstChild.setAttribute("width", wide);
    mark.lastChild.setAttribute("x", -wide / 2);
    mark.lastChild.textContent = badge;
  }

  function show() {
    const { data, look } = page;
    for (const box of boxes) choosable(box);
    if (!data.run) return;
    const ran = boxes.filter((box) => !box.classList.contains("missing"));
    for (const box of ran) paint(box, stateAt(data, box.dataset.state, look.time, look.items));
    const taken = (data.ways || []).filter(([, , when]) => look.time === null || when <= look.time);
    const names = new Set(taken.map(([from, to]) => JSON.stringify([from || "", to || ""])));
    for (const edge of edges) {
      const walked = names.has(JSON.stringify([edge.dataset.from, edge.dataset.to]));
      if (edge.classList.toggle("taken", walked) && edge.nextSibling) edge.parentNode.append(edge);
    }
  }
  return { element: frame, show };
}
