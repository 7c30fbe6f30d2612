/* The tools: what a click, a line or a key on the picture does to the system at the playhead. */

// Each tool: its key, what its button says, the hint while it is chosen. Those with `choice` have something to choose below.
const TOOLS = {
  point: { key: "p", title: "Point: click a node to read its state", hint: "Click a node to read its state. Drag the playhead to any moment, then break something there." },
  cut: { key: "c", title: "Cut: draw a line through links, or click one", hint: "Draw a line through links, or click one link; a cut link heals. Keyboard: Tab to a node, Space chooses it, Enter cuts it off; ↑ ↓ go to its links." },
  crash: { key: "x", title: "Crash or restart: click a node", hint: "Click a node to crash it at the playhead. Click it again to restart it." },
  slow: { key: "s", title: "Slow: click a node", choice: true, hint: "Click a node: all that it does takes longer. Click it again and it is as fast as it was." },
  clock: { key: "k", title: "Clock: click a node to set its wall clock wrong", choice: true, hint: "Click a node to change its wall clock. Everything else goes on in true time." },
  lie: { key: "l", title: "Lie: click a node to make a liar of it", choice: true, hint: "Click a node: from here on it lies to the others. Click it again and it tells the truth." },
  drop: { key: "d", title: "Drop: click a message on its way", choice: true, hint: "Click a message on its way, here or in the diagram, or choose it above, and Enter: it will not arrive." },
};

const SLOWNESS = [["2", "×2"], ["5", "×5"], ["10", "×10"], ["100", "×100"], ["pause", "stands still"]];
const SKEWS = { jump: ["jumps by", "ms", 50], drift: ["gains", "ms a second", 10], right: ["is set right", "", null] };

