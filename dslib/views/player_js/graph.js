/* The player's left half: nodes, links, cuts, and messages in flight. */

class Graph {
  // -- the graph --------------------------------------------------------------------------------------------------

  place(name) {
    const { width, height, margin } = this.graphBox;
    const [x, y] = this.spots.get(name) ?? [0.5, 0.5];
    return [margin.x + x * (width - 2 * margin.x), margin.top + y * (height - margin.top - margin.bottom)];
  }

  drawGraph() {
    const { run } = this, n = run.nodes.length;
    const narrow = this.host.clientWidth < NARROW, width = Math.max(200, this.$(".graph").clientWidth);
    const height = narrow ? clamp(width * 0.8, 240, 330) : clamp(this.box.height - 96, 250, 360);
    const radius = n <= 6 ? 19 : n <= NODE_LIMIT ? 15 : 9, words = n > NODE_LIMIT ? 18 : run.stateRows.size ? 46 : 22;
    this.graphBox = { width, height, radius, margin: { x: radius + (n <= NODE_LIMIT ? 26 : 14), top: radius + words, bottom: radius + words } };
    this.spots = readSpots(run);
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
    this.graph.innerHTML = `<g class="links">${links.join("")}</g><g class="cut-lines"></g>`
      + `<g class="lost"></g><g class="flying"></g><g class="nodes"></g><g class="stroke"><polyline class="drawn" points=""/></g>`;
    const layer = (name) => this.graph.querySelector("." + name);
    this.linkLines = [...layer("links").children];
    this.cutLayer = layer("cut-lines");
    this.lostLayer = layer("lost");
    this.flyingLayer = layer("flying");
    this.stroke = layer("drawn");
    this.dots = [];
    const nodes = layer("nodes");
    this.nodeViews = new Map(run.nodes.map((name) => {
      const [x, y] = place(name), above = y < height * 0.42, small = n > NODE_LIMIT;
      const role = run.bundle.roles?.[name] ?? "";
      const text = !above ? [radius + 15, radius + 29, radius + 42] : small ? [-radius - 5] : [-radius - 34, -radius - 20, -radius - 7];
      const view = {
        group: make("g", { class: "node", tabindex: "0", role: "button", transform: `translate(${round(x)} ${round(y)})`, "data-node": name }),
        state: text.slice(1).map((y) => make("text", { class: "state", y, "text-anchor": "middle" })), role, above,
        mark: make("g", { class: "mark" }),
      };
      view.group.append(
        make("circle", { class: "halo", r: radius + 6 }), make("circle", { class: "body", r: radius }), view.mark,
        make("path", { class: "down-mark", d: `M${-radius * 0.6} ${-radius * 0.6}L${radius * 0.6} ${radius * 0.6}M${radius * 0.6} ${-radius * 0.6}L${-radius * 0.6} ${radius * 0.6}` }),
        view.name = make("text", { class: "name", y: text[0], "text-anchor": "middle" }, shorten(name, 16)));
      if (!small) for (const line of view.state) view.group.append(" ", line);
      nodes.append(view.group);
      return [name, view];
    }));
    this.seen.graph = null;
    this.seen.cut = null;
  }

