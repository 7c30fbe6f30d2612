/* What a reader may choose to see in the diagram: logical clocks, and a part of the nodes and events. */

const CLOCK_KINDS = [["none", "none"], ["lamport", "Lamport"], ["vector", "vector"]];

class Choices extends Graph {
  /** The row under the diagram. */
  furnishChoices() {
    this.filter = new Filter();
    this.clockKind = "none";
    this.clockChoice = make("select", { class: "clock-choice", "aria-label": "Clocks in the diagram", onchange: () => this.useClocks(this.clockChoice.value) },
      ...CLOCK_KINDS.map(([value, words]) => make("option", { value }, words)));
    this.filterPanel = make("div", { class: "filter-panel" });
    this.filterNews = make("span", { class: "filter-news", role: "status" });
    this.filterReset = make("button", { type: "button", class: "plain filter-reset", hidden: true, onclick: () => this.clearFilter() }, "Show all");
    this.causesLine = make("p", { class: "causes", hidden: true });
    this.$(".right").append(
      make("div", { class: "choices" }, make("label", { class: "clock-label" }, "Clocks: ", this.clockChoice),
        make("details", { class: "filter" }, make("summary", {}, "Filter"), this.filterPanel), make("span", { class: "filter-is" }, this.filterNews, this.filterReset)),
      this.causesLine);
    this.filterPanel.addEventListener("change", (event) => this.choose(event.target));
  }

  /** A new run: what there is to choose from, and which stops are left. Names that it does not know are forgotten. */
  takeStops(stops) {
    this.allStops = stops;
    const choices = filterChoices(this.run, stops), { hidden } = this.filter;
    for (const [what, names] of [["nodes", choices.nodes], ["types", choices.types]]) hidden[what] = new Set([...hidden[what]].filter((name) => names.includes(name)));
    for (const kind of hidden.kinds) if (!choices.kinds.includes(kind)) choices.kinds.push(kind);
    this.stops = this.filter.stops(this.run, stops);
    const key = JSON.stringify(choices);
    if (this.choicesKey !== key) {
      this.choicesKey = key;
      this.drawChoices(choices);
    }
    this.showFilter();
  }

  drawChoices({ nodes, kinds, types, states }) {
    const box = (what, value, words) => make("label", {}, make("input", { type: "checkbox", "data-what": what, value, checked: !this.filter.hidden[what].has(value) }), " ", words);
    const group = (name, boxes) => boxes.length ? make("fieldset", {}, make("legend", {}, name), ...boxes) : null;
    const all = (what) => make("button", { type: "button", class: "plain", onclick: () => this.chooseAll(what) }, "All or none");
    this.filterPanel.replaceChildren(...[
      group("Nodes", [...nodes.map((name) => box("nodes", name, shorten(name, 20))), ...(nodes.length > 3 ? [all("nodes")] : [])]),
      group("Events", [...kinds.map((kind) => box("kinds", kind, EVENT_KINDS[kind])),
        ...(states ? [make("label", {}, make("input", { type: "checkbox", "data-what": "changes", checked: this.filter.changesOnly }), " ", "only those that change a state")] : [])]),
      group("Messages", [...types.map((type) => box("types", type, type)), ...(types.length > 3 ? [all("types")] : [])]),
    ].filter(Boolean));
  }

  choose(input) {
    const { what } = input.dataset, set = this.filter.hidden[what];
    if (what === "changes") this.filter.changesOnly = input.checked;
    else if (input.checked) set.delete(input.value);
    else set.add(input.value);
    this.filterChanged();
  }

  chooseAll(what) {
    const boxes = [...this.filterPanel.querySelectorAll(`[data-what="${what}"]`)], set = this.filter.hidden[what], show = set.size > 0;
    for (const input of boxes) {
      input.checked = show;
      if (show) set.delete(input.value);
      else set.add(input.value);
    }
    this.filterChanged();
  }

  clearFilter() {
    this.filter.clear();
    for (const input of this.filterPanel.querySelectorAll("input")) input.checked = input.dataset.what !== "changes";
    this.filterChanged();
    this.$(".filter summary").focus({ preventScroll: true });
  }

  /** The stops, the lanes and the list are others now; the playhead stays where it is. */
  filterChanged() {
    this.stops = this.filter.stops(this.run, this.allStops);
    this.stop = lastAtMost(this.stops, (s) => s.main, this.index);
    this.setPick(null);
    this.showFilter();
    this.seen.page = this.seen.row = this.seen.caption = this.seen.pick = this.seen.summary = null;
    this.resize(true);
  }

  showFilter() {
    const { on } = this.filter;
    this.filterNews.textContent = on ? `${this.stops.length.toLocaleString("en")} of ${plural(this.allStops.length, "event")} shown` : "";
    this.filterReset.hidden = !on;
    this.$(".filter").classList.toggle("on", on);
  }

  // -- logical clocks -----------------------------------------------------------------------------------------------

  useClocks(kind) {
    this.clockKind = this.clockChoice.value = kind;
    this.drawn = null;
    this.showLanes();
    this.showKey();
  }

  /** The event whose causes are shown: the one on which the playhead stands. Null: no clocks, no such event, or it moves. */
  causes() {
    const stop = this.stops[this.stop];
    if (this.clockKind === "none" || !stop || this.dragging || this.playing) return null;
    return this.run.events[stop.main][0] === this.time ? causesOf(this.run, stop.main) : null;
  }

  showCauses(causes) {
    this.causesLine.hidden = this.clockKind === "none";
    if (this.causesLine.hidden) return;
    const words = causes ? `${shorten(describe(this.run, causes.index).what, 90)} It has ${sayStamp(this.run, this.clockKind, causes.chosen)}. ${sayCauses(causes)}`
      : `${this.clockKind === "vector" ? "The counts stand in the order of the lanes. " : ""}Step to a start, a timer, a message sent or received, or click it: what happened before it and after it stands out.`;
    if (this.causesLine.textContent !== words) this.causesLine.textContent = words;
  }

  /** For those who listen. */
  newsOfCauses() { return this.causesLine.hidden || !this.causes() ? "" : ` ${this.causesLine.textContent}`; }
}
