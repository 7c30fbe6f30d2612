/* Sliders, menus and boxes beside a picture that follows them (explore.py).
 *
 *   mount(element, controls, first, ask)   draws the controls and the first picture; returns show.
 *     controls: [{name, kind: "range" | "choice" | "box", labels: [text of each value], at: index of the first}]
 *     ask(indices): the reader wants these values; answer with show({html, words, alert}).
 *
 * Live, Python is asked (the default export, for anywidget). Without a kernel, recorded pictures answer: Python puts this
 * file into the page as a plain script (its `export` taken off) and calls playFrames.
 */

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  // JupyterLab would take the arrow keys, and looks at the focused element before its surroundings.
  if (/^(input|button|select)$/.test(tag)) element.setAttribute("data-lm-suppress-shortcuts", "true");
  element.append(...children);
  return element;
}

let ids = 0;

function mount(host, controls, first, ask) {
  const prefix = `dslib-explore-${++ids}-${Math.random().toString(36).slice(2, 8)}`;
  const now = controls.map((control) => control.at);
  const frame = make("div", { class: "dslib-frame" });
  const note = make("p", { class: "dslib-busy-note" });  // what is going on; not announced each second
  const said = make("p", { class: "dslib-said", role: "status" });
  const alert = make("p", { class: "dslib-alert", role: "alert" });
  const reset = make("button", { type: "button" }, "Back to the start");
  const rows = controls.map((control, which) => row(control, `${prefix}-${which}`, (index) => {
    now[which] = index;
    settle();
  }));
  const form = make("form", { class: "dslib-view" },
    make("div", { class: "dslib-controls" }, ...rows.map((r) => r.element)),
    make("div", { class: "dslib-under" }, reset, note), alert, frame, said);
  let waiting = 0, clock = 0, started = false, asked = null;  // asked: the values that the next answer is for

  function settle() {
    reset.hidden = controls.every((control, which) => now[which] === control.at);
    if (!started) return;
    clearTimeout(waiting);                               // one question for a burst of arrow keys
    waiting = setTimeout(question, 90);
  }

  function question() {
    if (asked) return;                                   // a slow run is not asked for what nobody wants any more
    asked = [...now];
    busy(true);
    try {
      ask(asked);
    } catch {                                            // anywidget cannot send
      asked = null;
      busy(false);
      alert.textContent = "The kernel that drew this is gone. Run this cell again.";
      alert.hidden = false;
    }
  }

  function busy(on) {
    clearInterval(clock);
    form.classList.toggle("dslib-busy", on);
    form.setAttribute("aria-busy", String(on));
    note.textContent = on ? "Running…" : "";
    if (!on) return;
    const since = Date.now();
    clock = setInterval(() => {
      const seconds = Math.round((Date.now() - since) / 1000);
      note.textContent = `Running… ${seconds} s`;
    }, 1000);
  }

  function show({ html, words, alert: trouble = "" }) {
    busy(false);
    const stale = asked && asked.some((index, which) => index !== now[which]);
    asked = null;
    if (stale) question();
    const across = frame.querySelector(".dslib-scroll")?.scrollLeft ?? 0;
    frame.innerHTML = html;
    if (across) frame.querySelector(".dslib-scroll")?.scrollTo(across, 0);
    said.textContent = started ? words : "";             // the first picture is read where it stands
    alert.textContent = trouble;
    alert.hidden = !trouble;
    started = true;
  }

  reset.addEventListener("click", () => {
    controls.forEach((control, which) => {
      now[which] = control.at;
      rows[which].set(control.at);
    });
    rows[0].focus();
    settle();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  settle();
  show(first);
  host.replaceChildren(form);
  return show;
}

/** One control: {element, set(index), focus()}. */
function row({ name, kind, labels, at }, id, changed) {
  const label = make("label", { for: id }, name);
  let input, set;
  const children = [];
  if (kind === "range") {
    const shown = make("span", { "aria-hidden": "true" });  // a screen reader has aria-valuetext
    input = make("input", { type: "range", id, min: 0, max: labels.length - 1, step: 1 });
    set = (index) => {
      input.value = index;
      shown.textContent = labels[index];
      input.setAttribute("aria-valuetext", labels[index]);
    };
    input.addEventListener("input", () => set(Number(input.value)));
    input.addEventListener("change", () => changed(Number(input.value)));  // on letting go, and for each key
    children.push(input, shown);
  } else if (kind === "choice") {
    input = make("select", { id }, ...labels.map((text, index) => make("option", { value: index }, text)));
    set = (index) => { input.value = index; };
    input.addEventListener("change", () => changed(Number(input.value)));
    children.push(input);
  } else {
    input = make("input", { type: "checkbox", id });
    set = (index) => { input.checked = index === 1; };
    input.addEventListener("change", () => changed(input.checked ? 1 : 0));
    children.push(input);
  }
  set(at);
  return { element: make("div", { class: "dslib-control" }, label, ...children), set, focus: () => input.focus() };
}

/** In a page without a kernel: `host` holds the first picture and, in data-frames, {controls, frames: {"0,2": [html, words]}}. */
async function playFrames(host) {
  const bytes = Uint8Array.from(atob(host.dataset.frames), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const { controls, frames } = JSON.parse(await new Response(stream).text());
  const frame = (indices) => {
    const [html, words] = frames[indices.join(",")];
    return { html, words };
  };
  const place = host.querySelector("[data-place]");
  const show = mount(place, controls, frame(controls.map((control) => control.at)), (indices) => show(frame(indices)));
}

export default {
  render({ model, el }) {
    const picture = () => model.get("picture");
    const show = mount(el, model.get("controls").list, picture(), (indices) => model.send({ at: indices }));
    const changed = () => show(picture());
    model.on("change:picture", changed);
    return () => model.off("change:picture", changed);
  },
};
