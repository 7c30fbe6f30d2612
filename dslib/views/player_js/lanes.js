/* The player's right half: the space-time diagram, what users saw, the share of good answers, the bar over the slider. */

const CANVAS_FROM = 1200;   // messages in a window and its neighbours: from some 1,600 on, SVG misses frames while the playhead moves; a canvas does not
const FINE_FROM = 3000;     // above so many, lines are as thin as the screen can: they are told apart, and drawn ten times as fast
const MOST_BARS = 400;      // operations in a window and its neighbours: above it they are counted, not drawn one by one
const SHEET_EDGE = 6;       // px of the canvas around the window, for heads and crosses at its edge

/** The part that a message has in the causes of an event: its layer. */
function toneOf(run, causes, f) {
  const { of } = logicalClocks(run), sent = causes.relation[of[f.fromIndex]], came = f.end === "deliver" ? causes.relation[of[f.toIndex]] : CONCURRENT;
  const both = (kind) => (sent === kind || sent === ITSELF) && (came === kind || came === ITSELF);
  return both(PAST) ? "past" : both(FUTURE) ? "future" : "dim";
}

/** Why a message was dropped, in a word or two. */
const dropWord = (f) => ({ loss: "lost", cut: "cut", down: "down", queue: "queue full", ttl: "too many hops", "no route": "no way" })[(f.reason ?? "").split(" at ")[0]] ?? "";

const ODDITIES = { clock: "clock is wrong", lie: "lies", misroute: "sends astray" };
/** A band just under a lane, for as long as it lasts. */
const odditySign = (kind, x, y, w) => `<path class="odd ${kind}" d="M${x} ${round(y + 4)}${kind === "lie" ? "l2.5 3.5l2.5 -3.5".repeat(Math.max(1, Math.round(w / 5))) : `h${round(Math.max(3, w))}`}"/>`;

/** What is wrong with a node for a while, besides being down or slow: [{node, kind, from, to, words}]. */
function oddities(run) {
  if (run.oddities) return run.oddities;
  const list = liarsOf(run).map(({ node, from, to, words }) => ({ node, kind: "lie", from, to: to ?? run.end, words: `lies: ${words}` }));
  for (const [node, rows] of Object.entries(run.bundle.clocks ?? {})) {
    rows.forEach(([at], i) => {
      const clock = clockAt(run, node, at), to = rows[i + 1]?.[0] ?? run.end;
      if (clock && to > at) list.push({ node, kind: "clock", from: at, to, words: sayClock(clock) });
    });
  }
  const astray = new Map();
  for (const { at, call, args } of run.faults) {
    if (call !== "network.misroute") continue;
    const [node, dest, wrong] = args, way = link(node, dest), before = astray.get(way);
    if (before) before.to = at;
    astray.delete(way);
    if (wrong === null || wrong === undefined) continue;
    astray.set(way, { node, kind: "misroute", from: at, to: run.end, words: `sends ${dest}’s to ${wrong}` });
    list.push(astray.get(way));
  }
  return run.oddities = list;
}

/** Take the place of a line of small text whose foot stands at `y`, if none of those taken is in the way. */
function claim(taken, left, right, y) {
  if (taken.some(([a, b, foot]) => left < b && right > a && Math.abs(y - foot) < 11)) return false;
  taken.push([left, right, y]);
  return true;
}

class Lanes extends Choices {
  // -- lanes, users, share ------------------------------------------------------------------------------------------

