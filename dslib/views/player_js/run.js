/* The player draws one recorded run and lets a reader move through it, break it and see what users saw.
 *
 * This is the first of its parts; script.py names them in their order and joins them into one ES module. No build step, no
 * dependencies, no imports; only the last part exports. Python also wraps the whole as a classic script for pages opened
 * from disk, so `export` stands at the start of a line there.
 *
 * What the trace says: everything the picture needs, worked out once for a bundle, so that a step only looks things up. */

const NEVER = Infinity;
const link = (a, b) => a + "\n" + b;                     // a direction; names hold no line break

/** The last position in `list` whose `key` is at most `value`, or -1. The list ascends by `key`. */
function lastAtMost(list, key, value) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(list[middle]) <= value) low = middle + 1; else high = middle;
  }
  return low - 1;
}

/** Everything the picture needs, worked out once for a bundle, so that a step only looks things up. */
function readRun(bundle) {
  const { events, end } = bundle.trace, routers = new Set(bundle.routers ?? []), nodes = [...bundle.trace.nodes, ...routers];
  const lane = new Map(nodes.map((name, i) => [name, i]));
  const flights = [];                                    // one for each copy of a message
  const flightOf = new Array(events.length).fill(null);  // event -> flight
  const sends = new Map();
  const outages = [];                                    // {node, from, to, burnt}
  const spells = [];                                     // {node, kind, from, to, fromIndex, toIndex, words}: a node paused or slow, a link worse
  const up = new Map(), nodeRows = new Map(nodes.map((name) => [name, []]));
  const stateRows = new Map(nodes.map((name) => [name, []]));
  const cuts = [{ index: -1, at: 0, blocked: new Set() }];
  const faults = [];
  let burning = { at: -1, names: [] };

  const goDown = (node, at, index, burnt) => {
    const before = up.get(node);
    if (before?.open && (before.burnt || !burnt)) return;
    if (before?.open) Object.assign(before, { to: at, open: false });
    const outage = { node, from: at, to: end, open: true, burnt };
    outages.push(outage);
    up.set(node, outage);
    nodeRows.get(node)?.push({ index, up: false, burnt });
  };
  const comeUp = (node, at, index) => {
    const outage = up.get(node);
    if (outage?.open) Object.assign(outage, { to: at, open: false });
    nodeRows.get(node)?.push({ index, up: true });
  };
  const running = (node, kind) => spells.find((s) => s.node === node && s.kind === kind && s.toIndex === NEVER);
  const begin = (node, kind, at, index, words) => spells.push({ node, kind, words, from: at, to: end, fromIndex: index, toIndex: NEVER });
  const over = (node, kind, at, index) => {
    const spell = running(node, kind);
    if (spell) Object.assign(spell, { to: at, toIndex: index });
  };
  const strike = ({ call, args, options }, at, index) => {
    const struck = membersOf(bundle, call, args), [node, factor] = args;
    if (call === "pause" && !up.get(node)?.open && !running(node, "paused")) begin(node, "paused", at, index, "paused");
    if (call === "resume") over(node, "paused", at, index);
    if (call === "slow") {
      over(node, "slow", at, index);
      if (factor !== 1) begin(node, "slow", at, index, `slow ×${factor}`);
    }
    if (call === "network.degrade" || call === "network.mend") {
      for (const way of options?.one_way ? [link(...args)] : [link(...args), link(factor, node)]) {
        over(way, "worse", at, index);
        if (call === "network.degrade") begin(way, "worse", at, index, "worse");
      }
    }
    if (call === "burn" || options?.burn) {
      burning = { at, names: struck };
      for (const name of struck) if (up.get(name)?.open && !routers.has(name)) goDown(name, at, index, true);
    }
    for (const name of struck.filter((n) => routers.has(n))) { // of nodes, the trace itself says so
      if (call === "crash" || call === "remove") goDown(name, at, index, false);
      if (call === "restart" || call === "restore") comeUp(name, at, index);
    }
  };

  events.forEach(([at, kind, src, dest, id, msg, detail], index) => {
    if (kind === "send") {
      const flight = { id, src, dest, msg, from: at, fromIndex: index, to: NEVER, toIndex: NEVER, end: "open", copies: 0, ways: [] };
      sends.set(id, flight);
      flights.push(flight);
      flightOf[index] = flight;
    } else if (kind === "hop") {
      const flight = sends.get(id);
      if (!flight) return;
      const way = wayTo(flight.ways, src);
      way.points.push([at, src]);
      way.next = dest;
      flightOf[index] = flight;
    } else if (kind === "deliver" || kind === "drop") {
      let flight = sends.get(id);
      if (!flight) return;                               // a trace that was filtered: nothing to draw it from
      if (flight.end !== "open") {                       // a second copy
        flight.copies += 1;
        flight = { ...flight, copies: 0, again: true };
        flights.push(flight);
      }
      const place = kind === "deliver" ? dest : detail.split(" at ")[1]?.split(" → ").pop() ?? dest;
      const way = flight.ways.length ? wayTo(flight.ways, place) : { points: [] };
      way.points.push([at, place]);
      way.next = null;
      Object.assign(flight, { to: at, toIndex: index, end: kind, reason: detail, way });
      flightOf[index] = flight;
    } else if (kind === "crash") {
      over(src, "paused", at, index);
      goDown(src, at, index, burning.at === at && burning.names.includes(src));
    } else if (kind === "restart") {
      over(src, "paused", at, index);
      comeUp(src, at, index);
    } else if (kind === "state") {
      stateRows.get(src)?.push({ index, at, fields: detail ?? {} });
    } else if (kind === "fault") {
      faults.push({ index, ...detail });
      const blocked = new Set(cuts[cuts.length - 1].blocked);
      if (applyCut(blocked, detail, nodes, membersOf(bundle, detail.call, detail.args))) cuts.push({ index, at, blocked });
      strike(detail, at, index);
    }
  });
  for (const flight of flights) flight.legs = legsOf(flight);
  flights.sort((a, b) => a.from - b.from || a.fromIndex - b.fromIndex);

  const times = flights.filter((f) => f.end === "deliver").map((f) => f.to - f.from).sort((a, b) => a - b);
  const typical = times[times.length >> 1] || Math.max(end / 40, 1);
  const longest = flights.reduce((most, f) => Math.max(most, f.to === NEVER ? 0 : f.to - f.from), typical);

  const drawn = bundle.links?.length ? bundle.links : pairsThatTalked(flights, lane);
  for (const state of cuts) Object.assign(state, separate(nodes, drawn, state.blocked));

  return {
    bundle, nodes, routers, lane, events, end: Math.max(end, events.length ? events[events.length - 1][0] : 0, 1e-9),
    flights, flightOf, typical, longest, outages, spells, nodeRows, stateRows, shownFields: fieldsThatChange(stateRows),
    cuts, faults, links: drawn, users: readUsers(bundle), broken: bundle.broken ?? null, since: bundle.since ?? 0,
  };
}

