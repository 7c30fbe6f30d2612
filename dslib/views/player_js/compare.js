/* Two runs on one time axis, naive above mitigated: two players without buttons of their own, and one playhead, one scrubber,
 * one zoom, one list of acts for both. */

const COMPARISON = `
<div class="card comparison" role="group">
  <p class="trouble" role="alert" hidden></p>
  <div class="halves"></div>
  <div class="drive">
    <div class="buttons" role="group" aria-label="Playback of both runs"></div>
    <div class="scrub">
      <svg class="marks" aria-hidden="true"></svg>
      <input type="range" min="0" step="any" aria-label="Time in both runs">
    </div>
  </div>
  <div class="caption"><p class="what"><b></b> <span class="so-far"></span></p><p class="each"></p><p class="each"></p><p class="finding"></p></div>
  <div class="foot">
    <button type="button" class="plain graphs" aria-pressed="false">Graphs</button>
    ${LINK}
    <details class="keys"><summary>Keys</summary><dl></dl></details>
  </div>
  <div class="aloud" aria-live="polite"></div>
</div>`;

/** One of the two: a player whose playhead, window and acts are those of the comparison. */
class Half extends Player {
  get both() { return this.options.both; }
  get view() { return this.both.shared.view; }
  set view(view) { this.both.shared.view = view; }
  get viewOf() { return this.both.shared.viewOf; }
  set viewOf(end) { this.both.shared.viewOf = end; }
  get acts() { return this.both.shared.acts; }
  set acts(acts) { this.both.shared.acts = acts; }
  get past() { return this.both.shared.past; }
  set past(past) { this.both.shared.past = past; }
  get future() { return this.both.shared.future; }
  set future(future) { this.both.shared.future = future; }
  get filter() { return this.both.shared.filter; }
  set filter(filter) { this.both.shared.filter = filter; }
  get playing() { return this.both.playback.playing; }
  get second() { return this.options.place === 1; }
  get name() { return this.both.bundle.names[this.options.place]; }

  furnish() {
    super.furnish();
    this.$(".card").classList.add("half", this.second ? "second" : "first");
    this.which = make("p", { class: "which" }, make("b"), make("span"), this.$(".where-broke"));
    this.$(".stage").before(this.which);
    this.$(".ask").hidden = !this.live && (this.second || !this.options.asleep);
  }

  take(opened) {
    super.take(opened);
    const { title } = this.both.bundle;
    this.$(".title").textContent = title ?? "";
    this.which.children[0].textContent = this.name;
    this.which.children[1].textContent = sayResult(this.run);
    this.$(".card").setAttribute("aria-label", `${this.name}: ${sayResult(this.run)}`);
  }

  // One time axis and one scale of good answers for both.
  laneNames() { return this.both.opened.flatMap(({ run }) => run.nodes); }
  lowestShare() { return Math.min(super.lowestShare(), ...this.both.opened.flatMap(({ run }) => run.users.steps).map((s) => s.share)); }

  // What moves one moves both.
  go(time, stop) { if (stop === undefined) this.both.go(time); else this.both.goToStop(this, stop); }
  step(n) { this.both.step(n); }
  toggle() { this.both.playback.toggle(); }
  play() { this.both.playback.play(); }
  pause() { this.both.playback?.pause(); }
  ask(acts) { this.both.ask(acts); }
  askHere(acts) { super.ask(acts); }
  complain() { if (!this.second) super.complain(); }
  copyLink() { copyMoment(this.both); }

  useClocks(kind) { this.both.halves.forEach((half) => half.useClocksHere(kind)); }
  useClocksHere(kind) { super.useClocks(kind); }
  filterChanged() { this.both.filterChanged(); }
  filterHere() { super.filterChanged(); }

