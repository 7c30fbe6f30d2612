/* The player's left half: nodes, links, cuts, and messages in flight. */


class Graph {
  // -- the graph --------------------------------------------------------------------------------------------------

  place(name) {
    const { width, height, margin } = this.graphBox;
    const [x, y] = this.spots.get(name) ?? [0.5, 0.5];
    return [margin.x + x * (width - 2 * margin.x), margin.top + y * (height - margin.top - margin.bottom)];
  }

  /** How large everything is. `large`: too many nodes for words below each; their names alone are placed one by one. */
  layOut(width, narrow, large, more = 0) {
    const { run } = this, n = run.nodes.length, widest = Math.max(...run.nodes.map((name) => textWidth(shorten(name, 16), 650)));
    const height = large ? (narrow ? clamp(width * 0.95, 240, 420) : clamp(width * 0.9, 320, n > 30 ? 460 : 400))
      : narrow ? clamp(width * 0.8, 240, 330) + more : clamp(this.box.height - 130, 250, 340) + more;
    const radius = n <= 6 ? 19 : n <= NODE_LIMIT ? (large ? 13 : 15) : n <= 24 ? 9 : n <= 40 ? 7 : 6, words = large ? 18 : run.stateRows.size ? 46 : 22;
    const margin = { x: radius + (large ? 10 + Math.min(96, width * 0.22, widest) : 26), top: radius + words, bottom: radius + words };
    return { width, height, radius, large, margin };
  }

  /** Whether the words below or above a node would cover another node, or its words. */
  isCrowded() {
    const { height, radius } = this.graphBox, boxes = this.run.nodes.map((name) => {
      const [x, y] = this.place(name), above = y < height * 0.42, states = this.run.stateRows.get(name)?.some(({ fields }) => Object.keys(fields).length);
      const half = Math.max(textWidth(shorten(name, 16), 650) / 2, states ? 40 : 0), tall = states ? 44 : 17;
      return { circle: [x - radius, y - radius, x + radius, y + radius], words: above ? [x - half, y - radius - tall, x + half, y - radius] : [x - half, y + radius, x + half, y + radius + tall] };
    });
    const meet = (p, q) => p[0] < q[2] && q[0] < p[2] && p[1] < q[3] && q[1] < p[3];
    return boxes.some((p, i) => boxes.some((q, j) => i !== j && (meet(p.words, q.circle) || meet(p.words, q.words))));
  }