/** Whom a fault strikes: what stands in a failure domain, or the node it names. */
const membersOf = (bundle, call, args) => ["remove", "restore", "network.isolate"].includes(call) ? bundle.domains?.[args.join(" ")] ?? [] : args.slice(0, 1);

/** The way of the copy of a routed message that comes to `place` next. One that a link doubled shares the way up to there. */
function wayTo(ways, place) {
  let way = ways.find((w) => w.next === place);
  if (!way) {
    const twin = ways.map(({ points }) => points.slice(0, points.findIndex(([, name]) => name === place) + 1)).find((points) => points.length);
    way = { points: twin?.slice(0, -1) ?? [], next: place };
    ways.push(way);
  }
  return way;
}

/** What is drawn of a message: one line, or one for each link that a routed one goes over. */
function legsOf(flight) {
  const way = flight.way ?? flight.ways.find((w) => w.next);
  if (!way || !flight.ways.length) return [flight];
  const points = way.next ? [...way.points, [NEVER, way.next]] : way.points;
  if (points.length === 1) return [flight];               // it did not get away
  return points.slice(1).map(([to, dest], i) => {
    const last = i === points.length - 2;
    return { src: points[i][1], dest, from: points[i][0], to, end: last ? flight.end : "deliver", reason: flight.reason?.split(" at ")[0] };
  });
}

