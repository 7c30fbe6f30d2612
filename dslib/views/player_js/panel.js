/* The state of one node at the moment shown: what it believes, what its clock reads, what waits, what its disk holds. */

class Panel extends Lanes {
  furnishPanel() {
    this.panel = this.$(".panel");
    this.panel.append(
      make("div", { class: "panel-head" }, this.panelName = make("b"), this.panelStatus = make("span"),
        this.panelClose = make("button", { type: "button", class: "plain close-panel", title: "Close (Escape)", onclick: () => this.closePanel() }, "Close")),
      this.panelRows = make("dl", { class: "facts", tabindex: "-1", "aria-label": "State" }));
  }

  /** The panel stands under the graph where there is one column, and beside the caption where there is room. */
  resize(force) {
    const width = this.host.clientWidth, n = this.run.nodes.length;
    if (width) {
      this.host.style.setProperty("--left", `${Math.round(Math.min(n > 30 ? 460 : n > NODE_LIMIT ? 400 : n > 6 ? 360 : 300, Math.max(300, width * 0.42)))}px`);
      const place = this.$(width < NARROW ? ".left" : ".tell");
      if (this.panel.parentNode !== place) place[width < NARROW ? "append" : "prepend"](this.panel);
    }
    super.resize(force);
  }

  /** Read the state of a node, until Escape or another node; `null` ends it. */
  inspect(node) {
    this.inspected = node;
    if (!node) this.pointed = null;
    this.panelTold = null;
    this.showGraph();
    this.showPanel();
    if (node) this.sayAloud(this.sayMoment(node));
  }

  closePanel() {
    const node = this.inspected;
    this.inspect(null);
    this.nodeViews.get(node)?.group.focus({ preventScroll: true });
  }

  /** Under the pointer or the keyboard: shown while it is there. */
  pointAt(node) {
    if (this.pointed === node) return;
    this.pointed = node;
    this.showPanel();
  }

  showPanel() {
    const { run, time, index } = this, known = (name) => name && run.lane.has(name) ? name : null;
    const node = known(this.pointed) ?? known(this.inspected), row = node && stateOf(run, node, index), wrong = node && clockAt(run, node, time);
    const conditions = node ? this.conditions(node) : [], up = node && isUp(run, node, index);
    const key = node && [node, run.bundle.run, row?.index, up, conditions, wrong && Math.round(wrong.ahead * 10), this.inspected === node, row && this.changedNow(row), lastTimer(run, node, index)?.index, this.waiting?.get(node)].join("/");
    if (wrong && this.seen.panelClock !== undefined) this.showWallClock(wrong);
    if (this.seen.panel === key) return;
    this.seen.panel = key;
    this.panel.toggleAttribute("data-empty", !this.inspected);
    this.panelClose.hidden = !node || this.inspected !== node;
    if (!node) {
      this.panel.setAttribute("aria-label", "State of a node");
      this.panelName.textContent = "";
      this.panelStatus.textContent = "Point at a node to read its state here; click it, or Tab to it and press Enter, to keep it here.";
      this.panelRows.replaceChildren();
      this.panelRows.setAttribute("tabindex", "-1");
      return;
    }
    const facts = this.facts(node, row, wrong), role = run.bundle.roles?.[node] ?? "";
    this.panel.setAttribute("aria-label", `State of ${node}`);
    this.panelName.textContent = shorten(node, 24);
    this.panelStatus.textContent = [role, ...(up ? conditions.length ? conditions : ["up"] : ["down", ...(isBurnt(run, node, index) ? ["disk gone"] : [])])].filter(Boolean).join(", ");
    this.panelRows.replaceChildren(...facts.map(({ name, value, was, kind }) => make("div", { class: [kind, was === undefined ? "" : "news"].filter(Boolean).join(" ") || null },
      make("dt", {}, name), make("dd", {}, make("span", {}, value), was === undefined ? null : make("i", {}, was === null ? " new" : ` was ${shorten(was, 30)}`)))));
    this.seen.panelClock = wrong ? "" : undefined;
    if (wrong) this.showWallClock(wrong);
    this.panelRows.setAttribute("tabindex", this.inspected === node ? "0" : "-1"); // it may scroll; whether it does is not measured: that costs a step 2 ms
  }

