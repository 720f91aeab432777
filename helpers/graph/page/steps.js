// What each step of a state did to the data: a small diff against what the step worked on.

const CONTEXT = 2; // lines around a change
const LONG = 12; // lines of a value that is folded

function steps(data, visit) {
  const list = make("ol", { class: "asl-steps" });
  for (const [field, written, value, before, note] of visit.steps) {
    const item = make("li", {}, make("b", {}, field));
    if (written !== null) item.append(" ", make("code", {}, textOf(data, written)));
    if (note) item.append(make("p", { class: "asl-hint" }, note));
    if (value !== null) item.append(before === null ? whole(data, value) : diff(data, before, value));
    list.append(item);
  }
  return list;
}

// A value alone; a long one folded, because what a step changed is what counts here.
function whole(data, value) {
  const count = data.values[value].length;
  const text = make("pre", {}, textOf(data, value));
  return count <= LONG ? text : make("details", {}, make("summary", {}, `${count} lines`), text);
}

function diff(data, before, after) {
  if (before === after) return make("p", { class: "asl-hint" }, "This step changed nothing.");
  const bare = (line) => lineOf(data, line).replace(/,$/, ""); // a comma more or less is no change
  const rows = align(data.values[before], data.values[after], (a, b) => a === b || bare(a) === bare(b));
  const near = rows.map((_, at) => rows.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(([sign]) => sign !== " "));
  const pre = make("pre", { class: "asl-diff" });
  let skipped = 0;
  const skip = () => {
    if (skipped) pre.append(make("i", {}, `… ${skipped} line${skipped > 1 ? "s" : ""} unchanged`));
    skipped = 0;
  };
  rows.forEach(([sign, line], at) => {
    if (!near[at]) { skipped += 1; return; }
    skip();
    pre.append(make({ "+": "ins", "-": "del", " ": "span" }[sign], {}, `${sign} ${lineOf(data, line)}`));
  });
  skip();
  return pre;
}

// The longest common subsequence of two lists of lines: [sign, line] for each line.
function align(before, after, same) {
  const length = before.map(() => new Uint16Array(after.length + 1));
  length.push(new Uint16Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      length[i][j] = same(before[i], after[j]) ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  const rows = [];
  let i = 0, j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && same(before[i], after[j])) rows.push([" ", after[j]]), (i += 1), (j += 1);
    else if (i < before.length && (j === after.length || length[i + 1][j] >= length[i][j + 1])) rows.push(["-", before[i]]), (i += 1);
    else rows.push(["+", after[j]]), (j += 1);
  }
  return rows;
}