  drawLanes() {
    const { run } = this, { users } = run;
    const width = Math.max(240, this.$(".plot").clientWidth), narrow = width < 480;
    const widest = Math.max(...this.laneNames().map((name) => textWidth(shorten(name, 14), 600)), textWidth("users saw", 600), textWidth("good so far", 600));
    const gutter = Math.ceil(clamp(widest + 12, 56, narrow ? 92 : 120)), plot = width - gutter - 14;
    const top = 46, rows = this.layRows(top + 16), bottom = rows.bottom + 18;
    const rowHeight = users.rows.length <= 3 ? 16 : users.rows.length <= 6 ? 13 : 9, usersTop = bottom + 32;
    const usersBottom = usersTop + users.rows.length * (rowHeight + 3), shareTop = usersBottom + 14, shareHeight = 46;
    const height = users.rows.length ? (users.steps.length ? shareTop + shareHeight + 12 : usersBottom + 8) : bottom + 24;
    const floor = this.lowestShare() < 0.55 ? 0 : 0.5;
    this.box = {
      width, height, gutter, plot, narrow, rows, top, bottom, rowHeight, usersTop, usersBottom, shareTop, shareHeight, floor,
      laneY: (name) => rows.y.get(name), shareY: (share) => shareTop + (1 - (share - floor) / (1 - floor)) * shareHeight,
    };
    this.lanesHeight = height;
    const b = this.box, right = gutter + plot;
    const lane = run.nodes.filter((name) => this.filter.node(name)).map((name) => {
      const y = b.laneY(name), thin = rows.gap.get(name) < 15 ? " thin" : "";
      return `<text class="lane-name${thin}" x="${gutter - 10}" y="${y + 4}" text-anchor="end">${escapeText(shorten(name, 14))}</text><line class="lane${thin}" x1="${gutter}" x2="${right}" y1="${y}" y2="${y}"/>`;
    }).join("") + rows.folds.map(({ names, y }) => `<text class="gutter-small" x="${gutter - 10}" y="${y + 4}" text-anchor="end">${names.length} hidden<title>${escapeText(listed(names))}</title></text>`
      + `<line class="fold" x1="${gutter}" x2="${right}" y1="${y}" y2="${y}"/>`).join("");
    let labels = `<text class="gutter-small columns-note" x="${right}" y="${usersTop - 3}" text-anchor="end"></text>`;
    if (users.rows.length) {
      if (users.perClient && users.clients.length > 1) {
        labels += `<text class="gutter-small" x="${gutter - 10}" y="${usersTop - 8}" text-anchor="end">users saw</text>`;
        labels += users.rows.filter((r) => r.first).map((r) => `<text class="lane-name" x="${gutter - 10}" y="${this.rowY(r.at) + rowHeight / 2 + 4}" text-anchor="end">${escapeText(shorten(r.client, 13))}</text>`).join("");
      } else labels += `<text class="lane-name" x="${gutter - 10}" y="${this.rowY(0) + rowHeight / 2 + 4}" text-anchor="end">users saw</text>`;
    }
    if (users.steps.length) {
      labels += `<text class="lane-name" x="${gutter - 10}" y="${shareTop + 12}" text-anchor="end">good so far</text>`;
      if (typeof run.bundle.target === "number") {
        const y = b.shareY(run.bundle.target);
        labels += `<text class="gutter-small" x="${gutter - 10}" y="${shareTop + 26}" text-anchor="end">target ${percent(run.bundle.target)}</text><line class="target" x1="${gutter}" x2="${right}" y1="${y}" y2="${y}"/>`;
      }
      labels += `<text class="gutter-small" x="${gutter - 10}" y="${shareTop + 40}" text-anchor="end">${floor * 100} to 100 %</text>`;
    }
    this.plot.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.plot.setAttribute("width", width);
    this.plot.setAttribute("height", height);
    this.plot.setAttribute("aria-label", `Space-time diagram. ${run.bundle.summary ?? ""}`);
    this.plot.innerHTML = `<defs>${hatch("cut-lanes", 7, "cut-hatch")}${hatch("refused", 5, "refused-hatch")}${hatch("late", 4, "late-hatch")}`
      + `<clipPath id="window"><rect x="${gutter - 5}" y="0" width="${plot + 12}" height="${height}"/></clipPath></defs>${lane}${labels}`
      + `<g class="ticks"></g><g clip-path="url(#window)"><g class="scroll"></g><g class="veils">`
      + `<rect class="veil" y="${top - 2}" height="${bottom - top + 2}"/><rect class="veil" y="${usersTop - 2}" height="${Math.max(0, height - usersTop)}"/></g>`
      + `<g class="pick"></g></g>`
      + `<g class="head-line"><line class="playhead" y1="14" y2="${height - 6}"/><rect class="pill" x="-32" y="0" width="64" height="19" rx="9.5"/><text class="now-time" y="13.5" text-anchor="middle"></text>`
      + `<circle class="share-dot" r="4.5"/><text class="share-now"></text></g>`;
    const find = (name) => this.plot.querySelector("." + name);
    Object.assign(this, { scroll: find("scroll"), ticks: find("ticks"), pickLayer: find("pick"), headLine: find("head-line"), nowTime: find("now-time"), columnsNote: find("columns-note"), pill: find("pill"), shareDot: find("share-dot"), shareNow: find("share-now"), veils: [...find("veils").children] });
    this.drawn = null;
    if (!this.view || this.viewOf !== this.run.end) {
      // A new run of another length: open a window in which single messages can be told apart.
      const most = plot / 5, whole = run.flights.length <= most;
      this.view = { start: 0, span: whole ? run.end : roundSpan(run.end * most / run.flights.length, run) };
      this.viewOf = this.run.end;
    }
    this.playback.proposeSpeed(this.view.span);
    this.drawMarks();
  }

  /** Where the lanes lie, from `first` on. Hidden nodes share one thin row where they stood; among many lanes, routers stand closer. */
  layRows(first) {
    const { run, filter } = this, n = run.nodes.filter((name) => filter.node(name)).length;
    const normal = n <= 4 ? 52 : n <= 6 ? 42 : n <= 10 ? 32 : n <= 20 ? 22 : 16, y = new Map(), gap = new Map(), folds = [];
    let at = first, before = null, fold = null;
    for (const name of run.nodes) {
      const seen = filter.node(name);
      if (seen || !fold) {
        const need = !seen ? 16 : run.routers.has(name) && n > 10 ? 13 : normal;
        if (before !== null) at += (before + need) / 2;
        before = need;
      }
      if (seen) fold = null;
      else if (fold) fold.names.push(name);
      else folds.push(fold = { names: [name], y: at });
      y.set(name, at);
      gap.set(name, before);
    }
    return { y, gap, folds, bottom: at };
  }

  /** The names that must find room to the left of the lanes. */
  laneNames() { return this.run.nodes; }

  /** What the scale of good answers must reach down to. */
  lowestShare() {
    const shares = [...this.run.users.steps, ...(this.ghost ?? [])].map((s) => s.share);
    return shares.reduce((a, b) => Math.min(a, b), this.run.bundle.target ?? 1);
  }

  rowY(row) { return this.box.usersTop + row * (this.box.rowHeight + 3); }
  x(time) { return this.box.gutter + (time - this.view.start) * this.box.plot / this.view.span; }
  timeAt(x) { return this.view.start + (x - this.box.gutter) * this.view.span / this.box.plot; }

  /** Keep the playhead inside the window, without jumping about. */
  follow() {
    const { view, run, time } = this;
    if (view.span >= run.end) view.start = 0;
    else if (time < view.start || time > view.start + view.span) view.start = time - view.span * 0.4;
    else if (time > view.start + view.span * 0.8) view.start = time - view.span * 0.8;
    else if (time < view.start + view.span * 0.1) view.start = time - view.span * 0.1;
    view.start = clamp(view.start, 0, Math.max(0, run.end - view.span));
  }

  zoom(factor) {
    const { view, run } = this, old = view.span;
    view.span = clamp(old * factor, Math.min(run.end, run.typical * 1.5), run.end);
    view.start = this.time - (this.time - view.start) * view.span / old;
    this.drawn = null;
    this.follow();
    this.drawMarks();
    this.showLanes();
  }

  fit() { this.zoom(Infinity); }

  /** Show `span` ms from `start` on, for whoever keeps several diagrams together; `onWindow` in the options hears of each change. */
  setWindow(start, span) {
    const { view, run } = this;
    view.span = clamp(span, Math.min(run.end, run.typical * 1.5), run.end);
    view.start = clamp(start, 0, run.end - view.span);
    this.toldWindow = `${view.start}/${view.span}`;        // who asked for it knows
    this.drawn = null;
    this.showLanes();
    this.showWindowMark();
  }