class Tools extends Acts {
  furnishTools(button) {
    for (const [name, { key, title }] of Object.entries(TOOLS)) {
      this.$(".tools").append(button(name, `${title} (${key.toUpperCase()})`, () => this.useTool(name), name));
    }
    this.$(".tools").append(button("heal", "Heal all cuts now (H)", () => this.heal(), "heal"));
    const options = (list) => list.map(([value, words]) => make("option", { value }, words));
    const group = (tool, ...inside) => make("div", { class: "choice", "data-for": tool, hidden: true }, ...inside);
    this.factor = make("select", { class: "factor" }, ...options(SLOWNESS));
    this.factor.value = "10";
    this.skew = make("select", { class: "skew", onchange: () => this.showSkew() }, ...options(Object.entries(SKEWS).map(([name, [words]]) => [name, words])));
    this.skewBy = make("input", { class: "skew-by", type: "number", step: "any", value: 50, "aria-label": "By how many ms" });
    this.lies = make("select", { class: "lies" });
    this.flying = make("select", { class: "flying-messages", onchange: () => this.aim() });
    this.flying.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.dropChosen();
    });
    this.$(".choices").append(
      group("slow", make("label", {}, "It is slow: ", this.factor)),
      group("clock", make("label", {}, "Its clock ", this.skew), " ", this.skewBy, " ", this.skewUnit = make("span")),
      group("lie", make("label", {}, "It ", this.lies)),
      group("drop", make("label", {}, "Message ", this.flying), make("button", { type: "button", class: "plain lose", onclick: () => this.dropChosen() }, "Lose it")));
    this.showSkew();
  }

  // -- the picture listens ----------------------------------------------------------------------------------------

  listenToGraph() {
    const here = (event) => {
      const box = this.graph.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const found = (event, what) => event.composedPath().find((n) => n.dataset?.[what] !== undefined)?.dataset[what] ?? null;
    const nodeAt = (event) => found(event, "node"), linkAt = (event) => found(event, "link"), messageAt = (event) => found(event, "message");
    let line = null, started = null;
    this.graph.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      started = { node: nodeAt(event), link: linkAt(event), message: messageAt(event), at: here(event) };
      if (this.live && this.tool === "cut") {
        line = [here(event)];
        this.graph.setPointerCapture(event.pointerId);
        event.preventDefault();
      }
    });
    this.graph.addEventListener("pointermove", (event) => {
      if (!line) return;
      const p = here(event), last = line[line.length - 1];
      if (Math.hypot(p[0] - last[0], p[1] - last[1]) < 2) return;
      line.push(p);
      this.stroke.setAttribute("points", line.map((q) => q.map(round).join(",")).join(" "));
      this.preview(linksCrossed(line, this.run.links, (name) => this.place(name)));
    });
    const finish = (event) => {
      const drawn = line, begun = started;
      line = started = null;
      this.stroke?.setAttribute("points", "");
      if (event.type === "pointercancel") return this.preview([]);
      const far = ([x, y]) => Math.hypot(x - begun.at[0], y - begun.at[1]) > 6;
      const moved = begun && (far(here(event)) || drawn?.some(far)); // a ring around a node ends where it began
      if (drawn && moved) {
        const crossed = linksCrossed(drawn, this.run.links, (name) => this.place(name));
        this.preview([]);
        this.cutLinks(crossed, "The line crossed no link. Draw it across the links that you want to cut.");
      } else if (moved || !begun) return;
      else if (begun.message !== null && this.live && this.tool === "drop") this.dropFlight(this.dots[begun.message]?.flight);
      else if (begun.node !== null) this.touchNode(begun.node, "click");
      else if (begun.link !== null) this.toggleLink(Number(begun.link));
      else if (this.inspected) this.inspect(null);
    };
    this.graph.addEventListener("pointerup", finish);
    this.graph.addEventListener("pointercancel", finish);
    this.graph.addEventListener("pointerover", (event) => { if (event.pointerType === "mouse") this.pointAt(nodeAt(event)); });
    this.graph.addEventListener("pointerleave", () => this.pointAt(null));
    this.graph.addEventListener("focusin", (event) => {
      const node = nodeAt(event);
      this.pointAt(node);
      if (node !== null && this.graphBox.large) for (const [name, { group }] of this.nodeViews) group.setAttribute("tabindex", name === node ? "0" : "-1");
      if (linkAt(event) !== null) this.sayLink(Number(linkAt(event)));
    });
    this.graph.addEventListener("focusout", () => this.pointAt(null));
    this.graph.addEventListener("keydown", (event) => {
      const node = nodeAt(event), wire = linkAt(event), { key } = event;
      if ((node === null && wire === null) || event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && key === "Enter")) return;
      const press = key === "Enter" || key === " ";
      if (key === "ArrowDown" || key === "ArrowUp") this.walk(node, wire, key === "ArrowDown" ? 1 : -1);
      else if (press && wire !== null) this.toggleLink(Number(wire));
      else if (key === "Escape" && wire !== null) this.focusNode(this.walkingFrom ?? this.run.links[wire][0]);
      else if (press) this.touchNode(node, key);
      else if (key.toLowerCase() === "x" && this.live && node !== null) this.toggleCrash(node);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    // A screen reader's "activate" comes as a click without a pointer.
    this.graph.addEventListener("click", (event) => {
      if (event.detail !== 0) return;
      if (nodeAt(event) !== null) this.touchNode(nodeAt(event), "Enter");
      else if (linkAt(event) !== null) this.toggleLink(Number(linkAt(event)));
    });
  }

  preview(crossed) {
    const set = new Set(crossed);
    this.run.links.forEach((pair, i) => this.linkLines[i].classList.toggle("to-cut", set.has(pair)));
    if (!crossed.length) return;
    const acts = actsForCut(this.run, this.index, crossed, this.actTime());
    this.hint(acts.length ? `Let go to ${acts.map(sayFault).join(", ")} at ${sayTime(acts[0].at)} ms.` : "These links are cut already.");
  }

  /** Up and down in the graph: with the cut tool along the links of a node, else from node to node. */
  walk(node, wire, by) {
    if (this.live && this.tool === "cut") {
      if (node !== null) this.walkingFrom = node;
      const from = this.walkingFrom ?? this.run.links[wire][0];
      const mine = this.run.links.flatMap((pair, i) => pair.includes(from) ? [i] : []), at = mine.indexOf(Number(wire));
      if (!mine.length) return this.hint(`No link leads out of ${from}.`);
      const next = wire === null || at < 0 ? (by > 0 ? 0 : mine.length - 1) : (at + by + mine.length) % mine.length;
      this.wires[mine[next]].focus({ preventScroll: true });
      return;
    }
    const names = this.run.nodes, from = node ?? this.run.links[wire][0];
    this.focusNode(names[(names.indexOf(from) + by + names.length) % names.length]);
  }

  focusNode(name) { this.nodeViews.get(name)?.group.focus({ preventScroll: true }); }

  /** "The link r1 – writer, 2 of 3 out of r1, is whole. Enter cuts it." */
  sayLink(i) {
    const pair = this.run.links[i], from = pair.includes(this.walkingFrom) ? this.walkingFrom : pair[0];
    const mine = this.run.links.filter((p) => p.includes(from)), to = pair[0] === from ? pair[1] : pair[0];
    this.hint(`The link ${from} – ${to}, ${mine.indexOf(pair) + 1} of ${mine.length} out of ${from}, is ${this.sayWay(pair)}. Enter ${this.isCut(pair) ? "heals" : "cuts"} it, Escape leads back.`);
  }

  isCut([a, b]) {
    const { blocked } = cutsAt(this.run, this.index);
    return blocked.has(link(a, b)) || blocked.has(link(b, a));
  }

  sayWay([a, b]) {
    const { blocked } = cutsAt(this.run, this.index), there = blocked.has(link(a, b)), back = blocked.has(link(b, a));
    const worse = this.run.spells.some((s) => s.kind === "worse" && [link(a, b), link(b, a)].includes(s.node) && s.fromIndex <= this.index && this.index < s.toIndex);
    return there && back ? "cut" : there ? `cut from ${a} to ${b}` : back ? `cut from ${b} to ${a}` : worse ? "worse than it was" : "whole";
  }

  // -- what a touch does ------------------------------------------------------------------------------------------

  touchNode(node, how) {
    const does = this.live && { crash: "toggleCrash", slow: "toggleSlow", clock: "skewClock", lie: "toggleLie" }[this.tool];
    if (does) this[does](node);
    else if (this.live && this.tool === "cut") {
      if (how === "Enter") {
        if (!this.chosen.size) this.chosen.add(node);
        this.cutOff();
      } else {
        if (!this.chosen.delete(node)) this.chosen.add(node);
        this.showChosen();
      }
    } else this.inspect(this.inspected === node ? null : node);
  }

  showChosen() {
    const names = this.run.nodes.filter((name) => this.chosen.has(name));
    this.showGraph();
    if (!names.length) return this.hint();
    const cut = make("button", { type: "button", class: "plain cut-off", onclick: () => this.cutOff() }, `Cut off ${listed(names)}`);
    this.hint("Chosen. Choose more, or ", cut);
  }

  useTool(tool) {
    if (!this.live) return;
    this.tool = tool;
    this.chosen.clear();
    this.seen.flying = null;
    if (tool !== "drop") this.aimed = null;
    this.showTools();
    this.hint();
    this.showGraph();
  }

  showTools() {
    for (const name of Object.keys(TOOLS)) this[name + "Button"].setAttribute("aria-pressed", this.tool === name);
    this.$(".graph").dataset.tool = this.live ? this.tool : "point";
    for (const part of this.$(".choices").children) part.hidden = !this.live || part.dataset.for !== this.tool;
    const offered = (this.run.bundle.tools?.lies ?? []).filter(({ strategy }) => strategy !== "truth"), key = JSON.stringify(offered);
    if (this.liesOffered !== key) {
      const was = this.lies.value;
      this.liesOffered = key;
      this.lies.replaceChildren(...offered.map(({ label, strategy }, i) => make("option", { value: i }, label ?? strategy)));
      if (was && offered[was]) this.lies.value = was;
      this.lieButton.hidden = !offered.length;
    }
  }

  hint(...parts) {
    const line = this.$(".hint");
    if (parts.length) return this.keepFocus(() => line.replaceChildren(...parts));
    const words = this.live ? TOOLS[this.tool].hint : this.run.bundle.live ? this.options.asleep ?? "" : this.options.recorded ?? "A recorded run. Open it in JupyterLab to break it by hand.";
    this.keepFocus(() => line.replaceChildren(words));
  }

  // -- crash, slow, clock, lie ------------------------------------------------------------------------------------

  /** The last of these faults that was asked for this node, while Python has not answered yet: it counts already. */
  askedOf(node, ...calls) {
    const at = this.actTime();
    return this.asked ? this.acts.findLast((act) => act.at <= at && act.args[0] === node && calls.includes(act.call)) ?? null : null;
  }

  /** Whether a node is slow, paused or a liar now, what was asked already included. */
  isNow(node, begins, ends, seen) {
    const act = this.askedOf(node, begins, ends, "crash", "restart"), own = act && (act.call === begins || act.call === ends);
    return own ? act.call === begins && !(begins === "slow" && act.args[1] === 1) && !(begins === "lie" && act.args[1] === "truth") : seen;
  }

  upNow(node) {
    const act = this.askedOf(node, "crash", "restart");
    return act ? act.call === "restart" : isUp(this.run, node, this.index);
  }

  isSpell(node, kind) { return spellsAt(this.run, node, this.index).some((s) => s.kind === kind); }

  /** Routers only pass on: they have no clock, no pace and nothing to say. */
  noNode(node, what) {
    if (!this.run.routers.has(node)) return false;
    this.hint(`${node} is a router: it passes messages on, and ${what}. Crash it, or cut its links.`);
    return true;
  }

  act(call, ...args) { return { at: this.actTime(), call, args }; }

  toggleCrash(node) { this.add([this.act(this.upNow(node) ? "crash" : "restart", node)]); }

  toggleSlow(node) {
    if (this.noNode(node, "is never slow")) return;
    if (this.isNow(node, "pause", "resume", this.isSpell(node, "paused"))) return this.add([this.act("resume", node)]);
    if (this.isNow(node, "slow", "slow", this.isSpell(node, "slow"))) return this.add([this.act("slow", node, 1)]);
    if (this.factor.value !== "pause") return this.add([this.act("slow", node, Number(this.factor.value))]);
    if (!this.upNow(node)) return this.hint(`${node} is down: it stands still as it is. Restart it first.`);
    this.add([this.act("pause", node)]);
  }

  showSkew() {
    const [, unit, usual] = SKEWS[this.skew.value];
    this.skewBy.hidden = usual === null;
    this.skewUnit.textContent = unit;
    this.skewBy.setAttribute("aria-label", this.skew.value === "drift" ? "How many ms it gains a second" : "By how many ms");
    if (usual !== null) this.skewBy.value = usual;
  }

  skewClock(node) {
    if (this.noNode(node, "has no clock")) return;
    const wrong = clockAt(this.run, node, this.actTime());
    if (this.skew.value === "right") {
      const acts = wrong ? [...(wrong.rate === 1 ? [] : [this.act("drift_clock", node, 0)]), ...(Math.abs(wrong.ahead) < 0.0005 ? [] : [this.act("jump_clock", node, tidy(-wrong.ahead))])] : [];
      return acts.length ? this.add(acts) : this.hint(`The clock of ${node} is right at ${ms(this.time)}.`);
    }
    const by = this.skewBy.valueAsNumber;
    if (this.skew.value === "jump") {
      if (!by) return this.hint("Write by how many ms the clock jumps: 50, or −50 to turn it back.");
      return this.add([this.act("jump_clock", node, tidy(by))]);
    }
    if (!Number.isFinite(by) || by <= -1000) return this.hint("Write how many ms the clock gains a second: 10, or −10 for a clock that loses. At −1000 its time would stand still.");
    this.add([this.act("drift_clock", node, tidy(by / 1000, 9))]);
  }

  toggleLie(node) {
    if (this.noNode(node, "says nothing of its own")) return;
    if (this.isNow(node, "lie", "lie", liarAt(this.run, node, this.time) !== null)) return this.add([this.act("lie", node, "truth")]);
    const lie = JSON.parse(this.liesOffered)[Number(this.lies.value)];
    if (!lie) return this.hint("This scenario knows no lie: declare one with @strategy above a function of (node, dest, msg, dice).");
    this.add([this.act("lie", node, lie.strategy, ...(lie.args ?? []))]);
  }

  // -- cut and heal -----------------------------------------------------------------------------------------------

  cutLinks(crossed, otherwise) {
    if (!crossed.length) return this.hint(otherwise);
    const acts = actsForCut(this.run, this.index, crossed, this.actTime());
    if (!acts.length) return this.hint("These links are cut already. Heal mends them.");
    this.add(acts);
  }

  cutOff() {
    const inside = this.chosen, crossed = this.run.links.filter(([a, b]) => inside.has(a) !== inside.has(b));
    const all = inside.size === this.run.nodes.length;
    this.cutLinks(crossed, all ? "All nodes are chosen: there is nothing to cut them off from." : "No link leads out of what you chose.");
    this.chosen = new Set();
    this.showGraph();
  }

  /** One link: cut it, or heal it if it is cut. */
  toggleLink(i) {
    const pair = this.run.links[i];
    if (!this.live || !pair) return;
    this.add([this.act(this.isCut(pair) ? "network.heal" : "network.cut", ...[...pair].sort())]);
  }

  heal() {
    if (!this.live) return;
    const cut = cutsAt(this.run, this.index).blocked.size || (this.asked && this.acts.some((a) => a.at <= this.time && a.call.startsWith("network.")));
    if (!cut) return this.hint(`Nothing is cut at ${ms(this.time)}.`);
    this.add([this.act("network.heal")]);
  }

  // -- one message ------------------------------------------------------------------------------------------------

  /** The messages that can be lost at the playhead, on their way or waiting at a door, in the order in which they were sent. */
  losable() {
    const { run, time, index } = this;
    const list = new Set([...atDoors(run, time, index).list.keys(), ...inFlight(run, time, index)]);
    return [...list].filter((f) => f.toIndex > index && !f.again && f.end !== "drop").sort((a, b) => a.fromIndex - b.fromIndex);
  }

  showFlying() {
    if (!this.live || this.tool !== "drop") return;
    const list = this.losable().slice(0, 60), key = list.map((f) => f.id).join() + "/" + this.run.bundle.run;
    if (this.seen.flying === key) return;
    this.seen.flying = key;
    const was = this.flying.value;
    this.flying.replaceChildren(...list.length ? list.map((f) => make("option", { value: f.id }, `${f.src} → ${f.dest} ${showMessage(f.msg, 40)}`)) : [make("option", { value: "" }, "none on its way now")]);
    if (list.some((f) => String(f.id) === was)) this.flying.value = was;
    this.aim();
  }

  /** By its key the tool comes with the focus on what there is to choose. */
  useDrop() {
    this.useTool("drop");
    this.flying.focus({ preventScroll: true });
  }

  aim() {
    this.aimed = this.live && this.tool === "drop" ? this.flying.value : null;
    this.showGraph();
  }

  dropChosen() {
    const flight = this.losable().find((f) => String(f.id) === this.flying.value);
    if (flight) this.dropFlight(flight);
    else this.hint(`No message is on its way at ${ms(this.time)}. Drag the playhead to a moment between sending and arrival.`);
  }

  /** Lose a message: at the playhead while it is on its way there, else halfway. */
  dropFlight(flight) {
    if (!this.live || !flight) return;
    const { src, dest, from, to } = flight, name = `${src} → ${dest} ${flight.msg?.type ?? ""}`.trim();
    if (flight.end === "drop") return this.hint(`${name} does not arrive as it is: ${dropReason(this.run, flight, flight.toIndex)}.`);
    const last = to === NEVER ? this.run.end : to, now = this.actTime();
    const at = from < now && now < last ? now : tidy((from + last) / 2);
    if (!(from < at && at < last)) return this.hint(`${name} takes no time on its way: there is no moment to lose it in.`);
    this.add([{ at, call: "network.lose", args: [src, dest, numberOf(this.run, flight)] }]);
  }
}

/** A number for Python, without the dust of sums in binary. */
const tidy = (x, digits = 3) => Number(x.toFixed(digits));