  drawGraph() {
    const { run } = this, n = run.nodes.length;
    const narrow = this.host.clientWidth < NARROW, width = Math.max(200, this.$(".graph").clientWidth);
    this.spots = readSpots(run);
    for (const more of n > NODE_LIMIT ? [] : [0, 50, 100]) {    // a little higher, rather than without words
      this.graphBox = this.layOut(width, narrow, false, more);
      if (!this.isCrowded()) break;
    }
    if (n > NODE_LIMIT || this.isCrowded()) this.graphBox = this.layOut(width, narrow, true);
    const { height, radius, large } = this.graphBox;
    const place = (name) => this.place(name);
    const links = run.links.map(([a, b]) => {
      const [p, q] = [place(a), place(b)];
      return `<line class="link" x1="${round(p[0])}" y1="${round(p[1])}" x2="${round(q[0])}" y2="${round(q[1])}"/>`;
    });
    const { target: _, ...box } = this.graphBox;
    this.graph.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
    this.graph.setAttribute("width", box.width);
    this.graph.setAttribute("height", box.height);
    this.graph.setAttribute("role", "group");
    this.graph.setAttribute("aria-label", `The ${plural(n, "node")} and their links${this.live ? "" : ", as they are at the moment shown"}`);
    this.graph.innerHTML = `<g class="links">${links.join("")}</g><g class="wires"></g><g class="cut-lines"></g>`
      + `<g class="lost"></g><g class="flying"></g><g class="nodes"></g><g class="stroke"><polyline class="drawn" points=""/></g>`;
    const layer = (name) => this.graph.querySelector("." + name);
    this.graph.classList.toggle("large", large);
    this.linkLines = [...layer("links").children];
    this.cutLayer = layer("cut-lines");
    this.lostLayer = layer("lost");
    this.flyingLayer = layer("flying");
    this.stroke = layer("drawn");
    this.dots = [];
    this.wires = this.live ? run.links.map(([a, b], i) => {   // what a finger or the keyboard takes hold of, with the cut tool
      const [p, q] = [place(a), place(b)], ends = { x1: round(p[0]), y1: round(p[1]), x2: round(q[0]), y2: round(q[1]) };
      return make("g", { class: "wire", role: "button", tabindex: "-1", "data-link": i, "aria-label": `Link ${a} – ${b}` },
        make("line", { class: "ring", ...ends }), make("line", { class: "hit", ...ends }));
    }) : [];
    layer("wires").append(...this.wires);
    const nodes = layer("nodes"), spot = large ? this.placeNames() : null;
    this.nodeViews = new Map(run.nodes.map((name) => {
      const [x, y] = place(name), above = y < height * 0.42, small = large, size = this.sizeOf(name);
      const role = run.bundle.roles?.[name] ?? "";
      const text = small ? [0] : !above ? [radius + 15, radius + 29, radius + 42] : [-radius - 34, -radius - 20, -radius - 7];
      const view = {
        group: make("g", { class: "node", tabindex: large && name !== run.nodes[0] ? "-1" : "0", role: "button", transform: `translate(${round(x)} ${round(y)})`, "data-node": name }),
        state: text.slice(1).map((y) => make("text", { class: "state", y, "text-anchor": "middle" })), role, above,
        mark: make("g", { class: "mark" }), badges: make("g", { class: "badges" }), size,
      };
      view.group.append(
        make("circle", { class: "halo", r: size + 6 }), make("circle", { class: "body", r: size }), view.mark,
        make("path", { class: "down-mark", d: crossPath(0, 0, size * 0.6) }), view.badges,
        view.name = make("text", { class: "name", y: text[0], "text-anchor": "middle" }, shorten(name, 16)));
      if (spot) {                                          // where it covers nothing; else only while the node is looked at
        const { at, anchor, hidden } = spot.get(name);
        view.name.setAttribute("x", round(at[0] - x));
        view.name.setAttribute("y", round(at[1] - y + 4));
        view.name.setAttribute("text-anchor", anchor);
        view.group.classList.toggle("nameless", hidden);
        view.nameless = hidden;
      }
      if (!small) for (const line of view.state) view.group.append(" ", line);
      nodes.append(view.group);
      return [name, view];
    }));
    this.seen.graph = null;
    this.seen.cut = null;
  }