  showGraph() {
    const { run, time, index } = this, { radius } = this.graphBox;
    const cut = cutsAt(run, index);
    const worse = run.spells.filter((s) => s.kind === "worse" && s.fromIndex <= index && index < s.toIndex).map((s) => s.node);
    if (this.seen.cut !== cut || this.seen.worse !== worse.join()) {
      this.seen.cut = cut;
      this.seen.worse = worse.join();
      this.showCut(cut, worse);
    }
    for (const [name, view] of this.nodeViews) this.showNode(name, view);

    // Messages in flight, and those that died a moment ago.
    const flying = [], lost = [], stop = this.stops[this.stop];
    const now = stop && run.events[stop.main][0] === time ? run.flightOf[stop.main] : null;
    for (const flight of inFlight(run, time, index)) {
      if (!flight.legs.every((leg) => this.spots.has(leg.src) && this.spots.has(leg.dest))) continue;
      const over = flight.toIndex <= index;
      if (over && flight.end === "drop" && time - flight.to <= run.typical) lost.push(flight);
      else if (!over || (flight === now && flight.end === "deliver")) flying.push(flight);
    }
    const names = flying.length <= 5;
    const taken = [...this.nodeViews].map(([name, { above, name: title, state }]) => {  // the circle, and the words above or below it
      const [x, y] = this.place(name), half = 3.5 * Math.max(...[title, ...state].map((line) => line.textContent.length));
      return { x, y, half, top: above ? y - radius - 46 : y + radius, bottom: above ? y - radius : y + radius + 46 };
    });
    while (this.dots.length < flying.length) {
      const dot = make("circle", { r: 5 }), label = make("text", { class: "label" });
      const group = make("g", { class: "dot" }, dot, label);
      this.flyingLayer.append(group);
      this.dots.push({ group, dot, label });
    }
    this.dots.forEach((view, i) => {
      const flight = flying[i];
      view.group.style.display = flight ? "" : "none";
      if (!flight) return;
      const leg = flight.legs.findLast((l) => l.from <= time) ?? flight.legs[0], length = leg.to - leg.from;
      const part = leg.to === NEVER ? clamp((time - leg.from) / (2 * run.typical), 0, 0.5) : length > 0 ? clamp((time - leg.from) / length, 0, 1) : 1;
      const [x, y] = this.along(leg.src, leg.dest, part, radius);
      view.group.setAttribute("transform", `translate(${round(x)} ${round(y)})`);
      view.group.classList.toggle("now", flight === now);
      // Nodes are drawn above the labels: a label goes to the side where it runs under none, or waits until there is room.
      const type = names ? flight.msg?.type ?? "" : "", wide = 8 + 7 * type.length, prefer = x < this.graphBox.width * 0.72;
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
    });
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
      this.linkLines[i].setAttribute("class", `link ${ways === 2 ? "is-cut" : ways === 1 ? "one-way" : worse.includes(link(a, b)) || worse.includes(link(b, a)) ? "worse" : ""}`);
    });
    this.meets = new Map();
    const lines = cut.parts.slice(1).flatMap((part) => cutLines(part, this.run.nodes, cut.crossed, place, this.meets));
    for (const pair of cut.inside) lines.push(crossBar(pair, place, 13));
    this.cutLayer.innerHTML = lines.map((d) => `<path class="cut-under" d="${d}"/><path class="cut-band" d="${d}"/><path class="cut-line" d="${d}"/>`).join("");
  }

  showNode(name, view) {
    const { run, index } = this, up = isUp(run, name, index), state = stateOf(run, name, index);
    const spells = up ? spellsAt(run, name, index) : [], paused = spells.some((s) => s.kind === "paused");
    const fields = state?.fields ?? {}, leads = /^'?(leader|primary)'?$/.test(fields.role ?? "") || fields.leader === "True";
    const short = up ? [...(spells.length ? [spells.map((s) => s.words).join(", ")] : []), ...shortState(run, fields)].slice(0, 2) : ["down", ...(isBurnt(run, name, index) ? ["disk gone"] : [])], chosen = this.chosen.has(name), inspected = this.inspected === name;
    const key = `${up}/${spells.map((s) => s.words)}/${short}/${leads}/${chosen}/${inspected}/${this.tool}/${this.live}`;
    if (view.key === key) return;
    view.key = key;
    const role = leads ? "leader" : view.role, sign = paused ? "pause" : spells.length ? "slow" : roleIcon(role);
    view.group.setAttribute("class", ["node", `as-${roleIcon(role)}`, up ? "" : "down", ...spells.map((s) => s.kind), chosen ? "chosen" : "", inspected ? "inspected" : ""].filter(Boolean).join(" "));
    view.mark.innerHTML = iconPath(sign, -this.graphBox.radius * 0.55, -this.graphBox.radius * 0.55, this.graphBox.radius * 1.1);
    // Words above a node stand close to it, however few they are.
    const lines = view.above ? [...Array(2 - short.length).fill(""), ...short] : short;
    view.state.forEach((line, i) => { line.textContent = lines[i] ?? ""; });
    if (view.above && this.run.nodes.length <= NODE_LIMIT) view.name.setAttribute("y", -this.graphBox.radius - 7 - 13.5 * short.length);
    const does = this.tool === "crash" ? (up ? "Enter crashes it" : "Enter restarts it") : this.tool === "cut" ? "Space chooses it, Enter cuts it off" : "Enter shows its state";
    view.group.setAttribute("aria-label", [[name, ...short].join(" "), role, up && !paused ? "up" : "", does].filter(Boolean).join(", "));
    if (this.tool === "cut") view.group.setAttribute("aria-pressed", chosen);
    else view.group.removeAttribute("aria-pressed");
    if (inspected) this.showInspected();
  }

  showInspected() {
    const name = this.inspected, { run, index } = this;
    if (!name) return;
    const fields = Object.entries(stateOf(run, name, index)?.fields ?? {});
    const up = isUp(run, name, index), role = run.bundle.roles?.[name];
    this.hint(`${name}${role ? ` (${role})` : ""} is ${up ? spellsAt(run, name, index).map((s) => s.words).join(", ") || "up" : "down"}. `
      + (!up ? `It holds nothing in memory; its disk ${isBurnt(run, name, index) ? "is gone, too" : "stays"}.`
      : run.routers.has(name) ? "It passes messages on."
      : fields.length ? fields.map(([n, v]) => `${n} = ${v}`).join(", ") : run.stateRows.get(name)?.length ? "" : "Its state was not recorded."));
  }
}
