// Makes a table of items sortable by its headings, and filters its rows by a text. The values to sort
// by stand in data-value; what is there already is only moved and hidden, never made.
function openTable(holder) {
  const body = holder.querySelector("tbody");
  const headings = [...holder.querySelectorAll("thead th")];
  const count = holder.querySelector("[data-count]");
  const valueOf = (row, column) => row.children[column]?.dataset.value ?? row.children[column]?.textContent ?? "";
  const compare = (a, b) => {
    if (a === b) return 0;
    if (a === "") return 1; // gaps stay at the end
    if (b === "") return -1;
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.style.cssText = "all:unset;cursor:pointer;text-decoration:underline dotted";
    button.append(...heading.childNodes);
    button.onclick = () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of headings) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => {
        const order = compare(valueOf(a, column), valueOf(b, column));
        const gap = valueOf(a, column) === "" || valueOf(b, column) === "";
        return down && !gap ? -order : order;
      });
      body.append(...rows);
    };
    button.onfocus = () => (button.style.outline = "2px solid currentColor");
    button.onblur = () => (button.style.outline = "");
    heading.append(button);
  });
  const field = document.createElement("input");
  field.type = "search";
  field.placeholder = "Filter rows";
  field.setAttribute("aria-label", "Filter rows");
  field.oninput = () => {
    const wanted = field.value.toLowerCase();
    let shown = 0;
    for (const row of body.rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += !row.hidden;
    }
    count.textContent = wanted ? ` · ${shown} of ${body.rows.length} rows` : "";
  };
  field.addEventListener("keydown", (event) => event.stopPropagation()); // JupyterLab has keys of its own
  count.before(" ", field);
}