  standAt(time, stop) {
    this.time = time;
    this.stop = stop;
    const next = this.stops[stop + 1], waits = next && this.run.events[next.main][0] <= time;   // several stops at one time
    this.index = !waits ? lastAtMost(this.run.events, (e) => e[0], time) : stop < 0 ? -1 : this.stops[stop].last;
    if (!this.box) return;
    this.follow();
    this.show();
  }

  goToBreach() { if (this.run.broken) super.goToBreach(); else this.both.goToBreach(); }

  // What is said and marked once, for both.
  showTrouble(words) { super.showTrouble(words === this.run.broken?.say ? null : words); }

  drawLanes() {
    super.drawLanes();
    this.pickLayer.insertAdjacentHTML("beforebegin", `<g class="ended"></g>`);
    this.ended = this.plot.querySelector(".ended");
  }

  showLanes() {
    if (this.drawnSpan !== this.view.span) this.drawn = null;
    super.showLanes();
    this.ended.setAttribute("transform", this.pickLayer.getAttribute("transform"));
    this.both.windowMoved(this);
  }

  drawWindow() {
    super.drawWindow();
    this.drawnSpan = this.view.span;
    const { stopped, end } = this.run, { from, to } = this.drawn;
    this.ended.replaceChildren();
    if (stopped >= end - 1e-6 || stopped > to) return;
    const scale = this.box.plot / this.view.span, x = round((Math.max(stopped, from) - from) * scale), width = round((to - from) * scale) - x;
    this.ended.innerHTML = `<rect class="not-run" x="${x}" y="${this.box.top - 2}" width="${Math.max(0, width)}" height="${this.box.bottom - this.box.top + 2}"/>`
      + (width > 70 ? `<text class="zone-name" x="${x + 6}" y="${this.box.top + 10}">the run ends here</text>` : "");
  }

  drawMarks() { this.both.drawMarks(); }
  showWindowMark() { this.both.showWindowMark(); }
  showCaption() {}
  sayAloud(text) { if (text) this.both.sayAloud(`${this.name}: ${text}`); }
}