  tellWindow() {
    const { view, options } = this, key = `${view.start}/${view.span}`;
    if (this.toldWindow === key) return;
    this.toldWindow = key;
    options.onWindow?.(view.start, view.span);
  }

  /** Draw what lies in the window and one window's width to both sides; a step then only slides it. */
  drawWindow() {
    const { run, box, view } = this, { bundle } = run;
    const from = Math.max(0, view.start - view.span), to = Math.min(run.end, view.start + 2 * view.span), scale = box.plot / view.span;
    const causes = this.causes(), { filter } = this;
    this.drawn = { from, to, chosen: causes?.chosen ?? -1 };
    this.seen.shift = null; // even where the shift stays: the new ticks outside the window are still to be hidden
    const X = (t) => round((t - from) * scale), Y = (name) => box.laneY(name), right = box.plot / view.span * (to - from);
    const out = [], ticks = [];

    const step = niceStep(view.span, Math.max(2, box.plot / 90));
    for (let t = Math.ceil(from / step) * step; t <= to + 1e-9; t += step) {
      out.push(`<line class="grid" x1="${X(t)}" x2="${X(t)}" y1="${box.top}" y2="${box.bottom}"/>`);
      ticks.push(`<text class="tick" x="${X(t)}" y="${box.bottom + 15}" text-anchor="${t === 0 ? "start" : Math.abs(t - run.end) < step / 3 ? "end" : "middle"}">${tickLabel(t, step)}</text>`);
    }

    const cut = laneCuts(run);
    let sayAgain = "";                                     // close lanes: the same words stand there once
    const said = [];                                       // words on the lanes give way to the right, or are left out
    const sayOnLane = (x, y, words, room) => {
      const wide = 6.2 * words.length;
      for (let left = x; left + wide <= x + room; left += 22) {
        if (!claim(said, left, left + wide, y)) continue;
        out.push(`<text class="zone-name" x="${round(left)}" y="${round(y)}">${escapeText(words)}</text>`);
        return;
      }
    };
    for (const { node, from: a, to: b, label } of cut) {
      if (b < from || a > to || !filter.node(node)) continue;
      const x = X(Math.max(a, from)), w = X(Math.min(b, to)) - x, half = Math.min(15, box.rows.gap.get(node) * 0.36);
      out.push(`<rect class="cut-zone" x="${x}" y="${Y(node) - half}" width="${Math.max(1, w)}" height="${2 * half}"/>`);
      const saidAbove = `${a} ${label}` === sayAgain && box.rows.gap.get(node) < 20;
      sayAgain = `${a} ${label}`;
      if (label && w > 24 && !saidAbove) sayOnLane(x + 4, Y(node) - half - 3, shorten(label, Math.max(3, Math.floor((w - 4) / 6.2))), w);
    }
    for (const { node, from: a, to: b, burnt } of run.outages) {
      if (b < from || a > to || !run.lane.has(node) || !filter.node(node)) continue;
      const x = X(Math.max(a, from)), w = X(Math.min(b, to)) - x;
      out.push(`<rect class="outage" x="${x}" y="${Y(node) - 5}" width="${Math.max(2, w)}" height="10" rx="2"/>`);
      if (w > 26) sayOnLane(x + 3, Y(node) - 9, burnt && w > 100 ? "down, disk gone" : "down", w);
    }
    for (const { node, kind, words, from: a, to: b } of run.spells) {
      if (b < from || a > to || !run.lane.has(node) || !filter.node(node)) continue;
      const x = X(Math.max(a, from)), w = X(Math.min(b, to)) - x;
      out.push(spellSign(kind, x, Y(node), w));
      sayOnLane(x + 3, Y(node) - (kind === "slow" ? -15 : 9), words, w);
    }

    const named = new Set();                              // the words are repeated, so that they are in sight wherever the window is
    for (const { node, kind, words, from: a, to: b } of oddities(run)) {
      if (b < from || a > to || !run.lane.has(node) || !filter.node(node)) continue;
      const x = X(Math.max(a, from)), w = X(Math.min(b, to)) - x;
      out.push(odditySign(kind, x, Y(node), w));
      for (let at = x + 3; at < x + Math.max(w - 6 * words.length, 1); at += Math.max(300, box.plot * 0.6)) {
        const spot = `${node} ${Math.round(at / 60)}`;
        const below = box.rows.gap.get(node) < 20 ? 10.5 : 18;
        if (!named.has(spot)) sayOnLane(at, Y(node) + below, words, Math.max(w - (at - x), 6.2 * words.length));
        named.add(spot);
      }
    }

    // Messages and what happens at one node: a few as SVG, many on a canvas.
    const first = lastAtMost(run.flights, (f) => f.from, from - run.longest - 1) + 1, last = lastAtMost(run.flights, (f) => f.from, to);
    const start = lastAtMost(run.events, (e) => e[0], from - 1e-9) + 1, stop = lastAtMost(run.events, (e) => e[0], to);
    const visible = this.countVisible(first), withNames = visible > 0 && box.plot / visible > 44, names = [], wanted = [];
    const many = last - first > CANVAS_FROM;
    this.sheet.fine = last - first > FINE_FROM;
    const layers = layersOf(many ? Path2D : PathText), overtaken = overtakenIn(run);
    for (let i = first; i <= last; i++) {
      const f = run.flights[i];
      if (!run.lane.has(f.src) || !run.lane.has(f.dest) || !filter.flight(f)) continue;
      const line = this.flightLine(f, X), tone = causes ? toneOf(run, causes, f) : null;
      this.addFlight(layers, f, line, tone, overtaken.has(f));
      if (withNames && f.msg) {
        const [x1, y1, x2, y2] = line, [x, y] = line.slice(-2);
        if (f.end === "drop") wanted.push([x + 8, y + 4, dropWord(f)]);
        wanted.push([x1 + (x2 - x1) * 0.42 + 5, y1 + (y2 - y1) * 0.42 + 3, shorten(f.msg.type, 16)]);
      }
    }
    for (let i = start; i <= stop; i++) {
      const [at, kind, src] = run.events[i];
      if (kind !== "timer" && kind !== "log" || !run.lane.has(src) || !filter.event(run, i)) continue;
      const x = X(at), y = Y(src);
      if (kind === "timer") addLine(layers.timers, [x, y, x, y + 7]);
      else addLine(layers.notes, [x - 2.5, y + 3, x + 2.5, y + 3, x + 2.5, y + 8, x - 2.5, y + 8, x - 2.5, y + 3]);
    }
    const taken = [];                                     // [left, right, foot]: no word covers another
    if (this.clockKind !== "none") this.drawStamps(layers, names, taken, X, start, stop, causes);
    for (const [x, y, words] of wanted) if (claim(taken, x, x + 6.3 * words.length, y)) names.push(`<text class="way-name" x="${round(x)}" y="${round(y)}">${escapeText(words)}</text>`);
    this.sheet.layers = many ? layers : null;
    if (!many) out.push(...Object.entries(LAYERS).map(([name, look]) => layers[name].d && `<path class="${look.class}" d="${layers[name].d}"/>`));
    out.push(...names);
    this.paintSheet(right);
    const struck = filter.hidden.kinds.has("fault") ? [] : run.faults.filter(({ at }) => at >= from && at <= to);
    for (const { at } of struck) out.push(`<line class="flag-line" x1="${X(at)}" x2="${X(at)}" y1="${box.top - 6}" y2="${box.bottom}"/>`);
    out.push(faultSigns(struck, X, box.top - 21, 13));
    if (run.since > from) {                               // of a long run, only the end is in the trace
      const w = X(Math.min(run.since, to)), words = `messages before ${tickLabel(run.since, 1)} are not shown`;
      out.push(`<rect class="not-run" x="0" y="${box.top - 2}" width="${w}" height="${box.bottom - box.top + 2}"/>`
        + (w > 6.4 * words.length ? `<text class="zone-name" x="${w - 6}" y="${box.top + 10}" text-anchor="end">${words}</text>` : ""));
    }
    if (run.broken && run.broken.at >= from && run.broken.at <= to) {
      const x = X(run.broken.at);
      out.push(`<line class="breach-line" x1="${x}" x2="${x}" y1="${box.top - 6}" y2="${box.height - 6}"/>${iconPath("broken", x - 7.5, box.top - 22, 15, "breach-sign")}`);
    }

    const asked = run.users.operations.filter((op) => op.until >= from && op.start <= to && op.row !== undefined);
    this.columns = this.tooThin(asked, scale) ? this.countUsers(niceStep(6 / scale, 1)) : null;
    if (this.columns) out.push(this.userColumns(X, from, to));
    else for (const op of asked) out.push(this.operationBar(op, X, from, to));
    this.columnsNote.textContent = this.columns ? `a column: ${box.narrow ? "" : "what was asked in "}${tickLabel(this.columns.step, this.columns.step)}, at most ${this.columns.most.toLocaleString("en")}` : "";
    out.push(this.sharePath(this.ghost, "share before", X, right, from, to), this.sharePath(run.users.steps, "share", X, right, from, to));
    this.scroll.innerHTML = out.join("");
    this.ticks.innerHTML = ticks.join("");
    this.span.textContent = view.span >= run.end ? `all ${tickLabel(run.end, view.span >= 10000 ? 1000 : 1)}` : `${plural(Math.round(view.span * 10) / 10, "ms", "ms")} of ${plural(Math.round(run.end), "ms", "ms")}`;
    if (visible > box.plot) this.span.textContent += `, ${plural(visible, "message")}: zoom in to tell them apart`;
  }

