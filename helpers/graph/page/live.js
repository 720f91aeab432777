// A page that a running kernel keeps up to date: new data as a run goes on, a new picture when the
// definition is another one. What somebody looks at stays.

function openLive(model, holder) {
  const given = () => ({ svg: model.get("svg"), data: model.get("data"), views: model.get("views") });
  let page = openPage(given());
  let svg = model.get("svg");
  opened.set(model.get("key"), page);
  holder.append(page.element);
  model.on("change:data", () => {
    if (model.get("svg") === svg) return page.update(model.get("data"));
    svg = model.get("svg");
    const { look, element } = page;
    page = openPage(given());
    if (look.state in page.data.states) page.choose({ state: look.state });
    element.replaceWith(page.element);
  });
}