class Comparison {
  constructor(element, checked, options) {
    this.options = options;
    this.shared = { view: null, viewOf: null, acts: [], past: [], future: [], filter: null };
    this.seen = {};
    this.time = 0;
    this.host = make("div", { class: "dslib-player dslib-comparison", "data-lm-suppress-shortcuts": "true" });
    this.root = this.host.attachShadow({ mode: "open" });
    this.root.innerHTML = `<style>${STYLE}</style>${COMPARISON}`;
    this.$ = (selector) => this.root.querySelector(selector);
    this.take(checked);
    this.furnish();
    const live = this.opened.every(({ run }) => run.bundle.live) && options.onActs;
    this.halves = [];
    for (const [place, opened] of this.opened.entries()) {
      const box = this.$(".halves").appendChild(make("div"));
      this.halves.push(new Half(box, opened, { ...options, link: null, both: this, place, onActs: live ? (place ? () => {} : options.onActs) : undefined }));
    }
    this.$(".keys dl").append(...keysOf(live, options.link).flatMap(([key, what]) => [make("dt", {}, key), make("dd", {}, what)]));
    this.host.remove();
    element.replaceChildren(this.host);
    this.stopTheme = followTheme(this.host);
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.host);
    this.ready = true;
    this.moments = bothStops(...this.halves);
    this.showGraphs(live || this.host.clientWidth >= NARROW);
    this.resize();
    this.begin();
  }

  furnish() {
    const button = (name, label, act) => make("button", { type: "button", class: `tool ${name}`, "aria-label": label, title: label, onclick: act }, icon(name));
    this.playback = new Playback(this, button);
    this.$(".buttons").append(...this.playback.buttons, this.playback.speed);
    this.slider = this.$("input[type=range]");
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.$(".graphs").addEventListener("click", () => this.showGraphs(this.$(".graphs").getAttribute("aria-pressed") !== "true"));
    furnishLink(this);
  }

  showGraphs(on) {
    this.$(".graphs").setAttribute("aria-pressed", on);
    for (const half of this.halves) {
      half.$(".card").classList.toggle("no-graph", !on);
      half.resize(true);
    }
    this.$(".card").classList.toggle("no-graph", !on);
  }

  // -- two runs ---------------------------------------------------------------------------------------------------

  /** Take over two runs: one end for both, and the moments at which a step stops. */
  take({ bundle, runs }) {
    this.bundle = bundle;
    this.opened = runs;
    this.end = Math.max(...runs.map(({ run }) => run.end));
    for (const { run } of runs) {
      run.stopped ??= run.end;
      run.end = this.end;
    }
    this.seen = {};
    this.$(".card").setAttribute("aria-label", `Two runs on one time axis: ${bundle.title || listed(bundle.names)}`);
    this.showTrouble(null);
    this.$("input[type=range]").max = this.end;
    this.$(".finding").textContent = sayDifference(bundle, runs.map(({ run }) => run));
  }

  update(bundle) {
    try {
      this.take(openComparison(bundle));
      this.halves.forEach((half, i) => half.keepFocus(() => {
        half.take(this.opened[i]);
        half.resize(true);
      }));
      this.moments = bothStops(...this.halves);
      this.go(Math.min(this.time, this.end));
    } catch (error) {
      for (const half of this.halves) half.giveUpWaiting();
      this.showTrouble(`${whyNot(error)} The picture shows the runs before it.`);
    }
  }

  /** Acts go to both. */
  ask(acts) {
    const request = Math.max(...this.halves.map((half) => half.request));
    for (const half of this.halves) {
      half.request = request;
      half.askHere(acts);
    }
    if (!this.halves[0].asked) this.halves[1].giveUpWaiting(); // it could not even be asked
  }

  destroy() {
    this.playback.pause();
    clearTimeout(this.aloudTimer);
    this.stopTheme();
    this.sizes.disconnect();
    for (const half of this.halves) half.destroy();
    this.host.remove();
  }

  // -- one playhead -----------------------------------------------------------------------------------------------

  begin() {
    const [first, second] = this.halves;
    if (typeof this.bundle.playhead === "number") this.go(this.bundle.playhead);
    else if (this.halves.some(({ run }) => run.broken)) this.goToBreach();
    else this.go(Math.min(first.firstMoment(), second.firstMoment()));
  }

  go(time) {
    if (!this.ready) return;
    this.time = clamp(time, 0, this.end);
    this.moment = lastAtMost(this.moments, (m) => m.at, this.time);
    this.show();
  }

  goToMoment(number) {
    this.moment = clamp(number, -1, this.moments.length - 1);
    this.time = this.moment < 0 ? 0 : this.moments[this.moment].at;
    this.show();
  }

  goToStop(half, stop) {
    if (this.ready) this.goToMoment(this.moments.findIndex((m) => m.stops[half.options.place] >= stop));
  }

  step(n) {
    this.playback.pause();
    const between = n < 0 && this.moment >= 0 && this.time > this.moments[this.moment].at;
    this.goToMoment(this.moment + n + (between ? 1 : 0));
  }

  forward() {
    if (this.moment >= this.moments.length - 1) this.go(this.end);
    else this.goToMoment(this.moment + 1);
  }

  filterChanged() {
    for (const half of this.halves) half.filterHere();
    this.moments = bothStops(...this.halves);
    this.seen = {};
    this.go(this.time);
  }

  paused() { this.sayAloud(); }
  play() { this.playback.play(); }
  pause() { this.playback.pause(); }
  get acts() { return this.shared.acts; }

  showTrouble(words) {
    this.$(".trouble").hidden = !words;
    this.$(".trouble").textContent = words ?? "";
  }

  goToBreach() {
    const first = this.halves.filter(({ run }) => run.broken).sort((a, b) => a.run.broken.at - b.run.broken.at)[0];
    if (first) first.goToBreach();
    else this.sayAloud("No property is known to be broken in these runs.");
  }

  /** The window is one for both: when one of them has moved it, the other one follows. */
  windowMoved(half) {
    if (!this.ready || this.showing) return;
    this.showing = true;
    for (const other of this.halves) if (other !== half && other.box) other.showLanes();
    this.showing = false;
  }

  show() {
    const stops = this.moment < 0 ? [-1, -1] : this.moments[this.moment].stops;
    this.showing = true;
    this.halves.forEach((half, i) => half.standAt(this.time, stops[i]));
    this.showing = false;
    this.showWindowMark();
    this.showCaption();
    this.slider.value = this.time;
    this.slider.style.setProperty("--played", `${this.time / this.end * 100}%`);
  }

  resize() {
    this.$(".card").classList.toggle("narrow", this.host.clientWidth < NARROW);
  }

  drawMarks() {
    const half = this.halves.find(({ box }) => box);
    if (!half) return;
    const width = half.box.plot, svg = this.$(".marks"), at = (time, size) => round(time / this.end * width - size / 2);
    this.host.style.setProperty("--gutter", `${half.box.gutter}px`);
    this.host.style.setProperty("--plot", `${width}px`);
    this.host.style.setProperty("--left", half.host.style.getPropertyValue("--left"));
    svg.setAttribute("viewBox", `0 0 ${width} 18`);
    svg.setAttribute("width", width);
    svg.setAttribute("height", 18);
    const faults = new Map(this.opened.flatMap(({ run }) => run.faults).map((fault) => [`${fault.at} ${fault.call}`, fault]));
    svg.innerHTML = `<rect class="window" y="13" height="5" rx="2"/>${faultSigns([...faults.values()], (time) => at(time, 0), 0, 12)}`
      + this.opened.filter(({ run }) => run.broken).map(({ run }) => iconPath("broken", at(run.broken.at, 14), -1, 14, "breach-sign")).join("");
    this.playback.proposeSpeed(this.shared.view?.span ?? this.end);
    this.showWindowMark();
  }

  showWindowMark() {
    const bar = this.$(".marks .window"), half = this.halves.find(({ box }) => box), { view } = this.shared;
    if (!bar || !half || !view) return;
    bar.style.display = view.span >= this.end ? "none" : "";
    bar.setAttribute("x", round(view.start / this.end * half.box.plot));
    bar.setAttribute("width", round(Math.max(4, view.span / this.end * half.box.plot)));
  }

  // -- words ------------------------------------------------------------------------------------------------------

  showCaption() {
    const { names } = this.bundle;
    this.$(".what b").textContent = ms(this.time);
    const key = this.halves.map((half) => `${half.stop}/${lastAtMost(half.run.users.steps, (s) => s.at, this.time)}`).join() + `/${this.moment < 0 || this.time > this.moments[this.moment].at + 0.05}`;
    if (this.seen.caption === key) return;
    this.seen.caption = key;
    const soFar = this.halves.map((half, i) => `${names[i]}: ${saySoFar(half.run, half.index, this.time)}`).join("; ");
    this.$(".so-far").textContent = `${soFar}.`;
    [...this.root.querySelectorAll(".each")].forEach((line, i) => {
      const { run, stops, stop, index } = this.halves[i], at = stop < 0 ? 0 : run.events[stops[stop].main][0];
      const { what } = describeStop(run, stops, stop), breach = sayBroken(run, stops[stop], index, this.time);
      const said = this.time > run.stopped + 0.05 ? `The run has ended, at ${ms(run.stopped)}. Its last event: ${what}` : this.time - at > 0.05 ? `Last, at ${ms(at)}: ${what}` : what;
      line.replaceChildren(make("b", {}, names[i]), ` ${said}`, ...(breach ? [" ", make("span", { class: "breach" }, breach)] : []));
    });
    this.slider.setAttribute("aria-valuetext", `${ms(this.time)}. ${soFar}`);
    if (!this.playback.playing) this.sayAloud();
  }

  sayAloud(text) {
    clearTimeout(this.aloudTimer);
    this.aloudTimer = setTimeout(() => {
      if (!text && (this.playback.playing || this.root.activeElement === this.slider)) return;
      this.$(".aloud").textContent = text ?? [this.$(".what"), ...this.root.querySelectorAll(".each")].map((line) => line.textContent).join(" ");
    }, text ? 0 : 600);
  }

  /** Keys pressed outside of both halves; those inside one of them arrive there. */
  key(event) {
    const target = event.composedPath()[0];
    if (event.defaultPrevented || target.getRootNode() !== this.root) return;
    this.halves[0].key(event);
  }
}

