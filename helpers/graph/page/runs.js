// The run panel: a photo, a user id, Run, Stop and the runs so far. Each shows the line of code that
// does the same.

function openRuns(model, holder) {
  const code = () => make("code", {});
  const lines = { photo: code(), user: code(), run: code(), stop: code(), open: code() };
  const photos = make("div", { class: "asl-photos", role: "radiogroup", "aria-label": "Photo" });
  const user = make("input", { type: "text", "aria-label": "User id", maxlength: "255" });
  const run = make("button", { type: "button", onclick: () => model.send({ do: "run" }) }, "Run");
  const stop = make("button", { type: "button", onclick: () => model.send({ do: "stop" }) }, "Stop");
  const runs = make("select", { "aria-label": "Runs so far", onchange: () => model.send({ do: "open", arn: runs.value }) });
  const message = make("p", { class: "asl-problem", role: "alert" });
  const drawn = make("div");
  user.oninput = () => save("user", user.value);
  user.addEventListener("keydown", (event) => event.stopPropagation()); // JupyterLab has keys of its own

  function save(name, value) {
    model.set(name, value);
    model.save_changes();
  }
  function showPhotos() {
    photos.replaceChildren(
      ...model.get("photos").map(({ key, image }) => {
        const radio = make("input", { type: "radio", name: `photo-${model.get("key")}`, onchange: () => save("photo", key) });
        radio.checked = key === model.get("photo");
        return make("label", {}, radio, make("img", { src: image, alt: "" }), make("span", {}, key));
      }),
    );
  }
  function show() {
    if (user.value !== model.get("user")) user.value = model.get("user");
    for (const [name, element] of Object.entries(lines)) element.textContent = model.get("code")[name];
    run.disabled = model.get("running");
    stop.disabled = !model.get("running");
    message.textContent = model.get("message");
    message.hidden = !model.get("message");
    runs.replaceChildren(
      ...model.get("runs").map(([arn, words]) => make("option", { value: arn, selected: arn === model.get("shown") }, words)),
    );
    runs.disabled = !model.get("runs").length;
  }
  const control = (name, words, ...elements) =>
    make("div", { class: "asl-control" }, words ? make("b", {}, words) : null, ...elements, lines[name]);
  holder.append(
    make("div", { class: "asl-page" },
      make("div", { class: "asl-runs asl-box", role: "group", "aria-label": "Run the state machine" },
        control("photo", "Photo", photos), control("user", "User id", user), control("run", "", run),
        control("stop", "", stop), control("open", "Runs so far", runs), message),
      drawn),
  );
  for (const name of ["user", "code", "running", "message", "runs", "shown"]) model.on(`change:${name}`, show);
  for (const name of ["photos", "photo"]) model.on(`change:${name}`, showPhotos);
  showPhotos();
  show();
  openLive(model, drawn);
}
