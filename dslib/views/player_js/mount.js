/* The ways in: into an element, into JupyterLab, into a page without a kernel. */

/** Draw `bundle` into `element`. Returns {update, destroy, seek, step, play, pause, time, acts, root}.
 *
 * A bundle that cannot be drawn is refused with a sentence above what stands in the element, and drawn when a better one comes. */
export function mount(element, bundle, options = {}) {
  let player = null, sentence = null;
  const update = (next) => {
    if (player) {
      player.update(next);
      return;
    }
    sentence?.remove();
    try {
      player = new Player(element, openRun(next), options);
    } catch (error) {
      sentence = make("p", { role: "alert" }, whyNot(error));
      element.prepend(sentence);
    }
  };
  update(bundle);
  return {
    update, destroy: () => { player?.destroy(); sentence?.remove(); }, seek: (time) => player?.go(time), step: (n) => player?.step(n),
    play: () => player?.play(), pause: () => player?.pause(), get time() { return player?.time; }, get acts() { return player?.acts ?? []; },
    get root() { return player?.root; },
  };
}

/** In JupyterLab: the model has `bundle` (from Python), `acts` and `request` (to Python). */
function render({ model, el }) {
  const player = mount(el, model.get("bundle"), {
    onActs(acts, request) {
      model.set("acts", acts);
      model.set("request", request);
      model.save_changes();
    },
  });
  const changed = () => player.update(model.get("bundle"));
  model.on("change:bundle", changed);
  return () => {
    model.off("change:bundle", changed);
    player.destroy();
  };
}

/** In a page without a kernel: draw into every element that carries a recorded run. Python calls this at the end of its
 * classic script. What stood there for readers without a script stays if the run cannot be drawn. */
function mountAll() {
  const start = () => {
    for (const element of document.querySelectorAll("[data-dslib-player][data-bundle]")) {
      const data = element.dataset.bundle;
      element.removeAttribute("data-bundle");
      mount(element, readText(data));
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
}

/** The bundle that a page carries; text that is no JSON stays text, and is refused like any other bundle. */
function readText(data) {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

export default { render };