/** The moments at which a step stops, in the order of time: {at, stops: the last stop of each run}. What happens in both
 * runs at the same time is one moment. */
function bothStops(first, second) {
  const moments = [], stops = [-1, -1], next = ({ run, stops: list }, i) => i + 1 < list.length ? run.events[list[i + 1].main][0] : NEVER;
  for (;;) {
    const at = [next(first, stops[0]), next(second, stops[1])], now = Math.min(...at);
    if (now === NEVER) return moments;
    at.forEach((time, i) => { if (time === now) stops[i] += 1; });
    moments.push({ at: now, stops: [...stops] });
  }
}

/** Two runs ready to be drawn: {bundle, runs: [{run, stops, remarks}, …]}. Throws a Refusal. */
function openComparison(given) {
  const { bundle, remarks } = checkComparison(given);
  const runs = bundle.runs.map((checked) => {
    const run = readRun(checked);
    return { run, stops: readStops(run), remarks: [] };
  });
  runs[0].remarks = remarks;
  return { bundle, runs };
}

/** "61.2 % good so far (11 of 18)"; where nobody asks anything, what became of the messages. */
function saySoFar(run, index, time) {
  const step = shareAt(run, time);
  if (step) return `${percent(step.share)} good so far (${step.good.toLocaleString("en")} of ${step.n.toLocaleString("en")})`;
  if (run.users.operations.length) return "no answers yet";
  const dropped = run.flights.filter((f) => f.end === "drop" && f.toIndex <= index).length;
  return `${plural(dropped, "message")} dropped so far`;
}

