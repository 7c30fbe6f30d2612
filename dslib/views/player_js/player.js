/* The player itself: one playhead for all of it, words, the list of events, the keyboard. */

const KEYS = [
  ["← →", "one event back or on"], ["Page up, page down", "ten events back or on"], ["Home, End", "start and end of the run"],
  ["Space", "play or pause"], ["↑ ↓", "in the diagram: read the messages one by one; in the graph: from node to node"], ["Escape", "let go of a node or a message"], ["+ − 0", "zoom in, out, fit all"],
  ["B", "to the moment where a property broke"],
];
const LIVE_KEYS = [
  ["C", "cut: draw a line through links, or click one; or Tab to a node, Space to choose it, Enter to cut it off, ↑ ↓ for its links"],
  ["X", "crash: click a node, or press X on a node; again to restart it"], ["S, K, L", "slow, clock, lie: choose how, then click a node or press Enter on it"],
  ["D", "drop: click a message on its way, or choose it and press Enter"], ["P", "point: click a node to read its state"],
  ["H", "heal all cuts"], ["Ctrl+Z, Ctrl+Y", "undo, redo"],
];

/** What stands under “Keys”: what the reader can do here. */
const keysOf = (live, link) => [...KEYS, ...(link ? [["M", "link to this moment"]] : []), ...(live ? LIVE_KEYS : [])];

const PAGE = 200;           // rows of the event list that are in the page at once
const NARROW = 720;         // px: below this the parts stand under one another
const NODE_LIMIT = 12;      // above this many nodes the graph shows names only

