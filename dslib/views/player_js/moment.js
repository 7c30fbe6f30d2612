/* A moment: which nodes lie, what their clocks read, and what is special about a message on its way. */

/** Who lies, and how: [{node, from, to, words}], `to` null while it lasts. Bundles without such a list: what the faults say. */
function liarsOf(run) {
  if (run.liars) return run.liars;
  if (Array.isArray(run.bundle.liars)) return run.liars = run.bundle.liars;
  const list = [], open = new Map();
  for (const { at, call, args } of run.faults) {
    if (call !== "lie") continue;
    const [node, strategy] = args, before = open.get(node);
    if (before) before.to = at;
    open.delete(node);
    if (strategy === "truth") continue;
    open.set(node, { node, from: at, to: null, words: strategy.replace(/_/g, " ") });
    list.push(open.get(node));
  }
  return run.liars = list;
}

const liarAt = (run, node, time) => liarsOf(run).find((l) => l.node === node && l.from <= time && !(l.to !== null && l.to <= time)) ?? null;

/** A wall clock that is not right: what it reads, how many ms it is ahead, how fast it runs. Null: it reads the true time. */
function clockAt(run, node, time) {
  const rows = run.bundle.clocks?.[node] ?? [], i = lastAtMost(rows, ([at]) => at, time);
  if (i < 0) return null;
  const [at, shown, rate] = rows[i], reads = shown + (time - at) * rate, ahead = reads - time;
  return rate === 1 && Math.abs(ahead) < 0.05 ? null : { reads, ahead, rate };
}

const someMs = (n) => n.toLocaleString("en", { maximumFractionDigits: Math.abs(n) < 10 ? 1 : 0 }) + " ms";
const drifts = (rate) => `${rate > 1 ? "gains" : "loses"} ${someMs(Math.abs(rate - 1) * 1000)} a second`;

/** "clock 40 ms ahead, gains 10 ms a second" */
function sayClock({ ahead, rate }) {
  const off = Math.abs(ahead) >= 0.05 ? `${someMs(Math.abs(ahead))} ${ahead > 0 ? "ahead" : "behind"}` : "";
  return "clock " + [off, rate === 1 ? "" : drifts(rate)].filter(Boolean).join(", ");
}

/** The same where there is room for a few signs only: "clock +40 ms". */
function shortClock({ ahead, rate }) {
  return Math.abs(ahead) >= 0.05 ? `clock ${ahead > 0 ? "+" : "−"}${someMs(Math.abs(ahead))}` : `clock ${rate > 1 ? "fast" : "slow"}`;
}

/** The last timer of a node that ran out: {at, index, name}, or undefined. */
function lastTimer(run, node, index) {
  if (!run.rang) {
    run.rang = new Map();
    run.events.forEach(([at, kind, src, , , , detail], i) => {
      if (kind !== "timer") return;
      if (!run.rang.has(src)) run.rang.set(src, []);
      run.rang.get(src).push({ at, index: i, name: typeof detail === "string" ? detail : "timer" });
    });
  }
  const list = run.rang.get(node) ?? [];
  return list[lastAtMost(list, (r) => r.index, index)];
}

/** The how many-th message of its sender to its receiver this is, 1 for the first: so network.lose names it. */
function numberOf(run, flight) {
  if (!run.numbers) {
    const count = new Map();
    run.numbers = new Map();
    for (const [, kind, src, dest, id] of run.events) {
      if (kind !== "send") continue;
      const way = link(src, dest), n = (count.get(way) ?? 0) + 1;
      count.set(way, n);
      run.numbers.set(id, n);
    }
  }
  return run.numbers.get(flight.id);
}

/** When a message that was sent later passes this one on the way; NEVER if none does. */
function passedAt(run, flight) {
  if (flight.passed !== undefined) return flight.passed;
  if (!run.pairs) {
    run.pairs = new Map();
    for (const f of run.flights) {
      const way = link(f.src, f.dest);
      if (run.pairs.has(way)) run.pairs.get(way).push(f);
      else run.pairs.set(way, [f]);
    }
  }
  let first = NEVER;
  const list = run.pairs.get(link(flight.src, flight.dest));
  for (let i = list.indexOf(flight) + 1; i < list.length && list[i].from < flight.to; i++) {
    const later = list[i];
    if (later.id === flight.id || later.end !== "deliver" || later.toIndex >= flight.toIndex) continue;
    // Both move evenly: the later one, which needs less time, draws level where both have the same share behind them.
    const a = flight.to - flight.from, b = later.to - later.from;
    const level = a === NEVER ? later.to : (later.from * a - flight.from * b) / (a - b || 1);
    first = Math.min(first, clamp(level, later.from, later.to));
  }
  return flight.passed = first;
}

/** The messages at the doors of nodes that stand still: flight -> the how many-th it is there, and in `at` how many wait
 * where. Where the run does not say when one came, the usual time on the way is taken for it. */
function atDoors(run, time, index) {
  const list = new Map(), at = new Map();
  for (const spell of run.spells) {
    if (spell.kind !== "paused" || spell.fromIndex > index || spell.toIndex <= index) continue;
    spell.callers ??= run.flights.filter((f) => f.dest === spell.node && (spell.toIndex === NEVER ? f.toIndex === NEVER : f.to === spell.to))
      .map((flight) => ({ flight, came: run.bundle.waits?.[flight.id] ?? Math.max(flight.from + run.typical, spell.from) }));
    for (const { flight, came } of spell.callers) {
      if (came > time || flight.fromIndex > index || flight.toIndex <= index) continue;
      const n = at.get(spell.node) ?? 0;
      list.set(flight, n);
      at.set(spell.node, n + 1);
    }
  }
  return { list, at };
}
