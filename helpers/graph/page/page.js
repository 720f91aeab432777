const MOST_GLIDE = 700; // milliseconds

// The last moment that is known of a run.
const newest = (data) => data.run?.end ?? Math.max(0, ...(data.visits || []).map((visit) => visit.left ?? visit.entered));

// A page: views of one run that share what is looked at. `VIEWS` holds those that can be opened by name.

const VIEWS = { picture, panel };
const opened = (window.wildRydesPages ??= new Map()); // the pages of this window, by the run they show

function openPage({ svg, data, views }) {
  const unique = Math.random().toString(36).slice(2); // the same run may stand in a notebook twice
  const page = {
    svg,
    data: unpacked(data),
    look: { state: null, visit: null, time: null, items: {} },
    element: make("div", { class: "asl-page" }),
    id: (words) => `asl-${unique}-${words.replaceAll(" ", "-").toLowerCase()}`,
    choose(change) {
      if ("time" in change) gliding = null;
      Object.assign(page.look, change);
      show();
      page.onchoose?.(page.look);
    },
    update(packed) {
      const data = unpacked(packed);
      announce(page.data, data);
      const from = gliding ? page.look.time : newest(page.data);
      page.data = data;
      if ((gliding || page.look.time === null) && from < newest(data) && !still.matches) glide(from, newest(data));
      else show();
    },
  };
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  let gliding = null; // while the picture catches up with the run

  const said = make("div", { class: "asl-said", role: "status", "aria-live": "polite" });
  const shown = views.map((name) => VIEWS[name](page));
  const head = headline(page);
  shown.push(head);
  page.element.append(head.element, make("div", { class: "asl-views" }, ...shown.slice(0, -1).map((view) => view.element)), said);
  function show() {
    for (const view of shown) view.show();
  }
  // What came at once is shown one after the other, as it happened, but never long after it.
  function glide(from, to) {
    const mine = (gliding = {});
    const begun = performance.now();
    head.show();
    const step = () => {
      if (gliding !== mine) return;
      const share = (performance.now() - begun) / Math.min(MOST_GLIDE, to - from);
      if (share < 1) requestAnimationFrame(step);
      else gliding = null;
      page.look.time = share < 1 ? from + (to - from) * share : null;
      if (share < 1) shown[0].show();
      else show();
    };
    step();
  }
  function announce(before, after) {
    const news = Object.keys(after.states)
      .filter((name) => stateAt(before, name, null, {}).status !== stateAt(after, name, null, {}).status)
      .map((name) => `${name}: ${stateAt(after, name, null, {}).status}`);
    if (news.length) said.textContent = news.join(", ");
  }
  show();
  return page;
}

// The line above all views: how the execution stands, its name, and what went wrong in it.
function headline(page) {
  const element = make("div", { class: "asl-headline" });
  function show() {
    const { run, title, notes } = page.data;
    if (!run) return element.replaceChildren(make("strong", {}, title));
    const status = run.status === "RUNNING" ? "in progress" : run.status.toLowerCase().replace("_", " ");
    const pill = make("span", { class: `asl-pill ${classOf(status)}` }, make("b", {}, run.status));
    const spent = run.end === null ? "" : ` after ${duration(run.end)}`;
    element.replaceChildren(
      make("div", {}, pill, spent, title ? ` · ${title}` : ""),
      ...notes.map(([first, second]) => make("div", {}, make("b", {}, first), second)),
    );
  }
  return { element, show };
}

// Take the place of a snapshot's picture. A page that was open while the run went on moves in as it is.
function openSnapshot(holder) {
  const kept = JSON.parse(holder.querySelector("script[type='application/json']").textContent);
  const image = holder.querySelector(":scope > img").src;
  const svg = decodeURIComponent(image.slice(image.indexOf(",") + 1));
  const live = opened.get(kept.key);
  const page = live ?? openPage({ ...kept, svg });
  opened.delete(kept.key);
  if (live) live.update(kept.data);
  holder.replaceChildren(page.element);
  return page;
}

// Several pictures side by side share the state that is chosen.
function openSnapshots(holders) {
  const pages = holders.map(openSnapshot);
  for (const page of pages) {
    page.onchoose = ({ state }) => {
      for (const other of pages)
        if (other.look.state !== state && (state === null || state in other.data.states)) other.choose({ state, visit: null });
    };
  }
}