  showGraph() {
    const { run, time, index } = this, { radius } = this.graphBox;
    if (!this.nodeViews) return;
    const cut = cutsAt(run, index);
    const worse = run.spells.filter((s) => s.kind === "worse" && s.fromIndex <= index && index < s.toIndex).map((s) => s.node);
    if (this.seen.cut !== cut || this.seen.worse !== worse.join()) {
      this.seen.cut = cut;
      this.seen.worse = worse.join();
      this.showCut(cut, worse);
    }

    // Messages in flight, and those that died a moment ago. One at the door of a node that stands still is there already.
    const doors = atDoors(run, time, index), flying = [], lost = [], stop = this.stops[this.stop];
    const now = stop && run.events[stop.main][0] === time ? run.flightOf[stop.main] : null;
    for (const flight of inFlight(run, time, index)) {
      if (!flight.legs.every((leg) => this.spots.has(leg.src) && this.spots.has(leg.dest))) continue;
      if (doors.list.has(flight)) continue;
      const over = flight.toIndex <= index;
      if (over && flight.end === "drop" && time - flight.to <= run.typical) lost.push(flight);
      else if (!over || (flight === now && flight.end === "deliver")) flying.push(flight);
    }
    for (const [flight, n] of doors.list) if (n < 5) flying.push(flight);
    this.waiting = doors.at;
    for (const [name, view] of this.nodeViews) this.showNode(name, view);
    const names = flying.length - doors.list.size <= 5;
    const taken = [...this.nodeViews].map(([name, { above, name: title, state }]) => {  // the circle, and the words above or below it
      const [x, y] = this.place(name), half = 3.5 * Math.max(...[title, ...state].map((line) => line.textContent.length));
      return { x, y, half, top: above ? y - radius - 46 : y + radius, bottom: above ? y - radius : y + radius + 46 };
    });
    this.giveDots(flying);
    for (const view of this.dots) {
      const { flight } = view;
      if (!flight) continue;
      const leg = flight.legs.findLast((l) => l.from <= time) ?? flight.legs[0], length = leg.to - leg.from, door = doors.list.get(flight);
      const part = leg.to === NEVER ? clamp((time - leg.from) / (2 * run.typical), 0, 0.5) : length > 0 ? clamp((time - leg.from) / length, 0, 1) : 1;
      const [x, y] = door === undefined ? this.along(leg.src, leg.dest, part, radius) : this.doorOf(leg.src, leg.dest, door);
      const passed = door === undefined && time >= passedAt(run, flight) && flight.toIndex > index;
      const kind = ["dot", flight === now ? "now" : "", flight.again ? "copy" : "", passed ? "overtaken" : "", door === undefined ? "" : "waiting",
        this.aimed && this.aimed === String(flight.id) ? "aimed" : ""].filter(Boolean).join(" ");
      view.group.setAttribute("transform", `translate(${round(x)} ${round(y)})`);
      if (view.kind !== kind) view.group.setAttribute("class", view.kind = kind);
      // Nodes are drawn above the labels: a label goes to the side where it runs under none, or waits until there is room.
      const type = names && door === undefined ? (flight.msg?.type ?? "") + (flight.again ? " (copy)" : passed ? " (overtaken)" : "") : "", wide = 8 + 7 * type.length, prefer = x < this.graphBox.width * 0.72;
      const room = (toRight) => {
        const [from, to] = toRight ? [x, x + wide] : [x - wide, x];
        return from >= 0 && to <= this.graphBox.width && taken.every((node) =>
          Math.hypot(node.x - clamp(node.x, from, to), node.y - clamp(node.y, y - 7, y + 7)) > radius + 2
          && (to < node.x - node.half || from > node.x + node.half || y + 7 < node.top || y - 7 > node.bottom));
      };
      const right = room(prefer) ? prefer : !prefer, text = room(right) ? type : "";
      if (view.label.textContent !== text) view.label.textContent = text;
      view.label.setAttribute("text-anchor", right ? "start" : "end");
      view.label.setAttribute("x", right ? 8 : -8);
      view.label.setAttribute("y", 3.5);
    }
    const key = lost.map((f) => f.id).join();
    if (this.seen.lost !== key || this.seen.lostOf !== this.graphBox) {
      this.seen.lost = key;
      this.seen.lostOf = this.graphBox;
      this.lostLayer.innerHTML = lost.map(({ legs }) => {
        const f = legs[legs.length - 1];
        const stopped = f.reason === "cut" && f.to === f.from ? this.meets.get(link(f.src, f.dest)) ?? 0.5 : deathPlace(f);
        const a = this.along(f.src, f.dest, 0, radius), [x, y] = this.along(f.src, f.dest, stopped, radius);
        return `<path class="lost-way" d="M${a.map(round).join(" ")}L${round(x)} ${round(y)}"/>${cross(x, y, 5)}`;
      }).join("");
    }
    this.showPanel();
    this.showFlying();
  }

  /** A dot for each message in flight. One keeps its dot as long as it flies, so that a finger can follow it. */
  giveDots(flying) {
    const wanted = new Set(flying), free = [];
    for (const dot of this.dots) {
      if (wanted.delete(dot.flight)) continue;
      dot.flight = null;
      free.push(dot);
    }
    for (const flight of wanted) {
      let dot = free.pop();
      if (!dot) {
        const label = make("text", { class: "label" });
        const group = make("g", { class: "dot", "data-message": this.dots.length },
          make("circle", { class: "hit", r: 13 }), make("circle", { class: "ring", r: 9 }), make("circle", { class: "ball", r: 5 }), make("rect", { class: "box", x: -4, y: -4, width: 8, height: 8 }), label);
        this.flyingLayer.append(group);
        this.dots.push(dot = { group, label });
      }
      dot.flight = flight;
      dot.group.style.display = "";
    }
    for (const dot of free) if (!dot.flight && dot.group.style.display !== "none") dot.group.style.display = "none";
  }

  /** The place of the n-th message that waits at a node's door: beside its circle, on the side it came from. */
  doorOf(src, dest, n) {
    const [p, q] = [this.place(src), this.place(dest)], turn = Math.atan2(p[1] - q[1], p[0] - q[0]) + (n + 1 >> 1) * (n % 2 ? 0.45 : -0.45);
    const away = this.sizeOf(dest) + 8;
    return [q[0] + Math.cos(turn) * away, q[1] + Math.sin(turn) * away];
  }