/** Apply a fault to the set of blocked directions. False when it is not about the network. */
function applyCut(blocked, { call, args }, nodes, inside) {
  if (call === "network.partition") {
    args.forEach((group, i) => args.slice(i + 1).forEach((other) => group.forEach((a) => other.forEach((b) => {
      blocked.add(link(a, b));
      blocked.add(link(b, a));
    }))));
  } else if (call === "network.cut") {
    blocked.add(link(args[0], args[1]));
    if (!args[2]) blocked.add(link(args[1], args[0]));
  } else if (call === "network.isolate") {
    const outside = nodes.filter((name) => !inside.includes(name));
    for (const a of inside) for (const b of outside) blocked.add(link(a, b)).add(link(b, a));
  } else if (call === "network.heal") {
    if (args.length === 2) {
      blocked.delete(link(args[0], args[1]));
      blocked.delete(link(args[1], args[0]));
    } else blocked.clear();
  } else return false;
  return true;
}

/** The parts into which the blocked links separate the graph, the largest first, and the blocked links inside a part. */
function separate(nodes, links, blocked) {
  const whole = (a, b) => !(blocked.has(link(a, b)) && blocked.has(link(b, a)));
  const part = components(nodes, links.filter(([a, b]) => whole(a, b)));
  const crossed = links.filter(([a, b]) => !whole(a, b) && part.of.get(a) !== part.of.get(b));
  const torn = new Set(crossed.flat().map((name) => part.of.get(name)));
  const parts = part.list.filter((_, i) => torn.has(i)).sort((a, b) => b.length - a.length);
  const inside = links.filter(([a, b]) => part.of.get(a) === part.of.get(b)
    && (blocked.has(link(a, b)) || blocked.has(link(b, a))));
  return { parts, crossed, inside, partOf: part.of };
}

/** Connected components: `list` of lists of names in the order of `nodes`, and `of`: name -> position in the list. */
function components(nodes, links) {
  const neighbours = new Map(nodes.map((name) => [name, []]));
  for (const [a, b] of links) {
    neighbours.get(a)?.push(b);
    neighbours.get(b)?.push(a);
  }
  const of = new Map(), list = [];
  for (const name of nodes) {
    if (of.has(name)) continue;
    const queue = [name];
    of.set(name, list.length);
    for (const here of queue) {
      for (const next of neighbours.get(here) ?? []) {
        if (!of.has(next) && neighbours.has(next)) {
          of.set(next, list.length);
          queue.push(next);
        }
      }
    }
    list.push(nodes.filter((n) => of.get(n) === list.length));
  }
  return { list, of };
}

function pairsThatTalked(flights, lane) {
  const seen = new Map();
  for (const { src, dest } of flights) {
    if (src === dest || !lane.has(src) || !lane.has(dest)) continue;
    const pair = lane.get(src) < lane.get(dest) ? [src, dest] : [dest, src];
    seen.set(link(...pair), pair);
  }
  return [...seen.values()];
}

/** Under a node there is room for a few words only: show what changes during the run. */
function fieldsThatChange(stateRows) {
  const first = new Map(), changing = new Set();
  for (const [node, rows] of stateRows) {
    for (const { fields } of rows) {
      for (const [name, value] of Object.entries(fields)) {
        const key = node + "\n" + name;
        if (first.has(key) && first.get(key) !== value) changing.add(name);
        first.set(key, value);
      }
    }
  }
  return changing;
}

