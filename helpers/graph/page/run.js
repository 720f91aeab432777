// What a run looked like at a moment: statuses of states, retries, iterations.
// `look` is what somebody looks at: {state, visit, time, items, jsonTab}. A time of null is the end.

// Each value as its lines; it is sent as [back, head, tail, ...lines]: how much is as in one before.
function unpacked(data) {
  const values = [];
  for (const [back, head, tail, ...lines] of data.values) {
    const like = back ? values[values.length - back] : [];
    values.push([...like.slice(0, head), ...lines, ...like.slice(like.length - tail)]);
  }
  return { ...data, values };
}

const lineOf = (data, number) => "  ".repeat(number % (DEEPEST + 1)) + data.lines[Math.floor(number / (DEEPEST + 1))];
const textOf = (data, value) => data.values[value].map((number) => lineOf(data, number)).join("\n");

const classOf = (status) => status.replace(" ", "-");

function statusAt(visit, time) {
  if (time === null) return visit.status;
  if (visit.entered > time) return "not started";
  return visit.left === null || visit.left > time ? "in progress" : visit.status;
}

const upTo = (times, time) => (time === null ? times.length : times.filter((t) => t <= time).length);

// Whether a visit belongs to the iterations that were chosen, one for each Map around it.
function isChosen(data, visit, items) {
  for (let at = visit; at.outer !== null; at = data.visits[at.outer]) {
    const item = items[at.outer];
    if (item !== undefined && at.item !== null && at.item !== item) return false;
  }
  return true;
}

// The visits to a state that had begun at a time, as numbers.
function visitsOf(data, state, time, items) {
  const found = [];
  (data.visits || []).forEach((visit, number) => {
    if (visit.state !== state || !isChosen(data, visit, items)) return;
    if (time === null || visit.entered <= time) found.push(number);
  });
  return found;
}

// One status for many visits: in a loop the last, in a Map the one that matters most.
function stateAt(data, state, time, items) {
  const visits = visitsOf(data, state, time, items).map((number) => data.visits[number]);
  if (!visits.length) return { status: "not started", badge: "" };
  const last = visits[visits.length - 1];
  const statuses = visits.map((visit) => statusAt(visit, time));
  const status =
    last.outer === null ? statuses[statuses.length - 1] : WORST.find((one) => statuses.includes(one));
  const retries = visits.reduce((sum, visit) => sum + upTo(visit.retried, time), 0);
  let badge = "";
  if (retries) badge = retries === 1 ? "1 retry" : `${retries} retries`;
  else if (last.items !== null) badge = `${upTo(last.done, time)} of ${last.items}`;
  else if (visits.length > 1) badge = `${visits.length} times`;
  return { status, badge };
}

function duration(milliseconds) {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  if (milliseconds < 60000) return `${(milliseconds / 1000).toFixed(milliseconds < 10000 ? 2 : 1)} s`;
  return `${Math.floor(milliseconds / 60000)} min ${Math.round((milliseconds % 60000) / 1000)} s`;
}

// Make an element: a tag, attributes, children (texts or elements). Texts stay texts.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick" || name === "oninput" || name === "onchange") element[name] = value;
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}
