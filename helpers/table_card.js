// Makes a table of items sortable by its headings, and filters its rows by a text. Rows are only moved
// and hidden, never made.
function openTable(holder) {
  const NUMBER = /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i;
  const collator = new Intl.Collator(undefined, { numeric: true });
  const body = holder.querySelector("tbody");
  const headings = [...holder.querySelectorAll("thead th")];
  const count = holder.querySelector("[data-count]");
  // A long text stands in its title, and only its beginning in the cell.
  const textOf = (cell) => cell?.querySelector("[title]")?.title ?? cell?.textContent ?? "";
  const isText = (text) => !NUMBER.test(text); // numbers come first
  const compare = (a, b) => {
    if (isText(a) || isText(b)) return isText(a) - isText(b) || collator.compare(a, b);
    return a - b || Math.sign(a) * collator.compare(a, b); // of more digits than a float holds
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
      const rows = [...body.rows].sort((one, other) => {
        const [a, b] = [one, other].map((row) => textOf(row.children[column]));
        if (a === "" || b === "") return (a === "") - (b === ""); // gaps stay at the end
        return down ? compare(b, a) : compare(a, b);
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
      row.hidden = ![...row.cells].some((cell) => textOf(cell).toLowerCase().includes(wanted));
      shown += !row.hidden;
    }
    count.textContent = wanted ? ` · ${shown} of ${body.rows.length} rows` : "";
  };
  field.addEventListener("keydown", (event) => event.stopPropagation()); // JupyterLab has keys of its own
  count.before(" ", field);
}