  /** Routers are drawn smaller: there may be many, and they only pass on. */
  sizeOf(name) { return this.run.routers.has(name) ? Math.max(5, Math.round(this.graphBox.radius * 0.72)) : this.graphBox.radius; }

  /** In a large graph: where each name covers neither a node nor another name. */
  placeNames() {
    const { run } = this, { width, height } = this.graphBox, taken = [], places = new Map();
    const nodes = run.nodes.map((name) => [this.place(name), this.sizeOf(name) + 2]);
    const middle = [0, 1].map((axis) => nodes.reduce((sum, [at]) => sum + at[axis], 0) / nodes.length);
    for (const name of run.nodes) {
      const [x, y] = this.place(name), r = this.sizeOf(name) + 4, wide = textWidth(shorten(name, 16), 650) + 2;
      const out = Math.atan2(y - middle[1], x - middle[0]), turns = [out, Math.PI / 2, -Math.PI / 2, 0, Math.PI, out + 0.6, out - 0.6];
      let best = null;
      for (const turn of turns) {
        const [ux, uy] = [Math.cos(turn), Math.sin(turn)], at = [x + ux * r, y + uy * (r + 6)], anchor = ux > 0.35 ? "start" : ux < -0.35 ? "end" : "middle";
        const left = anchor === "start" ? at[0] : anchor === "end" ? at[0] - wide : at[0] - wide / 2, box = [left, at[1] - 6, left + wide, at[1] + 6];
        const free = box[0] >= 0 && box[2] <= width && box[1] >= 0 && box[3] <= height
          && taken.every((b) => b[2] < box[0] || b[0] > box[2] || b[3] < box[1] || b[1] > box[3])
          && nodes.every(([[nx, ny], nr]) => Math.hypot(nx - clamp(nx, box[0], box[2]), ny - clamp(ny, box[1], box[3])) > nr);
        best ??= { at, anchor, hidden: true };
        if (!free) continue;
        taken.push(box);
        best = { at, anchor, hidden: false };
        break;
      }
      places.set(name, best);
    }
    return places;
  }

  /** A point on the way from one node to another, a little to the right of the line, so that both directions keep apart. */
  along(src, dest, part, radius) {
    const [p, q] = [this.place(src), this.place(dest)], length = Math.hypot(q[0] - p[0], q[1] - p[1]);
    if (length < 1) return [p[0] + radius + 8, p[1] - radius];
    const [ux, uy] = [(q[0] - p[0]) / length, (q[1] - p[1]) / length], d = radius + 4 + part * (length - 2 * radius - 8);
    return [p[0] + ux * d - uy * 4, p[1] + uy * d + ux * 4];
  }

  showCut(cut, worse) {
    const { blocked } = cut, place = (name) => this.place(name);
    this.run.links.forEach(([a, b], i) => {
      const ways = blocked.has(link(a, b)) + blocked.has(link(b, a));
      this.wires[i]?.setAttribute("aria-label", `Link ${a} – ${b}, ${this.sayWay([a, b])}`);
      this.linkLines[i].setAttribute("class", `link ${ways === 2 ? "is-cut" : ways === 1 ? "one-way" : worse.includes(link(a, b)) || worse.includes(link(b, a)) ? "worse" : ""}`);
    });
    this.meets = new Map();
    const lines = cut.parts.slice(1).flatMap((part) => cutLines(part, this.run.nodes, cut.crossed, place, this.meets));
    for (const pair of cut.inside) lines.push(crossBar(pair, place, 13));
    this.cutLayer.innerHTML = lines.map((d) => `<path class="cut-under" d="${d}"/><path class="cut-band" d="${d}"/><path class="cut-line" d="${d}"/>`).join("");
  }

