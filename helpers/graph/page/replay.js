// The scrubber: goes back to any moment of the run, and plays it again.

const SHORTEST_PLAY = 4000; // milliseconds on the watch, however short the run was
const LONGEST_PLAY = 20000;
const TICK = 50;

VIEWS.replay = function replay(page) {
  let timer = null;
  const play = make("button", { type: "button", onclick: () => (timer ? stop() : start()) }, "▶ Play");
  const slider = make("input", { type: "range", min: "0", step: "1", "aria-label": "Moment of the run", oninput: () => { stop(); go(Number(slider.value)); } });
  const said = make("output", {});
  const element = make("div", { class: "asl-replay asl-box", role: "group", "aria-label": "Replay" }, play, slider, said);
  const end = () => Math.max(1, newest(page.data));

  function go(time) {
    page.choose({ time: time >= end() ? null : time });
  }
  function start() {
    const whole = Math.min(LONGEST_PLAY, Math.max(SHORTEST_PLAY, end()));
    let at = page.look.time ?? 0;
    play.textContent = "❚❚ Pause";
    timer = setInterval(() => {
      at += (end() * TICK) / whole;
      if (!element.isConnected || at >= end()) stop();
      go(at);
    }, TICK);
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "▶ Play";
  }
  function show() {
    const time = page.look.time ?? end();
    slider.max = String(end());
    slider.value = String(time);
    slider.setAttribute("aria-valuetext", duration(Math.round(time)));
    said.textContent = `${duration(Math.round(time))} of ${duration(end())}`;
  }
  return { element, show };
};