  showWallClock(wrong) {
    const words = `reads ${ms(wrong.reads).replace(" ms", "")}, true ${ms(this.time)}`, cell = this.panelRows.querySelector(".wall dd span");
    if (!cell || this.seen.panelClock === words) return;
    this.seen.panelClock = words;
    cell.textContent = words;
  }

  /** "slow ×10", "lies: says nothing", "clock 40 ms ahead": all that is not as it should be with a node that is up. */
  conditions(node) {
    const { run, time, index } = this, lie = liarAt(run, node, time), wrong = clockAt(run, node, time);
    return [...(isUp(run, node, index) ? spellsAt(run, node, index).map((s) => s.words) : []), ...(lie ? [`lies: ${lie.words}`] : []), ...(wrong ? [sayClock(wrong)] : [])];
  }

  /** Whether a state was recorded in the step that is shown. */
  changedNow(row) {
    const stop = this.stops[this.stop];
    return Boolean(stop && stop.main <= row.index && row.index <= stop.last && this.time - row.at < 0.05);
  }

  /** What the panel lists: role, term, clock, queue and disk in their places, and all other attributes. */
  facts(node, row, wrong) {
    const { run, index } = this, up = isUp(run, node, index), fields = row?.fields ?? {}, term = termOf(fields);
    const rows = run.stateRows.get(node) ?? [], before = row && this.changedNow(row) ? rows[rows.indexOf(row) - 1]?.fields ?? null : null;
    const was = (name) => !before || before[name] === fields[name] ? undefined : before[name] ?? null;
    const list = [], take = (name, title = name) => { if (name in fields) list.push({ name: title, value: bare(fields[name]), was: was(name) }); };
    if (run.routers.has(node)) return [{ name: "router", value: up ? "passes messages on" : "passes nothing on" }];
    if (up) take("role");
    if (up && term) take(term, "term");
    if (wrong) list.push({ name: "clock", value: "", kind: "wall" });
    else if (Object.keys(run.bundle.clocks ?? {}).length) list.push({ name: "clock", value: "reads the true time" });
    const door = this.waiting?.get(node) ?? 0;
    if (door) list.push({ name: "at its door", value: `${plural(door, "message")} waiting` });
    if (up) take("queue");
    if (up) for (const name of Object.keys(fields)) if (!["role", term, "queue", "disk"].includes(name)) take(name);
    const rang = up && lastTimer(run, node, index);
    if (rang) list.push({ name: "last timer", value: `${rang.name}, at ${ms(rang.at)}` });
    take("disk");                                          // the last: it may be long
    if (!up) list.push({ name: "memory", value: "nothing" }, ...("disk" in fields ? [] : [{ name: "disk", value: isBurnt(run, node, index) ? "gone, too" : "stays as it was" }]));
    if (!list.length) list.push({ name: "state", value: rows.length ? "nothing in memory" : "was not recorded" });
    return list;
  }

  /** The panel for those who listen. */
  sayMoment(node) {
    const { run, time, index } = this, row = stateOf(run, node, index), wrong = clockAt(run, node, time), up = isUp(run, node, index);
    const facts = this.facts(node, row, wrong);
    const role = run.bundle.roles?.[node], conditions = this.conditions(node);
    return `${node}${role ? `, ${role}` : ""}, ${[up ? conditions.length ? "" : "up" : "down", ...conditions].filter(Boolean).join(", ")}. `
      + facts.filter(({ kind }) => kind !== "wall").map(({ name, value, was }) => `${name} ${value}${was ? `, was ${was}` : ""}`).join(". ") + ".";
  }

  /** What changed in the node that is read, since it was last said. Empty when nothing did. */
  newsOfPanel() {
    const node = this.inspected, row = node && stateOf(this.run, node, this.index);
    if (!node || this.panelTold === row) return "";
    this.panelTold = row;
    const changed = this.facts(node, row, null).filter(({ was }) => was !== undefined);
    return changed.length ? ` ${node}: ${changed.map(({ name, value, was }) => `${name} ${value}${was === null ? "" : `, was ${was}`}`).join("; ")}.` : "";
  }
}