  showNode(name, view) {
    const { run, time, index } = this, up = isUp(run, name, index), state = stateOf(run, name, index);
    const spells = up ? spellsAt(run, name, index) : [], paused = spells.some((s) => s.kind === "paused");
    const lie = liarAt(run, name, time), wrong = clockAt(run, name, time), door = this.waiting.get(name) ?? 0;
    const fields = state?.fields ?? {}, leads = /^(leader|primary)$/.test(bare(fields.role)) || fields.leader === "True";
    const odd = [...spells.map((s) => s.words), door ? `${door} waiting` : "", lie ? "lies" : "", wrong ? shortClock(wrong) : ""].filter(Boolean);
    const short = (up ? [...(odd.length ? [shorten(odd.join(", "), 22)] : []), ...shortState(run, fields)] : [["down", ...odd.slice(0, 1)].join(", "), ...(isBurnt(run, name, index) ? ["disk gone"] : [])]).slice(0, 2);
    const chosen = this.chosen.has(name), inspected = this.inspected === name;
    const key = `${up}/${spells.map((s) => s.words)}/${door}/${lie?.words}/${wrong && shortClock(wrong)}/${short}/${leads}/${chosen}/${inspected}/${this.tool}/${this.live}`;
    if (view.key === key) return;
    view.key = key;
    const role = leads ? "leader" : view.role, sign = paused ? "pause" : spells.length ? "slow" : roleIcon(role), r = view.size;
    view.group.setAttribute("class", ["node", `as-${roleIcon(role)}`, up ? "" : "down", ...spells.map((s) => s.kind), lie ? "liar" : "", wrong ? "wrong-clock" : "", chosen ? "chosen" : "", inspected ? "inspected" : "", view.nameless ? "nameless" : ""].filter(Boolean).join(" "));
    view.mark.innerHTML = iconPath(sign, -r * 0.55, -r * 0.55, r * 1.1);
    view.badges.innerHTML = (lie ? badge("lie", -r * 0.9, -r * 0.8, r) : "") + (wrong ? badge("clock", r * 0.9, -r * 0.8, r) : "");
    // Words above a node stand close to it, however few they are.
    const lines = view.above ? [...Array(2 - short.length).fill(""), ...short] : short;
    view.state.forEach((line, i) => { line.textContent = lines[i] ?? ""; });
    if (view.above && !this.graphBox.large) view.name.setAttribute("y", -r - 7 - 13.5 * short.length);
    view.group.setAttribute("aria-label", [[name, ...(up ? [...spells.map((s) => s.words), ...(door ? [`${door} waiting`] : []), ...shortState(run, fields)] : short)].join(" "), role, up && !paused ? "up" : "", lie ? `lies: ${lie.words}` : "", wrong ? sayClock(wrong) : "", this.sayTouch(up)].filter(Boolean).join(", "));
    if (this.tool === "cut") view.group.setAttribute("aria-pressed", chosen);
    else view.group.removeAttribute("aria-pressed");
  }

  /** What Enter does to a node with the tool in hand. */
  sayTouch(up) {
    return { crash: up ? "Enter crashes it" : "Enter restarts it", cut: "Space chooses it, Enter cuts it off", slow: "Enter makes it slow, or mends it",
      clock: "Enter changes its clock", lie: "Enter makes a liar of it, or ends that" }[this.live ? this.tool : "point"] ?? "Enter shows its state";
  }

  /** The signs of this picture that occur in this run, for the key: [svg, words]. */
  graphSigns() {
    const { run } = this, has = (wanted) => run.flights.some(wanted), sign = (content) => `<svg class="sign" width="22" height="14" viewBox="0 0 22 14">${content}</svg>`;
    const dot = (kind) => sign(`<g class="dot ${kind}" transform="translate(11 7)"><circle class="ring" r="6.5"/><circle class="ball" r="4"/><rect class="box" x="-4" y="-4" width="8" height="8"/></g>`);
    return [
      has((f) => f.again) && [dot("copy"), "second copy"],
      overtakenIn(run).size > 0 && [dot("overtaken"), "overtaken"],
      run.spells.some((s) => s.kind === "paused") && [dot("waiting"), "waits at the door"],
      liarsOf(run).length && [sign(badge("lie", 11, 7, 19)), "lies"],
      Object.keys(run.bundle.clocks ?? {}).length && [sign(badge("clock", 11, 7, 19)), "clock is wrong"],
    ].filter(Boolean);
  }
}

/** A sign at a node's shoulder. */
function badge(name, x, y, radius) {
  const r = clamp(radius * 0.48, 5.5, 9);
  return `<g class="badge is-${name}" aria-hidden="true" transform="translate(${round(x)} ${round(y)})"><circle r="${round(r)}"/>${iconPath(name, -r * 0.68, -r * 0.68, r * 1.36)}</g>`;
}