  /** A message, its tone the part it has in the causes of the chosen event (null: there is none). */
  addFlight(layers, f, line, tone, overtaken) {
    const end = line.slice(-4);
    if (f.end === "drop") {
      addLine(tone ? layers.dimLost : layers.lost, line);
      addCross(tone ? layers.dimCrosses : layers.crosses, ...end.slice(2), 4);
      return;
    }
    addLine(tone ? layers[tone] : f.end === "open" ? layers.open : f.again ? layers.copies : layers.ways, line);
    if (f.end === "open") return;
    if (overtaken && !this.sheet.fine) addHead(tone ? layers[tone] : layers.late, ...end, 10);
    else addHead(layers[tone ? `${tone}Heads` : "heads"], ...end, tone === "past" || tone === "future" ? 9 : 7);
    if (f.again) {                                        // a second copy has a second head
      const [x1, y1, x2, y2] = end, length = Math.hypot(x2 - x1, y2 - y1) || 1, back = Math.min(8, length / 2) / length;
      addHead(layers[tone ? `${tone}Heads` : "heads"], x1, y1, x2 - (x2 - x1) * back, y2 - (y2 - y1) * back, 7);
    }
  }

  /** The logical clock beside each step of a node, as far as there is room: first of all that of the chosen one. */
  drawStamps(layers, texts, taken, X, start, stop, causes) {
    const { run, box } = this, { of, node } = logicalClocks(run), lanes = run.nodes.map(() => []), groups = [];
    for (let i = start; i <= stop; i++) {
      const step = of[i];
      if (step < 0 || !this.filter.node(run.nodes[node[step]])) continue;
      const lane = lanes[node[step]], before = lane[lane.length - 1], relation = causes ? causes.relation[step] : null;
      if (before && before.at === run.events[i][0] && before.relation === relation) before.last = step;
      else {
        const group = { at: run.events[i][0], first: step, last: step, relation, lane };
        lane.push(group);
        groups.push(group);
      }
    }
    const place = (group) => {
      const y = box.laneY(run.nodes[node[group.first]]), text = stampText(run, this.clockKind, group.first, group.last);
      const half = text.length * (group.relation ? 3.6 : 3.3) + 3;
      // Whole at both ends of the run; that of the chosen one also at both ends of the window.
      const [low, high] = group.relation === ITSELF ? [this.view.start, this.view.start + this.view.span] : [0, run.end];
      const x = round(clamp(X(group.at), X(low) + half - 6, X(high) + 9 - half));
      if (x - half < group.lane.right || !claim(taken, x - half, x + half, y - 6)) return;
      group.lane.right = x + half;
      texts.push(`<text class="stamp ${["concurrent", "past", "future", "itself"][group.relation] ?? ""}" x="${x}" y="${round(y - 6)}" text-anchor="middle">${text}</text>`);
    };
    for (const wanted of causes ? [(g) => g.relation === ITSELF, (g) => g.relation === PAST || g.relation === FUTURE, (g) => g.relation === CONCURRENT] : [() => true]) {
      for (const lane of lanes) lane.right = -NEVER;        // from left to right: most have no room beside the one before
      for (const group of groups) if (wanted(group)) place(group);
    }
    for (const { at, first, relation } of groups) {
      const layer = relation === PAST ? layers.pastSteps : relation === FUTURE ? layers.futureSteps : relation === ITSELF ? layers.chosenStep : relation === CONCURRENT ? layers.dimSteps : layers.steps;
      addDot(layer, X(at), box.laneY(run.nodes[node[first]]), relation === ITSELF ? 5.5 : relation === PAST || relation === FUTURE ? 3.6 : 2.3);
    }
  }