/** Operations in rows that do not overlap, and the share of good answers after each judgement. */
function readUsers(bundle) {
  const end = bundle.trace.end;
  const operations = (bundle.operations ?? []).map((op) => ({ ...op, until: op.end ?? op.judged ?? end }));
  operations.sort((a, b) => a.start - b.start || a.id - b.id);
  const order = bundle.trace.nodes, asking = new Set(operations.map((op) => op.client));
  const clients = [...order.filter((name) => asking.has(name)), ...[...asking].filter((name) => !order.includes(name))];
  const perClient = clients.length <= 5;
  const groups = perClient ? clients.map((name) => [name, operations.filter((op) => op.client === name)])
    : [["", operations]];
  const rows = [];                                       // {client, free}
  for (const [client, ops] of groups) {
    const mine = [];
    for (const op of ops) {
      let row = mine.find((r) => r.free <= op.start);
      if (!row && mine.length < 12) {
        row = { client, free: 0, at: rows.length, first: mine.length === 0 };
        mine.push(row);
        rows.push(row);
      }
      row ??= mine.reduce((a, b) => (a.free <= b.free ? a : b)); // twelve rows are full: bars may overlap
      row.free = Math.max(row.free, op.until);
      op.row = row.at;
    }
  }
  const judged = operations.filter((op) => op.judged !== null && op.judged !== undefined)
    .sort((a, b) => a.judged - b.judged || a.id - b.id);
  let good = 0;
  const steps = judged.map((op, i) => {
    good += op.outcome === "good" ? 1 : 0;
    return { at: op.judged, good, n: i + 1, share: good / (i + 1), op };
  });
  return { operations, clients, perClient, rows, steps };
}

/** Where a step stops. A node's state follows the event that changed it; a fault and the crash it causes are one stop. */
function readStops(run) {
  const { events } = run, stops = [];
  events.forEach(([at, kind, src, , id], i) => {
    const before = stops[stops.length - 1], main = before && events[before.main];
    const joins = before && main[0] === at && (kind === "state" || (kind === "hop" && main[1] === "send" && main[4] === id) || (kind === "start" && main[1] === "restart" && main[2] === src));
    if (joins) before.last = i;
    else if (before && (kind === "crash" || kind === "restart") && main[1] === "fault" && main[0] === at && main[6].args[0] === src && before.last === before.main) {
      Object.assign(before, { main: i, last: i });
    } else stops.push({ main: i, last: i });
  });
  return stops;
}

/** Where the lanes are hatched: the nodes cut off from the largest part, and both ends of a link cut inside a part. */
function laneCuts(run) {
  if (run.laneCuts) return run.laneCuts;
  const list = [];
  let before = new Set();
  run.cuts.forEach((cut, i) => {
    const to = i + 1 < run.cuts.length ? run.cuts[i + 1].at : run.end, off = cut.parts.slice(1).flat();
    const reasons = new Map(off.map((node) => [node, "cut"]));
    for (const [a, b] of cut.inside) for (const node of [a, b]) {
      const one = cut.blocked.has(link(a, b)) + cut.blocked.has(link(b, a)) === 1;
      const words = one ? (cut.blocked.has(link(a, b)) ? `cut ${a} → ${b}` : `cut ${b} → ${a}`) : `cut ${a} – ${b}`;
      if (!reasons.has(node)) reasons.set(node, words);
    }
    const hatched = run.nodes.filter((node) => reasons.has(node));
    hatched.forEach((node) => {
      const above = run.nodes[run.lane.get(node) - 1];
      const again = before.has(node) || (reasons.get(node) === "cut" && reasons.get(above) === "cut");
      list.push({ node, from: cut.at, to, label: again ? "" : reasons.get(node) });
    });
    before = new Set(hatched);
  });
  run.laneCuts = list;
  return list;
}
