/* Sliders, menus and boxes beside a picture that follows them (explore.py).
 *
 *   mount(element, controls, first, ask)   draws the controls and the first picture; returns {show, began, gone}.
 *     controls: [{name, kind: "range" | "choice" | "box", labels: [text of each value], at: index of the first, help}]
 *     ask(indices): the reader wants these values; answer with show({html, words, alert}).
 *
 * Live, Python is asked (the default export, for anywidget). Without a kernel, recorded pictures answer: Python puts this
 * file into the page as a plain script (its `export` taken off) and calls wake.
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

/** So long Python may take to begin. A run that has begun may take any time: it is counted in seconds. */
const PATIENCE_MS = 6000;

function mount(host, controls, first, ask, patience = PATIENCE_MS) {
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
  const form = make("form", { class: "dslib-view dslib-explore" },
    make("div", { class: "dslib-controls" }, ...rows.map((r) => r.element)),
    make("div", { class: "dslib-under" }, reset, note), alert, frame, said);
  let started = false, asked = null;                     // asked: the values that the next answer is for
  let clock = 0, waiting = 0, swaps = 0, end = "";       // end: why nobody answers any more

  function settle() {
    reset.hidden = controls.every((control, which) => now[which] === control.at);
    if (started) question();
  }

  /** One question at a time: a slow run is not asked for what nobody wants any more. */
  function question() {
    if (end) complain(end);
    if (asked || end) return;
    asked = [...now];
    busy(true);
    waiting = setTimeout(() => complain(`Python has not begun for ${Math.round(patience / 1000)} seconds. If another cell is running, this one comes after it. `
      + "If the kernel was stopped, run this cell again. Below is the picture from before."), patience);
    try {
      ask(asked);
    } catch {                                            // anywidget cannot send
      gone();
    }
  }

  function complain(words) {
    alert.textContent = words;
    alert.hidden = !words;
  }

  /** Python is at it. */
  function began() {
    clearTimeout(waiting);
    if (asked) complain("");
  }

  /** Nobody answers any more. */
  function gone() {
    end = "The kernel that drew this has ended or was restarted. Below is its last picture. Run this cell again to go on.";
    asked = null;
    busy(false);
    complain(end);
  }

  function busy(on) {
    clearInterval(clock);
    clearTimeout(waiting);
    form.classList.toggle("dslib-busy", on);
    form.setAttribute("aria-busy", String(on));
    note.textContent = on ? "Running…" : "";
    if (!on) return;
    const since = Date.now();
    clock = setInterval(() => {
      note.textContent = `Running… ${Math.round((Date.now() - since) / 1000)} s`;
    }, 1000);
  }

  /** An answer. What it shows is ready before it takes the place of what is there: a picture in an <img> is decoded first. */
  function show({ html, words, alert: trouble = "" }) {
    busy(false);
    const stale = asked && asked.some((index, which) => index !== now[which]);
    asked = null;
    if (stale && !end) question();
    complain(trouble || end);
    const fresh = make("template");
    fresh.innerHTML = html;
    const images = [...fresh.content.querySelectorAll("img")], swap = ++swaps;
    const put = () => {
      if (swap === swaps) replace(fresh.content, words);
    };
    if (images.length) Promise.allSettled(images.map((image) => image.decode())).then(put);
    else put();
  }

  function replace(fresh, words) {
    const scrolls = () => [...frame.querySelectorAll(".dslib-scroll")];
    const across = scrolls().map((scroll) => scroll.scrollLeft), focused = scrolls().indexOf(document.activeElement);
    hold();
    frame.replaceChildren(fresh);
    hold();
    scrolls().forEach((scroll, i) => {
      if (across[i]) scroll.scrollLeft = across[i];
    });
    if (focused >= 0) (scrolls()[focused] ?? rows[0]).focus();
    said.textContent = started ? words : "";             // the first picture is read where it stands
    started = true;
  }

  /** What stands below must not jump: the frame stays as high as its highest picture, until its width changes. */
  let wide = 0;
  function hold() {
    const width = frame.clientWidth;
    if (width !== wide) frame.style.minHeight = "";
    wide = width;
    if (width) frame.style.minHeight = `${Math.ceil(frame.getBoundingClientRect().height)}px`;
  }
  const resized = new ResizeObserver(() => {
    if (frame.clientWidth !== wide) hold();
  });

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
  host.replaceChildren(form);
  show(first);
  resized.observe(frame);
  return { show, began, gone };
}

/** One control: {element, set(index), focus()}. */
function row({ name, kind, labels, at, help }, id, changed) {
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
  if (help) {
    input.setAttribute("aria-describedby", `${id}-help`);
    children.push(make("span", { class: "dslib-help", id: `${id}-help` }, help));
  }
  set(at);
  return { element: make("div", { class: `dslib-control dslib-control-${kind}` }, label, ...children), set, focus: () => input.focus() };
}

// -- without a kernel ----------------------------------------------------------------------------------------------

/** `host` holds the first picture and, in data-frames, packed {controls, frames: {"0,2": [html, words]}}. */
async function playFrames(host) {
  const place = host.querySelector("[data-place]");
  let page;
  try {
    page = await unpacked(host.dataset.frames);
  } catch {                                              // an old browser has no DecompressionStream
    place.append(make("p", { class: "dslib-view", role: "status" },
      `This browser cannot unpack the other pictures. This one is ${host.dataset.first}. A newer browser has controls here.`));
    return;
  }
  const { controls, frames } = page;
  const frame = (indices) => {
    const [html, words] = frames[indices.join(",")];
    return { html, words };
  };
  const { show } = mount(place, controls, frame(controls.map((control) => control.at)), (indices) => show(frame(indices)));
}

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** Give controls to whatever on the page has recorded pictures and no controls yet. */
function wake() {
  for (const host of document.querySelectorAll("[data-frames]:not([data-awake])")) {
    host.setAttribute("data-awake", "");
    playFrames(host);
  }
}

export default {
  render({ model, el }) {
    el.classList.add("dslib-host");
    const picture = () => model.get("picture");
    const kernel = model.widget_manager?.kernel;
    const { show, began, gone } = mount(el, model.get("controls").list, picture(), (indices) => {
      if (kernel?.isDisposed) throw new Error("the kernel has ended");
      model.send({ at: indices });
    });
    const changed = () => show(picture());
    const watch = (_, status) => {                       // a kernel that starts again is another one, which knows nothing of this
      if (["starting", "restarting", "autorestarting", "terminating", "dead"].includes(status)) gone();
    };
    model.on("change:picture", changed);
    model.on("msg:custom", began);
    kernel?.statusChanged?.connect(watch);
    return () => {
      model.off("change:picture", changed);
      model.off("msg:custom", began);
      kernel?.statusChanged?.disconnect(watch);
    };
  },
};