  /** How many messages are on their way inside the window. */
  countVisible(first) {
    const { run, view } = this, last = lastAtMost(run.flights, (f) => f.from, view.start + view.span);
    let n = 0;
    for (let i = first; i <= last; i++) if (Math.min(run.flights[i].to, run.flights[i].from + run.typical) >= view.start) n += 1;
    return n;
  }

  /** The canvas under the picture. It is as wide as what is drawn, and slides with it. */
  makeSheet() {
    const canvas = make("canvas", {}), frame = make("div", { class: "sheet", "aria-hidden": "true" }, canvas);
    this.$(".plot").prepend(frame);
    this.sheet = { canvas, frame, layers: null, painted: false };
    new MutationObserver(() => this.repaintSheet()).observe(this.host, { attributes: true, attributeFilter: ["data-mode"] });
  }

  repaintSheet() {
    if (this.sheet?.layers && this.drawn) this.paintSheet((this.drawn.to - this.drawn.from) * this.box.plot / this.view.span);
  }

  paintSheet(width) {
    const { canvas, frame, layers } = this.sheet, { box } = this;
    frame.hidden = !layers;
    if (!layers) return;
    Object.assign(frame.style, { left: `${box.gutter - SHEET_EDGE}px`, width: `${box.plot + 2 * SHEET_EDGE}px`, height: `${box.bottom + SHEET_EDGE}px` });
    const wide = Math.ceil(width) + 2 * SHEET_EDGE, high = box.bottom + SHEET_EDGE;
    const ratio = Math.min(window.devicePixelRatio || 1, 8192 / wide, Math.sqrt(16e6 / (wide * high))); // what every browser can hold
    canvas.width = Math.round(wide * ratio);               // also wipes it
    canvas.height = Math.round(high * ratio);
    Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
    const context = canvas.getContext("2d"), style = getComputedStyle(this.host);
    context.setTransform(ratio, 0, 0, ratio, SHEET_EDGE * ratio, 0);
    paintLayers(context, layers, (name) => style.getPropertyValue(name), this.sheet.fine ? 1 / ratio : null);
  }

  /** The line of a message in the diagram: [x1, y1, x2, y2, …], a point for each router that it comes by. */
  flightLine(f, X) {
    const legs = f.legs.map((leg) => this.legLine(leg, X));
    return [...legs[0].slice(0, 2), ...legs.flatMap((leg) => leg.slice(2))];
  }

  /** One that was dropped at once gets a short stub. */
  legLine(f, X) {
    const y1 = this.box.laneY(f.src), y2 = this.box.laneY(f.dest), x1 = X(f.from);
    if (f.src === f.dest) return [x1, y1, X(f.to === NEVER ? f.from : f.to), y1 - 8];
    if (f.end === "open") return [x1, y1, X(f.from + this.run.typical * 0.4), round(y1 + (y2 - y1) * 0.4)];
    if (f.end === "deliver") return [x1, y1, X(f.to), y2];
    const part = deathPlace(f), x2 = X(f.to > f.from ? f.to : f.from + this.run.typical * part);
    return [x1, y1, x2, round(f.to > f.from ? y2 - Math.sign(y2 - y1) * 8 : y1 + (y2 - y1) * part)];
  }

  operationBar(op, X, from, to) {
    const { rowHeight: h } = this.box, y = this.rowY(op.row), x = X(Math.max(op.start, from)), w = Math.max(3, X(Math.min(op.until, to)) - x - 1);
    const inner = h >= 13 && w >= 78 ? `<text class="bar-text" x="${x + 18}" y="${y + h / 2 + 4}">${escapeText(shorten(op.label ?? "", Math.floor((w - 22) / 6.4)))}</text>` : "";
    const mark = w >= 9 ? outcomeMark(op.outcome, x + (inner ? 9 : w / 2), y + h / 2, Math.min(4, h / 3)) : "";
    return `<g class="op ${escapeText(op.outcome)}"><rect x="${x}" y="${y}" width="${w}" height="${h}" rx="3"/>${mark}${inner}</g>`;
  }

  /** Whether bars would be too thin to be seen, or too many to be told apart. */
  tooThin(asked, scale) {
    if (asked.length < 80) return false;
    const widths = asked.map((op) => (op.until - op.start) * scale).sort((a, b) => a - b);
    return widths[widths.length >> 1] < 2 || asked.length > MOST_BARS;
  }