/** Keep `host` as light or dark as what surrounds it. Returns what ends that. */
function followTheme(host) {
  const apply = () => host.setAttribute("data-mode", darkAround(host) ? "dark" : "light");
  const themes = new MutationObserver(apply), scheme = matchMedia("(prefers-color-scheme: dark)");
  for (const place of [document.documentElement, document.body]) {
    themes.observe(place, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light"] });
  }
  scheme.addEventListener("change", apply);
  apply();
  return () => {
    themes.disconnect();
    scheme.removeEventListener("change", apply);
  };
}

class Player extends Tools {
  constructor(element, opened, options) {
    super();
    const { bundle } = opened.run;
    this.options = options;
    this.patience = options.patience ?? 6000;
    this.live = Boolean(bundle.live && options.onActs);
    this.tool = "point";
    this.chosen = new Set();           // nodes to be cut off
    this.inspected = null;
    this.acts = (bundle.faults ?? []).map((f) => ({ ...f }));
    this.past = [];
    this.future = [];
    this.request = bundle.request ?? 0;
    this.asked = null;                 // the question Python has not answered yet
    this.seen = {};                    // what the picture shows already, so that a step changes only what is new
    this.pick = null;                  // {flight} or {op} under the pointer or chosen by keyboard

    this.host = make("div", { class: "dslib-player", "data-lm-suppress-shortcuts": "true" });
    this.root = this.host.attachShadow({ mode: "open" });
    this.root.innerHTML = `<style>${STYLE}</style>${TEMPLATE}`;
    this.$ = (selector) => this.root.querySelector(selector);
    this.furnish();
    this.take(opened);
    this.host.remove();
    element.replaceChildren(this.host);
    this.stopTheme = followTheme(this.host);
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.host);
    this.resize();
    if (this.run.broken && typeof opened.run.bundle.playhead !== "number") this.goToBreach();
    else this.go(this.firstMoment());
  }

  // -- building once ----------------------------------------------------------------------------------------------

  furnish() {
    const button = (name, label, act, text) => {
      const b = make("button", { type: "button", class: `tool ${name}`, "aria-label": text ? null : label, title: label, onclick: act }, icon(name), text ? make("span", {}, text) : null);
      this[name + "Button"] = b;
      return b;
    };
    this.playback = new Playback(this, button);
    this.$(".buttons").append(...this.playback.buttons, this.playback.speed);
    this.furnishTools(button);
    this.furnishPanel();
    this.$(".zoom").append(
      button("zoomout", "Zoom out (−)", () => this.zoom(2)), button("zoomin", "Zoom in (+)", () => this.zoom(0.5)),
      make("button", { type: "button", class: "plain fit", onclick: () => this.fit(), title: "Show the whole run (0)" }, "Fit"),
      this.span = make("span", { class: "span" }));
    this.$(".where-broke").addEventListener("click", () => this.goToBreach());
    this.$(".undo").addEventListener("click", () => this.undo());
    this.$(".redo").addEventListener("click", () => this.redo());
    this.$(".copy").addEventListener("click", () => this.copyCode());
    this.$(".close-code").addEventListener("click", () => { this.$(".code").hidden = true; this.$(".copy").focus(); });
    this.$(".keys dl").append(...keysOf(this.live, this.options.link).flatMap(([key, what]) => [make("dt", {}, key), make("dd", {}, what)]));

    this.slider = this.$("input[type=range]");
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.$(".list").addEventListener("toggle", () => { this.seen.page = null; this.showList(); });
    this.rows = this.$(".rows");
    this.rows.addEventListener("click", (event) => {
      const row = event.target.closest("button");
      if (row) this.go(null, Number(row.dataset.stop));
    });

    this.graph = make("svg", { class: "graph-picture" });
    this.$(".graph").append(this.graph);
    this.plot = make("svg", { class: "plot-picture", role: "img" });
    this.$(".plot").append(this.plot);
    this.diagram = this.$(".diagram");
    this.tip = this.$(".tip");
    furnishLink(this);
    this.listenToDiagram();
    this.listenToGraph();
    if (!this.live) for (const part of this.root.querySelectorAll("[data-live]")) part.hidden = true;
  }

  destroy() {
    this.pause();
    clearTimeout(this.patienceTimer);
    clearTimeout(this.aloudTimer);
    this.stopTheme();
    this.sizes.disconnect();
    this.host.remove();
  }

  // -- a new run --------------------------------------------------------------------------------------------------

  /** Take over a run. Acts that wait for their answer are kept: a slow answer to an older question loses nothing. */
  take(opened) {
    const before = this.run, { bundle } = opened.run;
    this.opened = opened;
    this.run = opened.run;
    this.takeStops(opened.stops);
    if (before && before.bundle.run !== bundle.run) this.ghost = before.users.steps;
    const answered = this.asked && (bundle.request === undefined || bundle.request >= this.asked.request);
    if (!this.asked || answered) {
      this.acts = (bundle.faults ?? []).map((f) => ({ ...f }));
      if (answered) this.answer(bundle);
    }
    this.request = Math.max(this.request, bundle.request ?? 0);
    this.showTrouble(bundle.error ?? bundle.broken?.say);
    this.showRemarks(opened.remarks);
    this.showBreachButton();
    this.chosen = new Set([...this.chosen].filter((name) => this.run.lane.has(name)));
    this.$(".card").setAttribute("aria-label", `Player: ${bundle.title ?? "a run"}`);
    this.$(".title").textContent = bundle.title ?? "";
    this.slider.max = this.run.end;
    if (this.time !== undefined) this.stand(clamp(this.time, 0, this.run.end));
    this.seen = {};
    this.showActs();
    this.showKey();
  }

  /** Show another run; one that cannot be drawn leaves the picture as it is, and says so. */
  update(bundle) {
    const before = this.opened;
    const show = (opened) => this.keepFocus(() => {
      this.take(opened);
      this.resize(true);
    });
    try {
      show(openRun(bundle));
    } catch (error) {
      if (this.opened !== before) show(before);            // it was read, and then could not be drawn
      this.giveUpWaiting();
      this.showTrouble(`${whyNot(error)} The picture shows the run before it.`);
    }
  }

  showBreachButton() {
    const button = this.$(".where-broke"), { broken } = this.run;
    button.hidden = !broken;
    if (!broken) return;
    button.title = `To the moment where “${broken.what}” broke (B)`;
    button.replaceChildren(icon("broken"), `Where it broke: ${ms(broken.at)}`);
  }

  /** To the event after which a property does not hold, or to the time by which something should have happened. */
  goToBreach() {
    const { broken } = this.run;
    if (!broken) {
      this.sayAloud("No property is known to be broken in this run.");
      return;
    }
    this.pause();
    const stop = lastAtMost(this.stops, (s) => s.main, broken.index ?? -1);
    if (stop >= 0 && this.stops[stop].last >= broken.index) {
      this.go(null, stop);
      // The property was asked after the whole event: after what its node sent, and with what it then knew.
      const whole = lastAtMost(this.run.events, (e) => e[0], this.time);
      if (whole === this.index || whole < this.run.events.length - 1) return;
      this.index = whole;
      if (this.box) this.show();
    } else this.go(broken.at);                             // no event, or one that the filter hides
  }

  copyLink() { copyMoment(this); }

  /** The answer has come and is of no use: the acts stay as they were asked, so that the reader can take one back. */
  giveUpWaiting() {
    clearTimeout(this.patienceTimer);
    this.asked = null;
    this.host.removeAttribute("data-busy");
    this.$(".busy").textContent = "";
    this.showActs();
  }

  showRemarks(remarks) {
    const line = this.$(".remark");
    line.hidden = !remarks.length;
    line.textContent = remarks.join(" ");
  }

  /** Redraw without taking the keyboard away from its reader: a page's own keys must not get what was meant for us. */
  keepFocus(redraw) {
    const focused = this.root.activeElement, node = focused?.dataset.node, wire = focused?.dataset.link, chip = focused?.closest(".chip");
    const chipAt = chip ? [...chip.parentNode.children].indexOf(chip) : -1, kind = focused?.className;
    redraw();
    if (!focused || focused.isConnected) return;
    const chips = this.$(".chips").children;
    const next = node !== undefined ? this.nodeViews?.get(node)?.group : wire !== undefined ? this.wires?.[wire]
      : chip ? chips[Math.min(chipAt, chips.length - 1)]?.querySelector(`.${kind}`) : this.rows.querySelector("[aria-current]");
    (next ?? this.diagram).focus({ preventScroll: true });
  }

  /** Where a first look teaches most: the first message stopped by a fault, else the first bad answer. Where nothing goes
   * wrong: the end, or, if the reader is to break it, a moment that leaves enough to come. */
  firstMoment() {
    const { bundle, events, users, end } = this.run;
    if (typeof bundle.playhead === "number") return clamp(bundle.playhead, 0, end);
    const drop = events.find((e) => e[1] === "drop" && /^(cut|down|ttl|no route)/.test(e[6]));
    const bad = users.steps.find((s) => s.op.outcome !== "good");
    return drop ? drop[0] : bad ? bad.at : this.live ? end / 3 : end;
  }

  // -- the playhead -----------------------------------------------------------------------------------------------

  /** Go to a time in ms, or to a stop of the list of events. */
  go(time, stop) {
    if (stop === undefined) {
      this.stand(clamp(time, 0, this.run.end));
    } else if (stop < 0) {
      this.time = 0;
      this.index = -1;
    } else {
      this.index = this.stops[stop].last;
      this.time = this.run.events[this.stops[stop].main][0];
    }
    this.stop = lastAtMost(this.stops, (s) => s.main, this.index);
    if (!this.box) return;                                // not on the page yet: resize() draws when there is room
    this.follow();
    this.show();
  }

  /** Stand at a time: all events up to it have happened. */
  stand(time) {
    this.time = time;
    this.index = lastAtMost(this.run.events, (e) => e[0], time);
    this.stop = lastAtMost(this.stops, (s) => s.main, this.index);
  }

  step(n) {
    this.pause();
    // Between two events, a step back leads to the event that was last.
    const between = n < 0 && this.stop >= 0 && this.time > this.run.events[this.stops[this.stop].main][0];
    this.go(null, clamp(this.stop + n + (between ? 1 : 0), -1, this.stops.length - 1));
  }

  get end() { return this.run.end; }
  get playing() { return this.playback.playing; }
  get speed() { return this.playback.speed; }
  get speedChosen() { return this.playback.speedChosen; }
  play() { this.playback.play(); }
  pause() { this.playback.pause(); }
  toggle() { this.playback.toggle(); }
  paused() { this.sayAloud(); }

  forward() {
    if (this.stop >= this.stops.length - 1) this.go(this.end);
    else this.go(null, this.stop + 1);
  }

  /** Show the present moment everywhere. Called for every step, so it changes only what is different. */
  show() {
    this.showGraph();
    this.showLanes();
    this.showCaption();
    this.showList();
    this.slider.value = this.time;
    this.slider.style.setProperty("--played", `${this.time / this.run.end * 100}%`);
  }

  // -- words ------------------------------------------------------------------------------------------------------

  showCaption() {
    const { run } = this, since = this.stop > 0 ? run.events[this.stops[this.stop - 1].main][0] : -1;
    const settled = lastAtMost(run.users.steps, (s) => s.at, this.time);
    const breach = sayBroken(run, this.stops[this.stop], this.index, this.time);
    const key = `${this.stop}/${settled}/${breach}/${run.bundle.run}/${this.stop < 0 || this.time > run.events[this.stops[this.stop].main][0] + 0.05}`;
    this.$(".what b").textContent = ms(this.time);
    if (this.seen.caption === key) return;
    this.seen.caption = key;
    const { what, why } = describeStop(run, this.stops, this.stop);
    const at = this.stop < 0 ? 0 : run.events[this.stops[this.stop].main][0];
    this.$(".what span").textContent = this.time - at > 0.05 ? `Last, at ${ms(at)}: ${what}` : what;
    this.$(".breach").textContent = breach;
    this.$(".why").textContent = why;
    this.$(".users").textContent = describeUsers(run, this.time, since);
    this.slider.setAttribute("aria-valuetext", [`${ms(this.time)}: ${what}`, breach].filter(Boolean).join(" "));
    if (!this.playing) this.sayAloud();
  }

  /** For those who listen: the caption, once the reader pauses. The slider speaks for itself while it has the focus. */
  sayAloud(text) {
    clearTimeout(this.aloudTimer);
    this.aloudTimer = setTimeout(() => {
      if (!text && (this.playing || this.root.activeElement === this.slider)) return;
      this.$(".aloud").textContent = text ?? this.$(".caption").innerText + this.newsOfCauses() + this.newsOfPanel();
    }, text ? 0 : 600);
  }

  showList() { this.keepFocus(() => this.drawList()); }

  drawList() {
    const details = this.$(".list"), { run, stops } = this;
    if (this.seen.summary !== stops) {
      this.seen.summary = stops;
      this.$(".list > summary").textContent = this.filter.on ? `${stops.length.toLocaleString("en")} of ${plural(this.allStops.length, "event")} as text` : `All ${plural(stops.length, "event")} as text`;
    }
    if (!details.open) return;
    const page = Math.floor(Math.max(0, this.stop) / PAGE);
    if (this.seen.page !== page) {
      this.seen.page = page;
      const rows = stops.slice(page * PAGE, (page + 1) * PAGE);
      this.rows.start = page * PAGE + 1;
      this.rows.innerHTML = rows.map((s, i) => {
        const { what, why } = describeStop(run, stops, page * PAGE + i);
        const [at, kind] = run.events[s.main];
        return `<li><button type="button" tabindex="-1" data-stop="${page * PAGE + i}" class="${kind}"><span>${ms(at)}</span> <span>${escapeText(what)}`
          + `${s.last > s.main && why ? ` <i>${escapeText(why)}</i>` : ""}</span></button></li>`;
      }).join("");
      const pages = Math.ceil(stops.length / PAGE);
      this.$(".pages").replaceChildren(...(pages < 2 ? [] : [
        make("span", {}, `Events ${(page * PAGE + 1).toLocaleString("en")} to ${Math.min(stops.length, (page + 1) * PAGE).toLocaleString("en")} of ${stops.length.toLocaleString("en")}. `),
        make("button", { type: "button", class: "plain", "aria-disabled": page === 0, onclick: () => this.go(null, Math.max(0, page - 1) * PAGE) }, "Earlier"),
        make("button", { type: "button", class: "plain", "aria-disabled": page === pages - 1, onclick: () => this.go(null, Math.min(pages - 1, page + 1) * PAGE) }, "Later")]));
      this.seen.row = null;
    }
    const row = this.rows.children[this.stop - page * PAGE]?.firstChild ?? null;
    if (row === this.seen.row) return;
    const had = this.seen.row && this.root.activeElement === this.seen.row;
    this.seen.row?.removeAttribute("aria-current");
    this.seen.row?.setAttribute("tabindex", "-1");
    this.seen.row = row;
    if (!row) {
      this.rows.querySelector("button")?.setAttribute("tabindex", "0");
      return;
    }
    row.setAttribute("aria-current", "step");
    row.setAttribute("tabindex", "0");
    if (had) row.focus({ preventScroll: true });
    const top = row.offsetTop - this.rows.offsetTop, bottom = top + row.offsetHeight;
    if (top < this.rows.scrollTop + 4 || bottom > this.rows.scrollTop + this.rows.clientHeight - 4) {
      this.rows.scrollTop = top - this.rows.clientHeight / 3;
    }
  }

  // -- keyboard ---------------------------------------------------------------------------------------------------

  key(event) {
    const target = event.composedPath()[0], pressed = event.key;
    if (target.matches("textarea, input:not([type=range])") || event.altKey || (target.matches("select") && !event.ctrlKey && !event.metaKey && pressed !== "Escape")) return;
    if (event.ctrlKey || event.metaKey) {
      const letter = pressed.toLowerCase();
      if (letter === "z" && !event.shiftKey) this.undo();
      else if (letter === "y" || letter === "z") this.redo();
      else return;
      event.preventDefault();
      return;
    }
    const press = Boolean(target.closest("button, summary, input[type=checkbox]"));
    const inDiagram = Boolean(target.closest(".diagram"));
    const jobs = {
      ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), PageUp: () => this.step(-10), PageDown: () => this.step(10),
      Home: () => { this.pause(); this.go(0); }, End: () => { this.pause(); this.go(this.run.end); },
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), 0: () => this.fit(), b: () => this.goToBreach(), m: () => this.copyLink(),
      ...(press ? {} : { " ": () => this.toggle() }),
      ...(inDiagram ? { ArrowUp: () => this.pickNext(-1), ArrowDown: () => this.pickNext(1) } : target === this.slider ? { ArrowUp: () => this.step(1), ArrowDown: () => this.step(-1) } : {}),
      ...(this.pick || this.chosen.size || this.inspected ? { Escape: () => { this.setPick(null); this.chosen.clear(); this.inspect(null); } } : {}),
      ...(this.live ? { c: () => this.useTool("cut"), x: () => this.useTool("crash"), p: () => this.useTool("point"), h: () => this.heal(),
        s: () => this.useTool("slow"), k: () => this.useTool("clock"), l: () => this.useTool("lie"), d: () => this.useDrop() } : {}),
      ...(this.live && this.tool === "drop" && inDiagram && this.pick?.flight ? { Enter: () => this.dropFlight(this.pick.flight) } : {}),
    };
    const job = jobs[pressed] ?? jobs[pressed.toLowerCase()];
    if (!job) return;
    event.preventDefault();
    job();
  }
}
