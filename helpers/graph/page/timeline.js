// The timeline: a bar for each visit to a state, with waits hatched and retries marked.

const MOST_BARS = 300;

VIEWS.timeline = function timeline(page) {
  const element = make("div", { class: "asl-timeline asl-box", role: "region", "aria-label": "Timeline" });
  const share = (time, end) => `${Math.min(100, (100 * time) / end).toFixed(3)}%`;

  function show() {
    const { data, look } = page;
    if (!data.run) return;
    const visits = data.visits;
    const end = Math.max(1, newest(data));
    const kept = element.contains(document.activeElement) ? document.activeElement.id : null;
    element.replaceChildren(
      axis(end),
      ...visits.slice(0, MOST_BARS).map((visit, number) => row(data, look, visit, number, end)),
    );
    if (visits.length > MOST_BARS)
      element.append(make("p", { class: "asl-hint" }, `… ${visits.length - MOST_BARS} more visits: execution.visits has all.`));
    if (kept) element.querySelector(`[id="${kept}"]`)?.focus();
  }

  function axis(end) {
    const step = [1, 2, 5].flatMap((n) => [1, 10, 100, 1000, 10000, 100000, 1000000, 10000000].map((ten) => n * ten))
      .sort((a, b) => a - b).find((size) => end / size <= 6) ?? end;
    const marks = [];
    for (let at = 0; at <= end; at += step)
      marks.push(make("span", { style: `left:${share(at, end)}` }, at ? duration(at) : "0"));
    return make("div", { class: "asl-row asl-axis", "aria-hidden": "true" }, make("span"), make("div", { class: "asl-lane" }, ...marks));
  }

  function row(data, look, visit, number, end) {
    const status = statusAt(visit, look.time);
    const until = look.time === null ? visit.left ?? end : Math.min(visit.left ?? look.time, look.time);
    const spent = Math.max(0, until - visit.entered);
    const waits = data.states[visit.state]?.about.startsWith("Wait") ? " waits" : "";
    let depth = 0;
    for (let at = visit; at.outer !== null; at = data.visits[at.outer]) depth += 1;
    const item = visit.item === null ? "" : ` [${visit.item}]`;
    const retries = visit.retried.filter((time) => look.time === null || time <= look.time);
    const tried = retries.length ? `, ${retries.length + 1} attempts` : "";
    const chosen = look.state === visit.state && (look.visit === null || look.visit === number);
    const lane = make("div", { class: "asl-lane" });
    if (status !== "not started") {
      const bar = make("div", {
        class: `asl-pill asl-bar ${classOf(status)}${waits}`,
        style: `left:${share(visit.entered, end)};width:max(4px,${share(spent, end)})`,
      });
      lane.append(bar, ...retries.map((time) => make("i", { style: `left:${share(time, end)}`, title: "tried again" })));
    }
    if (look.time !== null) lane.append(make("b", { style: `left:${share(look.time, end)}` }));
    return make("button", {
      type: "button", class: "asl-row", id: page.id(`bar ${number}`), "aria-pressed": String(chosen),
      "aria-label": `${visit.state}${item}: ${status}, ${duration(spent)}${tried}`,
      onclick: () => page.choose({ state: visit.state, visit: number }),
    },
      make("span", { style: `padding-left:${depth}em` }, visit.state + item),
      lane,
      make("span", {}, status === "not started" ? "" : duration(spent)),
    );
  }
  return { element, show };
};