  /** Operations in columns of a few px, by the moment when they were asked: {step, most, list: [{client, from, to, counts, first, rows}]}. */
  countUsers(step) {
    const { users } = this.run, columns = new Map();
    if (this.columns?.step === step && this.columns.users === users) return this.columns;
    for (const op of users.operations) {
      if (op.row === undefined) continue;
      const client = users.perClient ? op.client : "", at = Math.floor(op.start / step + 1e-9), key = `${client}\n${at}`;
      if (!columns.has(key)) {
        const rows = users.rows.filter((row) => row.client === client);
        columns.set(key, { client, from: at * step, to: (at + 1) * step, counts: {}, n: 0, first: rows[0].at, rows: rows.length });
      }
      const column = columns.get(key);
      column.counts[op.outcome] = (column.counts[op.outcome] ?? 0) + 1;
      column.n += 1;
    }
    const list = [...columns.values()];
    return { step, users, list, most: Math.max(1, ...list.map((c) => c.n)) };
  }

  /** Good answers stand on the floor; all others hang from the ceiling, where they are seen first. */
  userColumns(X, from, to) {
    const { list, most } = this.columns, paths = {};
    for (const column of list) {
      if (column.to < from || column.from > to) continue;
      const top = this.rowY(column.first), height = column.rows * (this.box.rowHeight + 3) - 3, x1 = X(column.from), x2 = X(column.to);
      let hangs = top;
      for (const outcome of ["never", "wrong", "refused", "slow", "open", "good"]) {
        if (!column.counts[outcome]) continue;
        const tall = Math.max(1, height * column.counts[outcome] / most), y = outcome === "good" ? top + height - tall : hangs;
        if (outcome !== "good") hangs += tall;
        paths[outcome] = `${paths[outcome] ?? ""}M${x1} ${round(y)}H${round(Math.max(x1 + 1, x2 - 0.6))}V${round(y + tall)}H${x1}Z`;
      }
    }
    return Object.entries(paths).map(([outcome, d]) => `<g class="op ${outcome}"><path class="column" d="${d}"/></g>`).join("");
  }

  sharePath(steps, kind, X, right, from, to) {
    if (!steps?.length) return "";
    const { box } = this, { target } = this.run.bundle;
    let d = "", under = "";
    let drawn = -1;                                       // of many steps inside one pixel, the last
    steps.forEach((s, i) => {
      const end = i + 1 < steps.length ? steps[i + 1].at : this.run.end;
      if (end < from || s.at > to || (i + 1 < steps.length && X(end) - drawn < 0.5)) return;
      drawn = X(end);
      const x1 = X(Math.max(s.at, from)), x2 = X(Math.min(end, to)), y = round(box.shareY(s.share));
      d += `${d ? "L" : "M"}${x1} ${y}L${x2} ${y}`;
      if (kind === "share" && typeof target === "number" && s.share < target) under += `M${x1} ${round(box.shareY(target))}H${x2}V${y}H${x1}Z`;
    });
    return `<path class="under-target" d="${under}"/><path class="${kind}" d="${d}"/>`;
  }

  showLanes() {
    const { run, box, view, time } = this, causes = this.causes();
    if (!this.drawn || this.drawn.chosen !== (causes?.chosen ?? -1) || view.start < this.drawn.from - 1e-6 || view.start + view.span > this.drawn.to + 1e-6) this.drawWindow();
    const shift = round(this.x(this.drawn.from) * 10) / 10;
    if (this.seen.shift !== shift) {
      this.seen.shift = shift;
      this.scroll.setAttribute("transform", `translate(${shift} 0)`);
      this.pickLayer.setAttribute("transform", `translate(${shift} 0)`);
      this.ticks.setAttribute("transform", `translate(${shift} 0)`);
      if (this.sheet.layers) this.sheet.canvas.style.transform = `translateX(${shift - box.gutter}px)`;
      for (const tick of this.ticks.children) {
        const at = Number(tick.getAttribute("x")) + shift;
        tick.style.display = at < box.gutter - 2 || at > box.gutter + box.plot + 2 ? "none" : "";
      }
      this.showWindowMark();
    }
    const x = round(this.x(time)), right = box.gutter + box.plot;
    for (const veil of this.veils) {
      veil.style.display = causes ? "none" : "";          // what follows is to be seen, too
      veil.setAttribute("x", x);
      veil.setAttribute("width", Math.max(0, right + 8 - x));
    }
    this.headLine.setAttribute("transform", `translate(${x} 0)`);
    this.nowTime.textContent = ms(time);
    const lean = clamp(x, box.gutter + 20, box.width - 34) - x;
    this.nowTime.setAttribute("x", lean);
    const pillWidth = Math.max(58, this.nowTime.textContent.length * 7 + 8);
    this.pill.setAttribute("x", lean - pillWidth / 2);
    this.pill.setAttribute("width", pillWidth);
    const share = shareAt(run, time);
    this.shareDot.style.display = this.shareNow.style.display = share ? "" : "none";
    if (share) {
      const y = round(box.shareY(share.share)), below = typeof run.bundle.target === "number" && share.share < run.bundle.target;
      const words = `${percent(share.share)} (${share.good.toLocaleString("en")} of ${share.n.toLocaleString("en")})`, wide = 16 + 7.6 * words.length;
      const left = x + wide > box.width, fits = !left || x - wide >= box.gutter;  // in the gutter stand other words
      this.shareNow.textContent = fits ? words : percent(share.share);
      this.shareDot.setAttribute("cy", y);
      this.shareNow.setAttribute("x", left ? -10 : 10);
      this.shareNow.setAttribute("y", y < box.shareTop + box.shareHeight / 2 ? y + 20 : y - 9);
      this.shareNow.setAttribute("text-anchor", left ? "end" : "start");
      const kind = below ? "below" : "fine";
      this.shareDot.setAttribute("class", `share-dot ${kind}`);
      this.shareNow.setAttribute("class", `share-now ${kind}`);
    }
    this.showCauses(causes);
    this.showPick();
    this.tellWindow();
  }

