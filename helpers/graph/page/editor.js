// A definition as text beside its picture: what is typed is drawn, what the kernel changes is shown.

const TYPING_PAUSE = 300; // milliseconds

function openEditor(model, holder) {
  const area = make("textarea", { spellcheck: "false", "aria-label": "Definition as JSON", rows: "24" });
  const problem = make("p", { class: "asl-problem", role: "alert", hidden: true });
  const drawn = make("div");
  let waiting = null;
  const read = () => {
    if (area.value !== model.get("text")) area.value = model.get("text");
  };
  const complain = () => {
    problem.textContent = model.get("problem");
    problem.hidden = !model.get("problem");
  };
  area.oninput = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      model.set("text", area.value);
      model.save_changes();
    }, TYPING_PAUSE);
  };
  area.addEventListener("keydown", (event) => event.stopPropagation()); // JupyterLab has keys of its own
  model.on("change:text", read);
  model.on("change:problem", complain);
  read();
  complain();
  holder.append(make("div", { class: "asl-page" }, make("div", { class: "asl-editor" }, make("div", {}, area, problem), drawn)));
  openLive(model, drawn);
}