/** The difference at the end and who reaches the target, in words: Python's, which knows the whole run, if it has said it. */
function sayDifference({ names, summary }, runs) {
  if (summary) return summary;
  const ends = runs.map(sayResult), shares = runs.map((run) => run.users.steps.at(-1)?.share);
  const points = shares.every((s) => s !== undefined) ? Math.round((shares[1] - shares[0]) * 1000) / 10 : null;
  const difference = points === null ? "" : points === 0 ? ": the same share" : `: ${Math.abs(points)} percentage ${Math.abs(points) === 1 ? "point" : "points"} ${points > 0 ? "more" : "less"}`;
  const targets = runs.map((run) => run.bundle.target), { target } = runs[0].bundle;
  const meets = points !== null && typeof target === "number" && targets[0] === targets[1] ? shares.map((s) => s >= target) : null;
  const reached = !meets ? "" : meets[0] === meets[1] ? ` ${meets[0] ? "Both reach" : "Neither reaches"} the target of ${percent(target)}.`
    : ` Only ${names[meets.indexOf(true)]} reaches the target of ${percent(target)}.`;
  const broken = runs.map((run, i) => run.broken && `${names[i]} breaks “${run.broken.what}” at ${ms(run.broken.at)}`).filter(Boolean);
  const kept = broken.length === 1 ? `; ${names[runs.findIndex((run) => !run.broken)]} breaks nothing that was watched` : "";
  return `At the end, ${names[0]}: ${ends[0]}; ${names[1]}: ${ends[1]}${difference}.${reached}${broken.length ? ` ${broken.join("; ")}${kept}.` : ""}`;
}