  /** Emphasise the message under the pointer, or else the one the present event is about. */
  showPick() {
    const { run } = this, stop = this.stops[this.stop];
    const flight = this.pick?.flight ?? (stop ? run.flightOf[stop.main] : null);
    const key = `${this.seen.shift}/${this.drawn.from}/${this.view.span}/${Boolean(this.pick)}`;
    if (this.seen.pick === key && this.seen.picked === flight) return;
    this.seen.pick = key;
    this.seen.picked = flight;
    if (!flight || !run.lane.has(flight.src) || !run.lane.has(flight.dest)) {
      this.pickLayer.innerHTML = "";
      return;
    }
    const X = (t) => round((t - this.drawn.from) * this.box.plot / this.view.span), line = this.flightLine(flight, X);
    const causes = this.causes(), tone = causes && toneOf(run, causes, flight) === "future" ? "future" : "";
    this.pickLayer.innerHTML = `<path class="way ${tone} picked ${flight.end === "drop" ? "lost-way" : ""}" d="${pathOf(line)}"/>`
      + (flight.end === "deliver" ? `<path class="heads ${tone}" d="${arrowHead(...line.slice(-4), 9)}"/>` : flight.end === "drop" ? `<path class="cross picked" d="${crossPath(...line.slice(-2), 5.5)}"/>` : "")
      + `<circle class="picked-end" cx="${line[0]}" cy="${line[1]}" r="3.5"/>`;
  }

  // -- the bar over the slider ------------------------------------------------------------------------------------

  drawMarks() {
    const svg = this.$(".marks"), width = this.box.plot, { run } = this;
    this.host.style.setProperty("--gutter", `${this.box.gutter}px`);
    this.host.style.setProperty("--plot", `${width}px`);
    svg.setAttribute("viewBox", `0 0 ${width} 18`);
    svg.setAttribute("width", width);
    svg.setAttribute("height", 18);
    svg.innerHTML = `<rect class="window" y="13" height="5" rx="2"/>` + faultSigns(run.faults, (at) => at / run.end * width, 0, 12)
      + (run.broken ? iconPath("broken", run.broken.at / run.end * width - 7, -1, 14, "breach-sign") : "");
    this.showWindowMark();
  }

  showWindowMark() {
    const bar = this.$(".marks .window"), { run, view, box } = this, all = view.span >= run.end;
    if (!bar) return;
    bar.style.display = all ? "none" : "";
    bar.setAttribute("x", round(view.start / run.end * box.plot));
    bar.setAttribute("width", round(Math.max(4, view.span / run.end * box.plot)));
  }

  resize(force) {
    const width = this.host.clientWidth;
    if (force) this.seenWidth = null;                     // drawn when there is room again, if there is none now
    if (!width || width === this.seenWidth) return;
    this.seenWidth = width;
    this.$(".card").classList.toggle("narrow", width < NARROW);
    this.drawLanes();
    this.drawGraph();
    this.seen.shift = this.seen.pick = this.seen.lost = null;
    if (this.time !== undefined) {
      this.follow();
      this.show();
    }
  }

  // -- pointing at things -----------------------------------------------------------------------------------------

