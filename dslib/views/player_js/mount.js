/* The ways in: into an element, into JupyterLab, into a page without a kernel. */

/** Draw `bundle`, a run or a comparison of two, into `element`. Returns {update, destroy, seek, step, play, pause, time, acts, root}.
 *
 * A bundle that cannot be drawn is refused with a sentence above what stands in the element, and drawn when a better one comes. */
export function mount(element, bundle, options = {}) {
  let player = null, sentence = null;
  const update = (next) => {
    if (player && (player instanceof Comparison) === isComparison(next)) {
      player.update(next);
      return;
    }
    sentence?.remove();
    try {
      const opened = isComparison(next) ? openComparison(next) : openRun(next);
      player?.destroy();
      player = isComparison(next) ? new Comparison(element, opened, options) : new Player(element, opened, options);
    } catch (error) {
      sentence = make("p", { role: "alert" }, whyNot(error));
      element.prepend(sentence);
    }
  };
  update(bundle);
  return {
    update, destroy: () => { player?.destroy(); sentence?.remove(); }, seek: (time) => player?.go(time), step: (n) => player?.step(n),
    play: () => player?.play(), pause: () => player?.pause(), get time() { return player?.time; }, get acts() { return player?.acts ?? []; },
    get root() { return player?.root; }, warn: (words) => player?.showTrouble(words), setWindow: (start, span) => player?.setWindow(start, span),
  };
}

const isComparison = (bundle) => isRecord(bundle) && "runs" in bundle;

const GONE = "The kernel was restarted or has ended. This is the picture from before, and you can still move through it. To go on breaking things, "
  + "run this cell again. Your acts are kept until then: “Copy code” gives them as Python.";

const CLOSED = "Python has closed this view. The picture stays, and you can still move through it. To go on breaking things, run this cell again.";

const ASLEEP = "This picture was kept in the notebook. Run its cell to break the run by hand.";

/** In JupyterLab: the model has `bundle` (from Python), `acts` and `request` (to Python). A kernel that starts again is another
 * one, which knows nothing of this view; the notebook says so by the kernel's status. */
function render({ model, el }) {
  const kernel = model.widget_manager?.kernel, asleep = el.closest(".jupyter-widgets-disconnected") ? ASLEEP : null;
  let gone = false, kept = false;
  const player = mount(el, model.get("bundle"), {
    asleep,
    onActs: asleep ? null : (acts, request) => {
      if (gone || kernel?.isDisposed) throw new Error("its kernel was restarted or has ended");
      model.set("acts", acts);
      model.set("request", request);
      model.save_changes();
    },
    link: (time) => `at=${sayTime(time)}`,
    linkLabel: "Copy this moment as at=…",
  });
  const changed = () => player.update(model.get("bundle"));
  const watch = (_, status) => {
    if (gone || asleep || !["starting", "restarting", "autorestarting", "terminating", "dead"].includes(status)) return;
    gone = true;
    player.warn(GONE);
  };
  const keep = () => {                                     // the notebook now takes away `el`, and hides what held it
    gone = kept = true;
    (el.closest(".jp-OutputArea-child") ?? el.parentElement)?.append(make("div", { style: "flex: 1; min-width: 0" }, ...el.childNodes));
    player.warn(CLOSED);
  };
  model.on("change:bundle", changed);
  model.on("comm:close", keep);
  kernel?.statusChanged?.connect(watch);
  return () => {
    model.off("change:bundle", changed);
    model.off("comm:close", keep);
    kernel?.statusChanged?.disconnect(watch);
    if (!kept) player.destroy();
  };
}

/** In a page without a kernel: draw into every element that carries a recorded run. Python calls this at the end of its
 * classic script. What stood there for readers without a script stays if the run cannot be drawn. An address that ends in
 * "#t=123.4" or "#player-2@123.4" opens the player there. */
function mountAll() {
  const shown = [];
  const follow = () => {
    const wanted = readFragment(location.hash), found = wanted && shown[wanted.number - 1];
    if (!found) return;
    found.player.pause();
    found.player.seek(wanted.time);
    found.element.scrollIntoView({ block: "start" });
  };
  const start = () => {
    const elements = [...document.querySelectorAll("[data-dslib-player][data-bundle]")];
    for (const element of elements) {
      const data = element.dataset.bundle, number = shown.length + 1;
      element.removeAttribute("data-bundle");
      const link = (time) => {
        const fragment = fragmentFor(number, elements.length === 1, time);
        return location.href.split("#")[0] + fragment;
      };
      shown.push({ element, player: mount(element, readText(data), { link }) });
    }
    follow();
    addEventListener("hashchange", follow);
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