  listenToDiagram() {
    this.makeSheet();
    this.furnishChoices();
    const here = (event) => {
      const box = this.plot.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this.plot.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      const [x, y] = here(event);
      if (x < this.box.gutter - 8) return;
      const aimed = this.live && this.tool === "drop" ? this.nearest(x, y)?.flight : null;
      if (aimed) return this.dropFlight(aimed);
      this.plot.setPointerCapture(event.pointerId);
      const step = this.stopNear(x, y);                   // where the lanes are now: going there may move them
      this.clicked = step === null ? null : { x, step };
      this.dragging = true;
      this.pause();
      this.go(this.timeAt(x));
    });
    this.plot.addEventListener("pointermove", (event) => {
      const [x, y] = here(event);
      if (this.clicked && Math.abs(x - this.clicked.x) > 3) this.clicked = null;
      if (this.dragging) this.go(this.timeAt(x));
      else this.setPick(this.nearest(x, y), x, y);
    });
    const stop = (event) => {
      if (this.dragging && this.clicked && event.type === "pointerup") {
        this.dragging = false;
        this.go(null, this.clicked.step);
      }
      this.dragging = false;
      this.clicked = null;
    };
    this.plot.addEventListener("pointerup", stop);
    this.plot.addEventListener("pointercancel", stop);
    this.plot.addEventListener("pointerleave", () => { if (!this.dragging) this.setPick(null); });
    this.diagram.addEventListener("blur", () => this.setPick(null));
    this.plot.addEventListener("wheel", (event) => {
      const by = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
      if (!by || this.view.span >= this.run.end) return;
      event.preventDefault();
      this.view.start = clamp(this.view.start + by * this.view.span / this.box.plot, 0, this.run.end - this.view.span);
      this.showLanes();
    }, { passive: false });
  }

  /** With clocks shown: the stop of the step of a node that stands at a point of the diagram, or null. */
  stopNear(x, y) {
    if (this.clockKind === "none") return null;
    const { run, stops } = this, { of, node } = logicalClocks(run), reach = 8 * this.view.span / this.box.plot, time = this.timeAt(x);
    let best = null, distance = 9;
    for (let i = lastAtMost(stops, (s) => run.events[s.main][0], time + reach); i >= 0 && run.events[stops[i].main][0] >= time - reach; i--) {
      const step = of[stops[i].main], d = step < 0 ? NEVER : Math.hypot(this.x(run.events[stops[i].main][0]) - x, this.box.laneY(run.nodes[node[step]]) - y);
      if (d < distance) [best, distance] = [i, d];
    }
    return best;
  }

  /** The message or operation at a point of the diagram. */
  nearest(x, y) {
    const { run, box } = this;
    if (x < box.gutter) return null;
    const time = this.timeAt(x);
    if (y > box.usersTop - 3 && y < box.usersBottom) {
      if (this.columns) {
        const column = this.columns.list.find((c) => c.from <= time && time < c.to && this.rowY(c.first) - 2 <= y && y <= this.rowY(c.first + c.rows));
        return column ? { column } : null;
      }
      const op = run.users.operations.find((o) => this.rowY(o.row) - 2 <= y && y <= this.rowY(o.row) + box.rowHeight + 2
        && this.x(o.start) - 2 <= x && x <= Math.max(this.x(o.until), this.x(o.start) + 4) + 1);
      return op ? { op } : null;
    }
    if (y < box.top || y > box.bottom) return null;
    let best = null, distance = 8;
    const first = lastAtMost(run.flights, (f) => f.from, time - run.longest - run.typical) + 1, last = lastAtMost(run.flights, (f) => f.from, time + this.view.span / 30);
    for (let i = first; i <= last; i++) {
      const f = run.flights[i];
      if (!run.lane.has(f.src) || !run.lane.has(f.dest) || !this.filter.flight(f)) continue;
      const line = this.flightLine(f, (t) => this.x(t));
      for (let k = 0; k + 3 < line.length; k += 2) {
        const [x1, y1, x2, y2] = line.slice(k, k + 4), dx = x2 - x1, dy = y2 - y1;
        const part = clamp(((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1), 0, 1), d = Math.hypot(x - x1 - part * dx, y - y1 - part * dy);
        if (d < distance) [best, distance] = [f, d];
      }
    }
    return best ? { flight: best } : null;
  }

  setPick(pick, x, y) {
    const same = this.pick?.flight === pick?.flight && this.pick?.op === pick?.op && this.pick?.column === pick?.column;
    if (same && !pick) return;
    this.pick = pick;
    if (!same) this.showPick();
    this.tip.hidden = !pick;
    if (!pick) return;
    if (!same) this.tip.replaceChildren(...sayPick(this.run, pick).map((line, i) => make(i ? "span" : "b", {}, line)));
    const box = this.diagram.getBoundingClientRect(), w = this.tip.offsetWidth, h = this.tip.offsetHeight;
    this.tip.style.left = `${clamp(x + 14, 0, Math.max(0, box.width - w - 2))}px`;
    this.tip.style.top = `${y + h + 22 > box.height ? Math.max(0, y - h - 12) : y + 16}px`;
  }

  /** Up and down in the diagram: message by message, in the order of sending. */
  pickNext(by) {
    const flights = this.run.flights.filter((f) => this.filter.flight(f));
    if (!flights.length) return;
    const from = this.pick?.flight ? flights.indexOf(this.pick.flight) : lastAtMost(flights, (f) => f.from, this.time) - (by > 0 ? 1 : 0);
    const flight = flights[clamp(from + by, 0, flights.length - 1)], end = flight.to === NEVER ? flight.from : flight.to;
    if (flight.from < this.view.start || end > this.view.start + this.view.span) {
      this.view.start = clamp(flight.from - this.view.span * 0.3, 0, Math.max(0, this.run.end - this.view.span));
      this.showLanes();
    }
    this.setPick({ flight }, this.x(end), this.box.laneY(flight.dest));
    this.sayAloud(sayPick(this.run, { flight }).join(". "));
  }

  /** What the signs mean: only those that occur in this run. */
  showKey() {
    const { run } = this, has = (end) => run.flights.some((f) => f.end === end);
    const sign = (content) => `<svg class="sign" width="22" height="14" viewBox="0 0 22 14">${content}</svg>`;
    const bar = (outcome) => `<svg class="sign op ${outcome}" width="18" height="14" viewBox="0 0 18 14"><rect x="1" y="1" width="16" height="12" rx="3"/>${outcomeMark(outcome, 9, 7, 3.6)}</svg>`;
    const steps = (kind, r) => `<path class="lane" d="M2 7h18"/><path class="step ${kind}" d="${drawnBy((pen) => addDot(pen, 11, 7, r))}"/>`;
    const signs = [
      has("deliver") && [sign(`<path class="way" d="M1 3L17 10"/><path class="heads" d="${arrowHead(1, 3, 20, 11)}"/>`), "delivered"],
      run.flights.some((f) => f.again) && [sign(`<path class="way copy" d="M1 3L17 10"/><path class="heads" d="${arrowHead(1, 3, 20, 11)}${arrowHead(1, 3, 13, 8)}"/>`), "second copy"],
      overtakenIn(run).size > 0 && [sign(`<path class="way" d="M1 3L14 9"/><path class="heads late" d="${arrowHead(1, 3, 20, 11, 10)}"/>`), "overtaken"],
      has("drop") && [sign(`<path class="way lost-way" d="M1 3L15 9"/>${cross(16, 9, 3.5)}`), "dropped"],
      laneCuts(run).length && [sign(`<rect class="cut-zone" x="0" y="0" width="22" height="14"/>`), "cut off"],
      run.outages.length && [sign(`<rect class="outage" x="0" y="3" width="22" height="8" rx="2"/>`), "down"],
      ...["paused", "slow"].filter((kind) => run.spells.some((s) => s.kind === kind)).map((kind) => [sign(spellSign(kind, 0, 7, 22)), kind]),
      run.spells.some((s) => s.kind === "worse") && [sign(`<path class="link worse" d="M0 7h22"/>`), "link got worse"],
      ...["clock", "lie", "misroute"].filter((kind) => oddities(run).some((o) => o.kind === kind)).map((kind) => [sign(odditySign(kind, 0, 5, 22)), ODDITIES[kind]]),
      run.events.some((e) => e[1] === "timer") && [sign(`<path class="lane" d="M2 4h18"/><path class="timers" d="M11 4v7"/>`), "timer"],
      ...(this.clockKind === "none" ? [] : [[sign(steps("past", 3.6)), "happened before"], [sign(steps("future", 3.6)), "happened after"], [sign(steps("dim", 2.3)), "concurrent"]]),
      ...Object.keys(OUTCOMES).filter((o) => run.users.operations.some((op) => op.outcome === o)).map((o) => [bar(o), OUTCOMES[o].say]),
    ];
    const entries = new Map();                            // signs of the diagram and of the graph that mean the same stand together
    for (const [svg, words] of [...signs.filter(Boolean), ...this.graphSigns()]) entries.set(words, (entries.get(words) ?? "") + svg);
    const patterns = `<svg width="0" height="0" style="position:absolute"><defs>${hatch("cut-key", 6, "cut-hatch")}</defs></svg>`;
    this.$(".key").innerHTML = patterns + [...entries].map(([words, svg]) => `<span>${svg}${words}</span>`).join("");
  }
}
