/* The player: draws one recorded run and lets a reader move through it, break it and see what users saw.
 *
 * Read in this order: readRun (what the trace says), describe (the same in words), geometry (cuts drawn by hand),
 * Player (the picture), mount (the way in). No build step, no dependencies.
 *
 *   mount(element, bundle, {onActs})  draws `bundle` ("dslib.player/1") into `element` and returns a controller.
 *   onActs(acts, request)             is called with the complete new list of faults when the reader breaks something;
 *                                     without it, or when bundle.live is false, the run is only played.
 *
 * Python wraps this file as a classic script for pages opened from disk, so `export` stands in just two places, each
 * at the start of a line: before `function mount` and before the default at the end. There are no imports.
 */

// ---------------------------------------------------------------------------------------------------------------
// What the trace says
// ---------------------------------------------------------------------------------------------------------------

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
    cuts, faults, links: drawn, users: readUsers(bundle),
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

// ---------------------------------------------------------------------------------------------------------------
// The same in words
// ---------------------------------------------------------------------------------------------------------------

const OUTCOMES = {
  good: { mark: "✓", say: "good" }, slow: { mark: "◔", say: "too late" }, refused: { mark: "⊘", say: "refused" },
  wrong: { mark: "!", say: "wrong answer" }, never: { mark: "×", say: "never answered" }, open: { mark: "…", say: "not answered yet" },
};

const plural = (n, one, many = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
const listed = (names) => names.length < 2 ? names.join("") : names.slice(0, -1).join(", ") + " and " + names[names.length - 1];
const ms = (t) => t.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 }) + " ms";
const percent = (share) => `${Math.round(share * 1000) / 10} %`;
const shorten = (text, most) => text.length > most ? text.slice(0, most - 1) + "…" : text;

function showValue(value) {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return `'${value}'`;
  if (Array.isArray(value)) return `(${value.map(showValue).join(", ")}${value.length === 1 ? "," : ""})`;
  if (typeof value === "object" && "type" in value) return showMessage(value);
  if (typeof value === "object") return "text" in value ? String(value.text) : JSON.stringify(value);
  return String(value);
}

function showMessage(msg, most = 72) {
  if (!msg) return "a message";
  const fields = Object.entries(msg.fields ?? {}).map(([name, value]) => `${name}=${showValue(value)}`);
  return shorten(`${msg.type}(${fields.join(", ")})`, most);
}

function sayFault({ call, args, options }) {
  if (call === "network.partition") return "cut " + args.map((group) => group.join(" ")).join(" | ");
  if (call === "network.cut") return `cut ${args[0]} ${args[2] ? "→" : "–"} ${args[1]}`;
  if (call === "network.heal") return args.length ? `heal ${args[0]} – ${args[1]}` : "heal";
  const named = Object.entries(options ?? {}).map(([name, value]) => `${name}=${showValue(value)}`);
  return [call.replace("network.", "").replace(/_/g, " "), ...args.map((a) => Array.isArray(a) ? a.join(" ") : showPlain(a)), ...named].join(" ");
}

const showPlain = (value) => typeof value === "string" ? value : showValue(value);
const sayTime = (t) => String(Math.round(t * 1000) / 1000);
const faultLabel = (fault) => fault.label ?? `${sayFault(fault)} at ${sayTime(fault.at)}`;

/** The Python line that schedules a fault; Python's own words win where it has answered already. */
function faultCode(fault) {
  if (fault.code) return fault.code;
  const args = fault.args.map((a) => Array.isArray(a) ? `{${a.map(showValue).join(", ")}}` : showValue(a));
  const named = Object.entries(fault.options ?? {}).map(([name, value]) => `${name}=${showValue(value)}`);
  return `sim.at(${[sayTime(fault.at), "sim." + fault.call, ...args, ...named].join(", ")})`;
}

function dropReason(run, flight, index) {
  const { src, dest, reason } = flight;
  if (reason === "down") return `${dest} is down`;
  if (reason === "queue") return "the queue of the link is full";
  if (reason === "loss") return "it was lost on the way";
  const [why, where] = reason.split(" at ");              // through routers; "ttl at r3"
  if (where) {
    return { cut: `the link ${where} is cut`, down: `${where} is down`, queue: `the queue of the link ${where} is full`,
      ttl: `it had crossed too many links when it came to ${where}`, "no route": `${where} knows no way to ${dest}` }[why] ?? `it was lost on the link ${where}`;
  }
  const state = cutsAt(run, index);
  return state.partOf.get(src) !== state.partOf.get(dest) ? `${dest} is on the other side of the cut`
    : `the link from ${src} to ${dest} is cut`;
}

const cutsAt = (run, index) => run.cuts[lastAtMost(run.cuts, (c) => c.index, index)];
const isUp = (run, node, index) => {
  const rows = run.nodeRows.get(node) ?? [], i = lastAtMost(rows, (r) => r.index, index);
  return i < 0 ? true : rows[i].up;
};
/** Whether the disk of a node that is down has burnt. */
const isBurnt = (run, node, index) => {
  const rows = run.nodeRows.get(node) ?? [];
  return Boolean(rows[lastAtMost(rows, (r) => r.index, index)]?.burnt);
};
/** "paused" and "slow ×10", as far as a node is so. */
const spellsAt = (run, node, index) => run.spells.filter((s) => s.node === node && s.fromIndex <= index && index < s.toIndex);
const stateOf = (run, node, index) => {
  const rows = run.stateRows.get(node) ?? [], i = lastAtMost(rows, (r) => r.index, index);
  return i < 0 ? null : rows[i];
};
const inFlight = (run, time, index) => {
  const list = [], last = lastAtMost(run.flights, (f) => f.from, time);
  for (let i = last; i >= 0 && run.flights[i].from >= time - run.longest - 2 * run.typical; i--) {
    if (run.flights[i].fromIndex <= index) list.push(run.flights[i]);
  }
  return list.reverse();
};

/** One event in one sentence, and, where it helps, what it means. */
function describe(run, index) {
  if (index < 0) return { what: "Nothing has happened yet.", why: "Step forward, or press play." };
  const [, kind, src, dest, , msg, detail] = run.events[index], flight = run.flightOf[index];
  const flying = (wanted) => inFlight(run, run.events[index][0], index).filter((f) => f.toIndex > index && wanted(f)).length;
  if (kind === "start") {
    const again = isUp(run, src, index) && (run.nodeRows.get(src) ?? []).some((r) => r.index <= index);
    return { what: `${src} starts.`, why: again ? "It knows what it kept on disk, and nothing else." : "" };
  }
  if (kind === "send") {
    const n = flying(() => true);
    return { what: `${src} sends ${showMessage(msg)} to ${dest}.`, why: n > 1 ? `${plural(n, "message")} are on the way.` : "" };
  }
  if (kind === "hop") {
    return { what: `${src} passes ${showMessage(msg)} on to ${dest}.`, why: flight ? `It is on its way from ${flight.src} to ${flight.dest}.` : "" };
  }
  if (kind === "deliver") {
    const via = flight ? listed(flight.legs.slice(1).map((leg) => leg.src)) : "";
    const waited = flight && run.spells.some((s) => s.node === dest && s.kind === "paused" && s.from < flight.to && s.to === flight.to);
    const took = flight ? `It was on the way${waited ? `, and at the door of ${dest}, which stood still,` : ""} for ${ms(flight.to - flight.from)}${via ? `, through ${via}` : ""}.` : "";
    return { what: `${dest} receives ${showMessage(msg)} from ${src}.`,
      why: took + (flight?.again ? " This is a second copy: the network delivered it twice." : "") };
  }
  if (kind === "drop") {
    const why = flight ? dropReason(run, flight, index) : detail;
    return { what: `${showMessage(msg)} from ${src} to ${dest} was dropped: ${why}.`, why: `Nobody tells ${src}: it can only wait.` };
  }
  if (kind === "crash") {
    const n = flying((f) => f.dest === src);
    let i = index - 1;
    while (i >= 0 && run.events[i][0] === run.events[index][0] && run.events[i][1] !== "fault") i--;
    const torn = run.events[i]?.[0] === run.events[index][0] && run.events[i][6]?.call === "tear_write";
    const disk = isBurnt(run, src, index) ? ", and its disk is gone, too." : torn ? "; of its newest write, its disk holds the first part only." : "; its disk stays.";
    return { what: `${src} crashes${typeof detail === "string" ? `: ${detail}` : ""}.`, why: `What it held in memory is gone${disk}`
      + (n ? ` ${plural(n, "message")} ${n === 1 ? "is" : "are"} still on the way to it.` : "") };
  }
  if (kind === "restart") return { what: `${src} restarts.`, why: isBurnt(run, src, index - 1) ? "Its disk is gone, too: it begins with an empty one." : "It reads its disk. Everything else is forgotten." };
  if (kind === "timer") return { what: `The timer “${detail}” of ${src} runs out.`, why: "" };
  if (kind === "log") return { what: `${src} notes: ${detail}`, why: "" };
  if (kind === "state") {
    const before = stateOf(run, src, index - 1)?.fields ?? {};
    const changed = Object.entries(detail ?? {}).filter(([name, value]) => before[name] !== value);
    if (!Object.keys(detail ?? {}).length) return { what: `${src} holds nothing in memory.`, why: "" };
    return { what: `${src} now has ${shorten(changed.map(([n, v]) => `${n} = ${v}`).join(", ") || "the same state", 120)}.`, why: "" };
  }
  if (kind === "fault") return describeFault(run, index, detail, flying);
  return { what: [kind, src, dest, typeof detail === "string" ? detail : ""].filter(Boolean).join(" "), why: "" };
}

function describeFault(run, index, { call, args, options }, flying) {
  const { blocked } = cutsAt(run, index);
  const caught = flying((f) => blocked.has(link(f.src, f.dest)));
  const lost = caught ? ` ${plural(caught, "message")} on the way across will not arrive while it lasts.` : "";
  if (call === "network.partition") {
    return { what: args.length === 2 ? `The network is cut: ${listed(args[0])} on one side, ${listed(args[1])} on the other.`
      : `The network is cut into ${args.length} parts: ${args.map(listed).join(" | ")}.`,
      why: "No message passes between the sides until the cut heals." + lost };
  }
  if (call === "network.cut") {
    return { what: args[2] ? `The link from ${args[0]} to ${args[1]} is cut, one way.` : `The link between ${args[0]} and ${args[1]} is cut.`,
      why: (args[2] ? `${args[1]} can still send to ${args[0]}.` : "Both may still reach others.") + lost };
  }
  if (call === "network.heal") {
    return { what: args.length ? `The link between ${args[0]} and ${args[1]} heals.` : "All cuts heal.",
      why: "Messages pass again. What was dropped stays lost: the network sends nothing again." };
  }
  const struck = membersOf(run.bundle, call, args), [a, b, c] = args.map(showPlain), domain = `The ${a} ${b} (${listed(struck)})`;
  const named = Object.entries(options ?? {}).filter(([name]) => name !== "one_way").map(([name, value]) => `${name} ${showValue(value)}`);
  const said = {
    "network.isolate": [`${domain} is cut off.`, "No message passes in or out until the cut heals." + lost],
    "network.degrade": [`The link ${options?.one_way ? `from ${a} to` : `between ${a} and`} ${b} gets worse: ${listed(named)}.`, ""],
    "network.mend": [`The link between ${a} and ${b} is as it was.`, ""],
    "network.misroute": args[2] === null ? [`${a} sends what is for ${b} the right way again.`, ""] : [`${a} sends what is for ${b} to ${c}, whatever its map says.`, ""],
    crash: [`${a} crashes.`, run.routers.has(a) ? "It is a router: until the others know, they still send through it." : ""],
    restart: [`${a} ${run.routers.has(a) ? "is up again" : "is told to restart"}.`, ""],
    burn: [`${a} burns.`, "Its disk is gone."],
    remove: [`${domain} ${options?.burn ? "burns down" : "goes down"}.`, options?.burn ? "What was on these disks is gone." : "The disks stay."],
    restore: [`${domain} comes back.`, ""],
    pause: [`${a} stands still.`, "Its clock goes on, and what arrives waits. It will not notice."],
    resume: [`${a} goes on.`, "All that waited happens now, in its order."],
    slow: args[1] === 1 ? [`${a} is as fast as it was.`, ""] : [`${a} is slow: all that it does takes ${b} times as long.`, "Its clock reads right."],
    jump_clock: [`The clock of ${a} jumps by ${b} ms.`, ""],
    drift_clock: [`The clock of ${a} now gains ${b} ms every ms.`, "It reads on from where it is."],
    leap_second: [`The wall clocks of ${args.length ? listed(args.flat()) : "all nodes"} have a leap second.`, options?.smear_ms ? `They lose it bit by bit, over ${ms(options.smear_ms)}.` : "They show one second twice."],
    corrupt_disk: [`One bit is flipped in a share of ${b} of the values on the disk of ${a}.`, "Nobody is told."],
    tear_write: [`${a} is to crash in the middle of a write.`, isUp(run, a, index) ? "" : "It is down, and writes nothing."],
    act: [`Somebody acts on ${a}: ${[b, ...args.slice(2).map(showValue)].join(" ")}.`, ""],
  }[call];
  return said ? { what: said[0], why: said[1] } : { what: `Fault: ${sayFault({ call, args, options })}.`, why: "" };
}

function shareAt(run, time) {
  const i = lastAtMost(run.users.steps, (s) => s.at, time);
  return i < 0 ? null : run.users.steps[i];
}

/** What users saw up to `time`, and what they learned after `since`. */
function describeUsers(run, time, since) {
  const { operations, steps } = run.users, { target } = run.bundle;
  if (!operations.length) return "";
  const news = steps.filter((s) => s.at > since && s.at <= time).map(({ op }) => `${op.label} of ${op.client}: ${op.say ?? OUTCOMES[op.outcome].say}.`);
  const waiting = operations.filter((op) => op.start <= time && !(op.judged <= time)).length;
  const step = shareAt(run, time);
  let share = step ? `${step.good} of ${plural(step.n, "answer")} good so far = ${percent(step.share)}` : "no answers yet";
  if (step && typeof target === "number") {
    share += step.share < target ? `, below the target of ${percent(target)}` : `, target ${percent(target)}`;
  }
  return `${news.slice(-2).join(" ")} Users: ${share}${waiting ? `; ${waiting} waiting` : ""}.`.trim();
}

/** "7 of 9 good = 77.8 %", of a whole run; where nobody asked anything, what became of the messages. */
function sayResult(run) {
  const last = run.users.steps[run.users.steps.length - 1];
  if (!run.users.operations.length) {
    const lost = run.flights.filter((f) => f.end === "drop").length;
    return `${lost.toLocaleString("en")} of ${plural(run.flights.length, "message")} dropped`;
  }
  return last ? `${last.good} of ${last.n.toLocaleString("en")} good = ${percent(last.share)}` : "no operation was judged";
}

// ---------------------------------------------------------------------------------------------------------------
// Geometry: a line drawn by hand, and the line that shows a cut
// ---------------------------------------------------------------------------------------------------------------

function segmentsCross([ax, ay], [bx, by], [cx, cy], [dx, dy]) {
  // A point exactly on a line counts as being to its right: a stroke whose corner lies on a link crosses it once.
  const right = (px, py, qx, qy, rx, ry) => (qx - px) * (ry - py) - (qy - py) * (rx - px) >= 0;
  return right(ax, ay, bx, by, cx, cy) !== right(ax, ay, bx, by, dx, dy)
    && right(cx, cy, dx, dy, ax, ay) !== right(cx, cy, dx, dy, bx, by);
}

/** The links that a stroke (a list of points) crosses. `place` gives the point of a node. */
function linksCrossed(stroke, links, place) {
  return links.filter(([a, b]) => stroke.some((p, i) => i > 0 && segmentsCross(stroke[i - 1], p, place(a), place(b))));
}

/** The faults that cut these links, given what is cut already: a partition where the graph falls apart, else one cut each. */
function actsForCut(run, index, crossed, at) {
  const { blocked } = cutsAt(run, index);
  const fresh = crossed.filter(([a, b]) => !(blocked.has(link(a, b)) && blocked.has(link(b, a))));
  if (!fresh.length) return [];
  const both = new Set(blocked);
  for (const [a, b] of fresh) both.add(link(a, b)).add(link(b, a));
  const before = separate(run.nodes, run.links, blocked), after = separate(run.nodes, run.links, both);
  const apart = fresh.every(([a, b]) => after.partOf.get(a) !== after.partOf.get(b)) && after.parts.length > before.parts.length;
  if (apart) {
    const groups = after.parts.map((part) => [...part].sort()).sort((a, b) => b.length - a.length || (a[0] < b[0] ? -1 : 1));
    return [{ at, call: "network.partition", args: groups }];
  }
  return fresh.map((pair) => ({ at, call: "network.cut", args: [...pair].sort() }));
}

/** The lines that show a cut around one part of the graph: one straight line where there is room for it between the part
 * and all other nodes, else a bar across each link. `place` gives the point of a node; `meets` learns how far along each
 * link its cut lies, 0 to 1. */
function cutLines(part, nodes, crossed, place, meets) {
  const inside = new Set(part), mine = crossed.filter(([a, b]) => inside.has(a) !== inside.has(b));
  const points = nodes.map((name) => [place(name), inside.has(name)]);
  let best = { gap: 30 };                                 // px: a line must keep clear of the nodes on both sides
  for (let turn = 0; turn < 180; turn += 3) {
    const ux = Math.cos(turn * Math.PI / 180), uy = Math.sin(turn * Math.PI / 180);
    const along = (own) => points.filter(([, isIn]) => isIn === own).map(([[x, y]]) => x * ux + y * uy);
    const [these, others] = [along(true), along(false)];
    for (const [low, high] of [[these, others], [others, these]]) {
      const from = Math.max(...low), gap = Math.min(...high) - from;
      if (gap > best.gap) best = { gap, ux, uy, at: from + gap / 2 };
    }
  }
  if (best.at === undefined) return mine.map((pair) => crossBar(pair, place, 13));
  const { ux, uy, at } = best;
  const places = mine.map(([a, b]) => {                   // where along the line each link meets it
    const [p, q] = [place(a), place(b)], from = p[0] * ux + p[1] * uy, to = q[0] * ux + q[1] * uy, t = (at - from) / (to - from);
    meets.set(link(a, b), t).set(link(b, a), 1 - t);
    return -(p[0] + (q[0] - p[0]) * t) * uy + (p[1] + (q[1] - p[1]) * t) * ux;
  });
  const reach = mine.length === 1 ? 34 : 26, ends = [Math.min(...places) - reach, Math.max(...places) + reach];
  return ["M" + ends.map((d) => `${round(at * ux - d * uy)} ${round(at * uy + d * ux)}`).join("L")];
}

/** A short bar across the middle of a link. */
function crossBar([a, b], place, half) {
  const [p, q] = [place(a), place(b)], length = Math.hypot(q[0] - p[0], q[1] - p[1]) || 1;
  const [mx, my] = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2], [nx, ny] = [-(q[1] - p[1]) / length * half, (q[0] - p[0]) / length * half];
  return `M${round(mx - nx)} ${round(my - ny)}L${round(mx + nx)} ${round(my + ny)}`;
}

const round = (x) => Math.round(x * 10) / 10;
const clamp = (x, low, high) => Math.max(low, Math.min(high, x));

// ---------------------------------------------------------------------------------------------------------------
// Drawing helpers
// ---------------------------------------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";
const escapeText = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function make(tag, attributes = {}, ...children) {
  const node = SVG_TAGS.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}
const SVG_TAGS = new Set(["svg", "g", "path", "rect", "circle", "line", "text", "tspan", "defs", "pattern", "clipPath", "polyline"]);

// Drawn on a square of 16 units. Those in FILLED are areas, the others strokes.
const ICONS = {
  start: "M4 3v10M13 3 6.5 8l6.5 5z", back: "M11.5 3 4.5 8l7 5z", play: "M4.5 2.5 13 8l-8.5 5.5z", pause: "M4 3h2.8v10H4zM9.2 3H12v10H9.2z",
  forward: "M4.5 3l7 5-7 5z", end: "M12 3v10M3 3l6.5 5L3 13z",
  point: "M4 1.8 12.5 8.5 8.4 9 10.6 13.4 8.9 14.2 6.7 9.8 4 12.6z",
  cut: "M4 2.2a1.9 1.9 0 1 1 0 3.8 1.9 1.9 0 0 1 0-3.8zM4 10a1.9 1.9 0 1 1 0 3.8A1.9 1.9 0 0 1 4 10zM5.6 5.2 14 12M5.6 10.8 14 4",
  crash: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  heal: "M6.5 9.5l3-3M7.2 4.6l1.3-1.3a3 3 0 0 1 4.2 4.2l-1.3 1.3M8.8 11.4l-1.3 1.3a3 3 0 0 1-4.2-4.2l1.3-1.3",
  restart: "M13 8.3a5 5 0 1 1-1.7-4.1M13.2 1.8v3.2H10", undo: "M5.5 2.5 2.5 5.5l3 3M2.5 5.5H9.5a4 4 0 0 1 0 8H6", redo: "M10.5 2.5l3 3-3 3M13.5 5.5H6.5a4 4 0 0 0 0 8H10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3", fault: "M9 1.5 4 9h4l-1 5.5L12 7H8z",
  zoomin: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.7 3.7M4.8 7h4.4M7 4.8v4.4",
  zoomout: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.7 3.7M4.8 7h4.4",
  client: "M8 7.4a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4zM2.8 14c.4-3 2.4-4.7 5.2-4.7s4.8 1.7 5.2 4.7z",
  replica: "M3.2 4c0-1.2 2.1-2 4.8-2s4.8.8 4.8 2-2.1 2-4.8 2-4.8-.8-4.8-2zM3.2 4v8c0 1.2 2.1 2 4.8 2s4.8-.8 4.8-2V4M3.2 8c0 1.2 2.1 2 4.8 2s4.8-.8 4.8-2",
  server: "M2.5 2.5h11v4.5h-11zM2.5 9h11v4.5h-11zM5 4.7h.1M5 11.2h.1",
  leader: "M8 1.5l2 4.3 4.7.5-3.5 3.2 1 4.6L8 11.7l-4.2 2.4 1-4.6L1.3 6.3 6 5.8z",
  node: "M8 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z", router: "M2 8h12M8 2v12M4.5 5.5 2 8l2.5 2.5M11.5 5.5 14 8l-2.5 2.5M5.5 4.5 8 2l2.5 2.5M5.5 11.5 8 14l2.5-2.5",
  slow: "M3.5 1.8h9M3.5 14.2h9M4.5 2c0 4.6 7 7.4 7 12M11.5 2c0 4.6-7 7.4-7 12",
};
const FILLED = new Set(["start", "back", "play", "pause", "forward", "end", "point", "client", "leader", "node", "fault"]);
const ROLE_ICONS = { client: "client", user: "client", writer: "client", reader: "client", replica: "replica", database: "replica", storage: "replica",
  server: "server", leader: "leader", primary: "leader", coordinator: "leader", router: "router" };

/** "chat server" is drawn as a server: the last word says what a node is. */
const roleIcon = (role) => ROLE_ICONS[(role ?? "").toLowerCase().split(" ").pop()] ?? "node";

const iconPath = (name, x, y, size, extra = "") =>
  `<path class="icon ${FILLED.has(name) ? "filled" : ""} ${extra}" d="${ICONS[name]}" transform="translate(${round(x)} ${round(y)}) scale(${size / 16})"/>`;

function icon(name) {
  const svg = make("svg", { class: "icon-box", viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", focusable: "false" });
  svg.innerHTML = iconPath(name, 0, 0, 16);
  return svg;
}

const FAULT_ICONS = { "network.partition": "cut", "network.cut": "cut", "network.isolate": "cut", "network.heal": "heal", "network.mend": "heal",
  crash: "crash", burn: "crash", remove: "crash", tear_write: "crash", restart: "restart", restore: "restart", pause: "pause", resume: "play", slow: "slow" };
const faultIcon = (call) => FAULT_ICONS[call] ?? "fault";

function niceStep(span, most) {
  const raw = span / Math.max(1, most), power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].find((m) => m * power >= raw * 0.999) * power;
}

const tickLabel = (t, step) => step >= 1000 ? `${+(t / 1000).toFixed(1)} s` : `${t.toLocaleString("en", { maximumFractionDigits: 2 })}${t === 0 || step < 1000 ? " ms" : ""}`;

const SPEEDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 50];
const speedLabel = (speed) => speed >= 1 ? `${speed} × speed` : `1/${Math.round(1 / speed)} speed`;

// ---------------------------------------------------------------------------------------------------------------
// The picture
// ---------------------------------------------------------------------------------------------------------------

const TEMPLATE = `
<div class="card" role="group">
  <div class="head">
    <div class="title"></div>
    <div class="acts">
      <ul class="chips" aria-label="What was done to the system"></ul>
      <span class="none"></span>
      <span class="acts-tools">
        <button type="button" class="plain undo" data-live>Undo</button><button type="button" class="plain redo" data-live>Redo</button>
        <button type="button" class="plain copy">Copy code</button>
      </span>
    </div>
  </div>
  <div class="code" hidden>
    <label>In place of the scenario's own faults, these lines do the same:<textarea readonly rows="4" spellcheck="false"></textarea></label>
    <button type="button" class="plain close-code">Close</button>
  </div>
  <div class="trouble" role="alert" hidden></div>
  <div class="stage">
    <div class="left">
      <div class="graph"></div>
      <div class="tools" role="group" aria-label="Tools" data-live></div>
      <p class="hint" role="status"></p>
      <p class="busy" role="status"></p>
    </div>
    <div class="right">
      <div class="diagram" tabindex="0" role="group" aria-label="Space-time diagram. Up and down read the messages one by one, left and right step.">
        <div class="plot"></div>
        <div class="tip" hidden></div>
      </div>
      <div class="under"><span class="key" aria-hidden="true"></span><span class="zoom" role="group" aria-label="Zoom of the diagram"></span></div>
    </div>
  </div>
  <div class="drive">
    <div class="buttons" role="group" aria-label="Playback"></div>
    <div class="scrub">
      <svg class="marks" aria-hidden="true"></svg>
      <input type="range" min="0" step="any" aria-label="Time in the run">
    </div>
  </div>
  <div class="caption"><p class="what"><b></b> <span></span></p><p class="why"></p><p class="users"></p></div>
  <div class="foot">
    <details class="list"><summary></summary><div class="pages"></div><ol class="rows"></ol></details>
    <details class="keys"><summary>Keys</summary><dl></dl></details>
  </div>
  <div class="aloud" aria-live="polite"></div>
</div>`;

const KEYS = [
  ["← →", "one event back or on"], ["Page up, page down", "ten events back or on"], ["Home, End", "start and end of the run"],
  ["Space", "play or pause"], ["↑ ↓", "in the diagram: read the messages one by one"], ["+ − 0", "zoom in, out, fit all"],
];
const LIVE_KEYS = [
  ["C", "cut: draw a line through links; or Tab to a node, Space to choose it, Enter to cut it off"],
  ["X", "crash: click a node, or press X on a node; again to restart it"], ["P", "point: click a node to read its state"],
  ["H", "heal all cuts"], ["Ctrl+Z, Ctrl+Y", "undo, redo"],
];

const PAGE = 200;           // rows of the event list that are in the page at once
const NARROW = 720;         // px: below this the parts stand under one another
const NODE_LIMIT = 12;      // above this many nodes the graph shows names only

class Player {
  constructor(element, bundle, options) {
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
    this.playing = null;
    this.seen = {};                    // what the picture shows already, so that a step changes only what is new
    this.pick = null;                  // {flight} or {op} under the pointer or chosen by keyboard

    this.host = make("div", { class: "dslib-player", "data-lm-suppress-shortcuts": "true" });
    this.root = this.host.attachShadow({ mode: "open" });
    this.root.innerHTML = `<style>${STYLE}</style>${TEMPLATE}`;
    this.$ = (selector) => this.root.querySelector(selector);
    this.furnish();
    this.take(bundle);
    this.host.remove();
    element.replaceChildren(this.host);
    this.watchTheme();
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.host);
    this.resize();
    this.go(this.firstMoment());
  }

  // -- building once ----------------------------------------------------------------------------------------------

  furnish() {
    const button = (name, label, act, text) => {
      const b = make("button", { type: "button", class: `tool ${name}`, "aria-label": text ? null : label, title: label, onclick: act }, icon(name), text ? make("span", {}, text) : null);
      this[name + "Button"] = b;
      return b;
    };
    this.$(".buttons").append(
      button("start", "To the start (Home)", () => this.go(0)), button("back", "One event back (←)", () => this.step(-1)),
      button("play", "Play (Space)", () => this.toggle()), button("forward", "One event on (→)", () => this.step(1)),
      button("end", "To the end (End)", () => this.go(this.run.end)),
      this.speed = make("select", { "aria-label": "Speed", title: "Speed", onchange: () => { this.speedChosen = true; } },
        ...SPEEDS.map((s) => make("option", { value: s }, speedLabel(s)))));
    this.$(".tools").append(
      button("point", "Point: click a node to read its state (P)", () => this.useTool("point"), "point"),
      button("cut", "Cut: draw a line through links (C)", () => this.useTool("cut"), "cut"),
      button("crash", "Crash or restart: click a node (X)", () => this.useTool("crash"), "crash"),
      button("heal", "Heal all cuts now (H)", () => this.heal(), "heal"));
    this.$(".zoom").append(
      button("zoomout", "Zoom out (−)", () => this.zoom(2)), button("zoomin", "Zoom in (+)", () => this.zoom(0.5)),
      make("button", { type: "button", class: "plain fit", onclick: () => this.fit(), title: "Show the whole run (0)" }, "Fit"),
      this.span = make("span", { class: "span" }));
    this.$(".undo").addEventListener("click", () => this.undo());
    this.$(".redo").addEventListener("click", () => this.redo());
    this.$(".copy").addEventListener("click", () => this.copyCode());
    this.$(".close-code").addEventListener("click", () => { this.$(".code").hidden = true; this.$(".copy").focus(); });
    this.$(".keys dl").append(...[...KEYS, ...(this.live ? LIVE_KEYS : [])].flatMap(([key, what]) => [make("dt", {}, key), make("dd", {}, what)]));

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
    this.listenToDiagram();
    this.listenToGraph();
    if (!this.live) for (const part of this.root.querySelectorAll("[data-live]")) part.hidden = true;
  }

  watchTheme() {
    const apply = () => this.host.setAttribute("data-mode", darkAround(this.host) ? "dark" : "light");
    this.themes = new MutationObserver(apply);
    for (const place of [document.documentElement, document.body]) {
      this.themes.observe(place, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light"] });
    }
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", apply);
    this.applyTheme = apply;
    apply();
  }

  destroy() {
    this.pause();
    clearTimeout(this.patienceTimer);
    clearTimeout(this.aloudTimer);
    this.themes.disconnect();
    this.sizes.disconnect();
    this.scheme.removeEventListener("change", this.applyTheme);
    this.host.remove();
  }

  // -- a new run --------------------------------------------------------------------------------------------------

  /** Take over a bundle. Acts that wait for their answer are kept: a slow answer to an older question loses nothing. */
  take(bundle) {
    const before = this.run;
    this.run = readRun(bundle);
    this.stops = readStops(this.run);
    if (before && before.bundle.run !== bundle.run) this.ghost = before.users.steps;
    const answered = this.asked && (bundle.request === undefined || bundle.request >= this.asked.request);
    if (!this.asked || answered) {
      this.acts = (bundle.faults ?? []).map((f) => ({ ...f }));
      if (answered) this.answer(bundle);
    }
    this.request = Math.max(this.request, bundle.request ?? 0);
    this.showTrouble(bundle.error ?? bundle.broken);
    this.chosen = new Set([...this.chosen].filter((name) => this.run.lane.has(name)));
    this.$(".card").setAttribute("aria-label", `Player: ${bundle.title ?? "a run"}`);
    this.$(".title").textContent = bundle.title ?? "";
    this.slider.max = this.run.end;
    if (this.time !== undefined) this.stand(clamp(this.time, 0, this.run.end));
    this.seen = {};
    this.showActs();
    this.showKey();
  }

  update(bundle) {
    this.keepFocus(() => {
      this.take(bundle);
      this.resize(true);
    });
  }

  /** Redraw without taking the keyboard away from its reader: a page's own keys must not get what was meant for us. */
  keepFocus(redraw) {
    const focused = this.root.activeElement, node = focused?.dataset.node, chip = focused?.closest(".chip");
    const chipAt = chip ? [...chip.parentNode.children].indexOf(chip) : -1, kind = focused?.className;
    redraw();
    if (!focused || focused.isConnected) return;
    const chips = this.$(".chips").children;
    const next = node !== undefined ? this.nodeViews?.get(node)?.group
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

  toggle() { if (this.playing) this.pause(); else this.play(); }

  play() {
    if (this.time >= this.run.end) this.go(0);
    this.playing = { frame: null, last: null };
    this.showPlaying();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const tick = (now) => {
      if (!this.playing) return;
      const passed = this.playing.last === null ? 0 : now - this.playing.last;
      if (!calm) {
        this.playing.last = now;
        this.go(this.time + Math.min(passed, 100) * Number(this.speed.value));
      } else if (this.playing.last === null || passed > 900) {  // reduced motion: event by event, nothing glides
        this.playing.last = now;
        if (this.stop >= this.stops.length - 1) this.go(this.run.end);
        else this.go(null, this.stop + 1);
      }
      if (this.time >= this.run.end) this.pause();
      else this.playing.frame = requestAnimationFrame(tick);
    };
    this.playing.frame = requestAnimationFrame(tick);
  }

  pause() {
    if (!this.playing) return;
    cancelAnimationFrame(this.playing.frame);
    this.playing = null;
    this.showPlaying();
    this.sayAloud();
  }

  showPlaying() {
    const b = this.playButton, name = this.playing ? "pause" : "play", label = this.playing ? "Pause (Space)" : "Play (Space)";
    b.replaceChildren(icon(name));
    b.setAttribute("aria-label", label);
    b.title = label;
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
    const key = `${this.stop}/${settled}/${run.bundle.run}/${this.stop < 0 || this.time > run.events[this.stops[this.stop].main][0] + 0.05}`;
    this.$(".what b").textContent = ms(this.time);
    if (this.seen.caption === key) return;
    this.seen.caption = key;
    const { what, why } = describeStop(run, this.stops, this.stop);
    const at = this.stop < 0 ? 0 : run.events[this.stops[this.stop].main][0];
    this.$(".what span").textContent = this.time - at > 0.05 ? `Last, at ${ms(at)}: ${what}` : what;
    this.$(".why").textContent = why;
    this.$(".users").textContent = describeUsers(run, this.time, since);
    this.slider.setAttribute("aria-valuetext", `${ms(this.time)}: ${what}`);
    if (!this.playing) this.sayAloud();
  }

  /** For those who listen: the caption, once the reader pauses. The slider speaks for itself while it has the focus. */
  sayAloud(text) {
    clearTimeout(this.aloudTimer);
    this.aloudTimer = setTimeout(() => {
      if (!text && (this.playing || this.root.activeElement === this.slider)) return;
      this.$(".aloud").textContent = text ?? this.$(".caption").innerText;
    }, text ? 0 : 600);
  }

  showList() { this.keepFocus(() => this.drawList()); }

  drawList() {
    const details = this.$(".list"), { run, stops } = this;
    if (this.seen.summary !== run) {
      this.seen.summary = run;
      this.$(".list > summary").textContent = `All ${plural(stops.length, "event")} as text`;
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

  // -- lanes, users, share ------------------------------------------------------------------------------------------

  drawLanes() {
    const { run } = this, n = run.nodes.length, { users } = run;
    const width = Math.max(240, this.$(".plot").clientWidth), narrow = width < 480;
    const widest = Math.max(...run.nodes.map((name) => textWidth(shorten(name, 14), 600)), textWidth("users saw", 600), textWidth("good so far", 600));
    const gutter = Math.ceil(clamp(widest + 12, 56, narrow ? 92 : 120)), plot = width - gutter - 14;
    const gap = n <= 4 ? 52 : n <= 6 ? 42 : n <= 10 ? 32 : n <= 20 ? 22 : 16, top = 46, lanes = top + 16 + (n - 1) * gap, bottom = lanes + 18;
    const rowHeight = users.rows.length <= 3 ? 16 : users.rows.length <= 6 ? 13 : 9, usersTop = bottom + 32;
    const usersBottom = usersTop + users.rows.length * (rowHeight + 3), shareTop = usersBottom + 14, shareHeight = 46;
    const height = users.rows.length ? (users.steps.length ? shareTop + shareHeight + 12 : usersBottom + 8) : bottom + 24;
    const lowest = Math.min(1, run.bundle.target ?? 1, ...users.steps.map((s) => s.share), ...(this.ghost ?? []).map((s) => s.share));
    const floor = lowest < 0.55 ? 0 : 0.5;
    this.box = {
      width, height, gutter, plot, narrow, gap, top, bottom, rowHeight, usersTop, usersBottom, shareTop, shareHeight, floor,
      laneY: (name) => top + 16 + run.lane.get(name) * gap, shareY: (share) => shareTop + (1 - (share - floor) / (1 - floor)) * shareHeight,
    };
    this.lanesHeight = height;
    const b = this.box, right = gutter + plot;
    const lane = run.nodes.map((name) => {
      const y = b.laneY(name);
      return `<text class="lane-name" x="${gutter - 10}" y="${y + 4}" text-anchor="end">${escapeText(shorten(name, 14))}</text><line class="lane" x1="${gutter}" x2="${right}" y1="${y}" y2="${y}"/>`;
    }).join("");
    let labels = "";
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
    this.plot.innerHTML = `<defs>${hatch("cut-lanes", 7, "cut-hatch")}${hatch("refused", 5, "refused-hatch")}`
      + `<clipPath id="window"><rect x="${gutter - 5}" y="0" width="${plot + 12}" height="${height}"/></clipPath></defs>${lane}${labels}`
      + `<g class="ticks"></g><g clip-path="url(#window)"><g class="scroll"></g><g class="veils">`
      + `<rect class="veil" y="${top - 2}" height="${bottom - top + 2}"/><rect class="veil" y="${usersTop - 2}" height="${Math.max(0, height - usersTop)}"/></g>`
      + `<g class="pick"></g></g>`
      + `<g class="head-line"><line class="playhead" y1="14" y2="${height - 6}"/><rect class="pill" x="-32" y="0" width="64" height="19" rx="9.5"/><text class="now-time" y="13.5" text-anchor="middle"></text>`
      + `<circle class="share-dot" r="4.5"/><text class="share-now"></text></g>`;
    const find = (name) => this.plot.querySelector("." + name);
    Object.assign(this, { scroll: find("scroll"), ticks: find("ticks"), pickLayer: find("pick"), headLine: find("head-line"), nowTime: find("now-time"), pill: find("pill"), shareDot: find("share-dot"), shareNow: find("share-now"), veils: [...find("veils").children] });
    this.drawn = null;
    if (!this.view || this.viewOf !== this.run.end) {
      // A new run of another length: open a window in which single messages can be told apart.
      const most = plot / 5, whole = run.flights.length <= most;
      this.view = { start: 0, span: whole ? run.end : roundSpan(run.end * most / run.flights.length, run) };
      this.viewOf = this.run.end;
    }
    if (!this.speedChosen) {
      const wanted = this.view.span / 9000;
      this.speed.value = SPEEDS.reduce((a, s) => Math.abs(Math.log(s / wanted)) < Math.abs(Math.log(a / wanted)) ? s : a);
    }
    this.drawMarks();
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

  /** Draw what lies in the window and one window's width to both sides; a step then only slides it. */
  drawWindow() {
    const { run, box, view } = this, { bundle } = run;
    const from = Math.max(0, view.start - view.span), to = Math.min(run.end, view.start + 2 * view.span), scale = box.plot / view.span;
    this.drawn = { from, to };
    this.seen.shift = null; // even where the shift stays: the new ticks outside the window are still to be hidden
    const X = (t) => round((t - from) * scale), Y = (name) => box.laneY(name), right = box.plot / view.span * (to - from);
    const out = [], ticks = [];

    const step = niceStep(view.span, Math.max(2, box.plot / 90));
    for (let t = Math.ceil(from / step) * step; t <= to + 1e-9; t += step) {
      out.push(`<line class="grid" x1="${X(t)}" x2="${X(t)}" y1="${box.top}" y2="${box.bottom}"/>`);
      ticks.push(`<text class="tick" x="${X(t)}" y="${box.bottom + 15}" text-anchor="${t === 0 ? "start" : Math.abs(t - run.end) < step / 3 ? "end" : "middle"}">${tickLabel(t, step)}</text>`);
    }

    const cut = laneCuts(run);
    for (const { node, from: a, to: b, label } of cut) {
      if (b < from || a > to) continue;
      const x = X(Math.max(a, from)), w = X(Math.min(b, to)) - x, half = Math.min(15, box.gap * 0.36);
      out.push(`<rect class="cut-zone" x="${x}" y="${Y(node) - half}" width="${Math.max(1, w)}" height="${2 * half}"/>`);
      if (label && w > 24) out.push(`<text class="zone-name" x="${x + 4}" y="${Y(node) - half - 3}">${escapeText(shorten(label, Math.max(3, Math.floor(w / 6))))}</text>`);
    }
    for (const { node, from: a, to: b, burnt } of run.outages) {
      if (b < from || a > to || !run.lane.has(node)) continue;
      const x = X(Math.max(a, from)), w = X(Math.min(b, to)) - x;
      out.push(`<rect class="outage" x="${x}" y="${Y(node) - 5}" width="${Math.max(2, w)}" height="10" rx="2"/>`);
      if (w > 26) out.push(`<text class="zone-name" x="${x + 3}" y="${Y(node) - 9}">${burnt && w > 90 ? "down, disk gone" : "down"}</text>`);
    }
    for (const { node, kind, words, from: a, to: b } of run.spells) {
      if (b < from || a > to || !run.lane.has(node)) continue;
      const x = X(Math.max(a, from)), w = X(Math.min(b, to)) - x;
      out.push(spellSign(kind, x, Y(node), w));
      if (w > 6 * words.length) out.push(`<text class="zone-name" x="${x + 3}" y="${Y(node) - (kind === "slow" ? -15 : 9)}">${words}</text>`);
    }

    const first = lastAtMost(run.flights, (f) => f.from, from - run.longest - 1) + 1;
    let ways = "", heads = "", lostWays = "", crosses = "", names = "", open = "";
    const visible = run.flights.filter((f) => f.from <= view.start + view.span && Math.min(f.to, f.from + run.typical) >= view.start).length;
    const withNames = visible > 0 && box.plot / visible > 44;
    for (let i = first; i < run.flights.length && run.flights[i].from <= to; i++) {
      const f = run.flights[i];
      if (!run.lane.has(f.src) || !run.lane.has(f.dest)) continue;
      const line = this.flightLine(f, X), d = pathOf(line);
      const [x1, y1, x2, y2] = line;
      if (f.end === "deliver") {
        ways += d;
        heads += arrowHead(...line.slice(-4));
      } else if (f.end === "drop") {
        lostWays += d;
        crosses += crossPath(...line.slice(-2), 4);
      } else open += d;
      if (withNames && f.msg) names += `<text class="way-name" x="${round(x1 + (x2 - x1) * 0.42 + 5)}" y="${round(y1 + (y2 - y1) * 0.42 + 3)}">${escapeText(shorten(f.msg.type, 16))}</text>`;
    }
    out.push(`<path class="way" d="${ways}"/><path class="heads" d="${heads}"/><path class="way open" d="${open}"/><path class="way lost-way" d="${lostWays}"/><path class="cross" d="${crosses}"/>${names}`);

    let timers = "", notes = "";
    const start = lastAtMost(run.events, (e) => e[0], from - 1e-9) + 1;
    for (let i = start; i < run.events.length && run.events[i][0] <= to; i++) {
      const [at, kind, src] = run.events[i];
      if (kind === "timer" && run.lane.has(src)) timers += `M${X(at)} ${Y(src)}v7`;
      if (kind === "log" && run.lane.has(src)) notes += `M${X(at) - 2.5} ${Y(src) + 3}h5v5h-5z`;
    }
    out.push(`<path class="timers" d="${timers}"/><path class="notes" d="${notes}"/>`);
    for (const { at, call } of run.faults) {
      if (at < from || at > to) continue;
      out.push(`<line class="flag-line" x1="${X(at)}" x2="${X(at)}" y1="${box.top - 6}" y2="${box.bottom}"/>${iconPath(faultIcon(call), X(at) - 6.5, box.top - 21, 13, "flag")}`);
    }

    for (const op of run.users.operations) {
      if (op.until < from || op.start > to || op.row === undefined) continue;
      out.push(this.operationBar(op, X, from, to));
    }
    out.push(this.sharePath(this.ghost, "share before", X, right, from, to), this.sharePath(run.users.steps, "share", X, right, from, to));
    this.scroll.innerHTML = out.join("");
    this.ticks.innerHTML = ticks.join("");
    this.span.textContent = view.span >= run.end ? `all ${tickLabel(run.end, view.span >= 10000 ? 1000 : 1)}` : `${plural(Math.round(view.span * 10) / 10, "ms", "ms")} of ${plural(Math.round(run.end), "ms", "ms")}`;
    if (visible > box.plot) this.span.textContent += `, ${plural(visible, "message")}: zoom in to tell them apart`;
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

  sharePath(steps, kind, X, right, from, to) {
    if (!steps?.length) return "";
    const { box } = this, { target } = this.run.bundle;
    let d = "", under = "";
    steps.forEach((s, i) => {
      const end = i + 1 < steps.length ? steps[i + 1].at : this.run.end;
      if (end < from || s.at > to) return;
      const x1 = X(Math.max(s.at, from)), x2 = X(Math.min(end, to)), y = round(box.shareY(s.share));
      d += `${d ? "L" : "M"}${x1} ${y}L${x2} ${y}`;
      if (kind === "share" && typeof target === "number" && s.share < target) under += `M${x1} ${round(box.shareY(target))}H${x2}V${y}H${x1}Z`;
    });
    return `<path class="under-target" d="${under}"/><path class="${kind}" d="${d}"/>`;
  }

  showLanes() {
    const { run, box, view, time } = this;
    if (!this.drawn || view.start < this.drawn.from - 1e-6 || view.start + view.span > this.drawn.to + 1e-6) this.drawWindow();
    const shift = round(this.x(this.drawn.from) * 10) / 10;
    if (this.seen.shift !== shift) {
      this.seen.shift = shift;
      this.scroll.setAttribute("transform", `translate(${shift} 0)`);
      this.pickLayer.setAttribute("transform", `translate(${shift} 0)`);
      this.ticks.setAttribute("transform", `translate(${shift} 0)`);
      for (const tick of this.ticks.children) {
        const at = Number(tick.getAttribute("x")) + shift;
        tick.style.display = at < box.gutter - 2 || at > box.gutter + box.plot + 2 ? "none" : "";
      }
      this.showWindowMark();
    }
    const x = round(this.x(time)), right = box.gutter + box.plot;
    for (const veil of this.veils) {
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
      const left = x > right - 120;
      this.shareDot.setAttribute("cy", y);
      this.shareNow.setAttribute("x", left ? -10 : 10);
      this.shareNow.setAttribute("y", y < box.shareTop + box.shareHeight / 2 ? y + 20 : y - 9);
      this.shareNow.setAttribute("text-anchor", left ? "end" : "start");
      this.shareNow.textContent = `${percent(share.share)} (${share.good} of ${share.n})`;
      const kind = below ? "below" : "fine";
      this.shareDot.setAttribute("class", `share-dot ${kind}`);
      this.shareNow.setAttribute("class", `share-now ${kind}`);
    }
    this.showPick();
  }

  /** Emphasise the message under the pointer, or else the one the present event is about. */
  showPick() {
    const { run } = this, stop = this.stops[this.stop];
    const flight = this.pick?.flight ?? (stop ? run.flightOf[stop.main] : null);
    const key = `${flight ? run.flights.indexOf(flight) : "none"}/${this.seen.shift}/${this.drawn.from}/${Boolean(this.pick)}`;
    if (this.seen.pick === key) return;
    this.seen.pick = key;
    if (!flight || !run.lane.has(flight.src) || !run.lane.has(flight.dest)) {
      this.pickLayer.innerHTML = "";
      return;
    }
    const X = (t) => round((t - this.drawn.from) * this.box.plot / this.view.span), line = this.flightLine(flight, X);
    this.pickLayer.innerHTML = `<path class="way picked ${flight.end === "drop" ? "lost-way" : ""}" d="${pathOf(line)}"/>`
      + (flight.end === "deliver" ? `<path class="heads" d="${arrowHead(...line.slice(-4), 9)}"/>` : flight.end === "drop" ? `<path class="cross picked" d="${crossPath(...line.slice(-2), 5.5)}"/>` : "")
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
    svg.innerHTML = `<rect class="window" y="13" height="5" rx="2"/>` + run.faults.map(({ at, call }) => iconPath(faultIcon(call), at / run.end * width - 6, 0, 12, "flag")).join("");
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
    const here = (event) => {
      const box = this.plot.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this.plot.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      const [x] = here(event);
      if (x < this.box.gutter - 8) return;
      this.plot.setPointerCapture(event.pointerId);
      this.dragging = true;
      this.pause();
      this.go(this.timeAt(x));
    });
    this.plot.addEventListener("pointermove", (event) => {
      const [x, y] = here(event);
      if (this.dragging) this.go(this.timeAt(x));
      else this.setPick(this.nearest(x, y), x, y);
    });
    const stop = () => { this.dragging = false; };
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

  /** The message or operation at a point of the diagram. */
  nearest(x, y) {
    const { run, box } = this;
    if (x < box.gutter) return null;
    const time = this.timeAt(x);
    if (y > box.usersTop - 3 && y < box.usersBottom) {
      const op = run.users.operations.find((o) => this.rowY(o.row) - 2 <= y && y <= this.rowY(o.row) + box.rowHeight + 2
        && this.x(o.start) - 2 <= x && x <= Math.max(this.x(o.until), this.x(o.start) + 4) + 1);
      return op ? { op } : null;
    }
    if (y < box.top || y > box.bottom) return null;
    let best = null, distance = 8;
    const first = lastAtMost(run.flights, (f) => f.from, time - run.longest - run.typical) + 1, last = lastAtMost(run.flights, (f) => f.from, time + this.view.span / 30);
    for (let i = first; i <= last; i++) {
      const f = run.flights[i];
      if (!run.lane.has(f.src) || !run.lane.has(f.dest)) continue;
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
    const same = this.pick?.flight === pick?.flight && this.pick?.op === pick?.op;
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
    const { flights } = this.run;
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

  listenToGraph() {
    const here = (event) => {
      const box = this.graph.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const nodeAt = (event) => event.composedPath().find((n) => n.dataset?.node)?.dataset.node ?? null;
    let line = null, started = null;
    this.graph.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      started = { node: nodeAt(event), at: here(event) };
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
      const drawn = line;
      line = null;
      this.stroke?.setAttribute("points", "");
      const begun = started;
      started = null;
      if (event.type === "pointercancel") return this.preview([]);
      const moved = begun && Math.hypot(here(event)[0] - begun.at[0], here(event)[1] - begun.at[1]) > 6;
      if (drawn && drawn.length > 1 && moved) {
        const crossed = linksCrossed(drawn, this.run.links, (name) => this.place(name));
        this.preview([]);
        this.cutLinks(crossed, "The line crossed no link. Draw it across the links that you want to cut.");
      } else if (begun?.node && !moved) this.touchNode(begun.node, "click");
      else if (this.inspected) this.inspect(null);
    };
    this.graph.addEventListener("pointerup", finish);
    this.graph.addEventListener("pointercancel", finish);
    this.graph.addEventListener("keydown", (event) => {
      const node = nodeAt(event);
      if (!node || event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter")) return;
      if (event.key === "Enter" || event.key === " ") this.touchNode(node, event.key);
      else if (event.key.toLowerCase() === "x" && this.live) this.toggleCrash(node);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    // A screen reader's "activate" comes as a click without a pointer.
    this.graph.addEventListener("click", (event) => { if (event.detail === 0 && nodeAt(event)) this.touchNode(nodeAt(event), "Enter"); });
  }

  preview(crossed) {
    const set = new Set(crossed);
    this.run.links.forEach((pair, i) => this.linkLines[i].classList.toggle("to-cut", set.has(pair)));
    if (!crossed.length) return;
    const acts = actsForCut(this.run, this.index, crossed, this.actTime());
    this.hint(acts.length ? `Let go to ${acts.map(sayFault).join(", ")} at ${sayTime(acts[0].at)} ms.` : "These links are cut already.");
  }

  touchNode(node, how) {
    if (this.live && this.tool === "crash") this.toggleCrash(node);
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

  inspect(node) {
    this.inspected = node;
    if (node) this.showInspected();
    else this.hint();
    this.showGraph();
  }

  showChosen() {
    const names = this.run.nodes.filter((name) => this.chosen.has(name));
    this.showGraph();
    if (!names.length) return this.hint();
    const cut = make("button", { type: "button", class: "plain cut-off", onclick: () => this.cutOff() }, `Cut off ${listed(names)}`);
    this.hint("Chosen. Choose more, or ", cut);
  }

  // -- breaking things --------------------------------------------------------------------------------------------

  useTool(tool) {
    if (!this.live) return;
    this.tool = tool;
    this.chosen.clear();
    if (tool !== "point") this.inspected = null;
    this.showTools();
    this.hint();
    this.showGraph();
  }

  showTools() {
    for (const name of ["point", "cut", "crash"]) this[name + "Button"].setAttribute("aria-pressed", this.tool === name);
    this.$(".graph").dataset.tool = this.live ? this.tool : "point";
  }

  hint(...parts) {
    const line = this.$(".hint");
    if (parts.length) return this.keepFocus(() => line.replaceChildren(...parts));
    const words = !this.live ? (this.run.bundle.live ? "" : "A recorded run. Open it in JupyterLab to break it by hand.")
      : this.tool === "cut" ? "Draw a line through the links to cut. Keyboard: Tab to a node, Space chooses it, Enter cuts it off."
      : this.tool === "crash" ? "Click a node to crash it at the playhead. Click it again to restart it."
      : "Click a node to read its state. Drag the playhead to any moment, then cut or crash there.";
    this.keepFocus(() => line.replaceChildren(words));
  }

  /** The time of a new act: just after what the reader has seen, so that none of it changes. */
  actTime() {
    const { run, time } = this, grain = run.end > 20000 ? 1 : 0.1;
    if (time <= 0) return 0;
    let ticks = Math.ceil(time / grain - 1e-9);
    if (run.events[this.index]?.[0] >= ticks * grain - 1e-9) ticks += 1;
    return Math.min(run.end, Math.round(ticks * grain * 1000) / 1000);
  }

  upNow(node) {
    let up = isUp(this.run, node, this.index);
    if (this.asked) {                                     // Python has not answered yet: count what was asked, too
      for (const act of this.acts) {
        if (act.at <= this.actTime() && act.args[0] === node && (act.call === "crash" || act.call === "restart")) up = act.call === "restart";
      }
    }
    return up;
  }

  toggleCrash(node) { this.add([{ at: this.actTime(), call: this.upNow(node) ? "crash" : "restart", args: [node] }]); }

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

  heal() {
    if (!this.live) return;
    const cut = cutsAt(this.run, this.index).blocked.size || (this.asked && this.acts.some((a) => a.at <= this.time && a.call.startsWith("network.")));
    if (!cut) return this.hint(`Nothing is cut at ${ms(this.time)}.`);
    this.add([{ at: this.actTime(), call: "network.heal", args: [] }]);
  }

  add(acts) {
    const at = acts[0].at, end = at >= this.run.end;
    this.past.push(this.acts);
    this.future = [];
    this.ask([...this.acts, ...acts].sort((a, b) => a.at - b.at));
    this.time = Math.min(at, this.run.end);               // at most a tenth of a ms further, so that its effect is seen
    this.go(this.time);
    this.hint(end ? "This is the end of the run, so nothing can follow. Drag the playhead back and act there." : `${acts.map(sayFault).join(", ")} at ${sayTime(at)} ms.`);
  }

  undo() {
    if (!this.live || !this.past.length) return;
    this.future.push(this.acts);
    this.swap(this.past.pop());
  }

  redo() {
    if (!this.live || !this.future.length) return;
    this.past.push(this.acts);
    this.swap(this.future.pop());
  }

  /** Undo is another list of acts; say what is different in it. */
  swap(acts) {
    const words = (list) => list.map(faultLabel), was = words(this.acts), is = words(acts);
    const gone = was.filter((label) => !is.includes(label)), back = is.filter((label) => !was.includes(label));
    this.ask(acts);
    this.hint([gone.length ? `Taken back: ${gone.join(", ")}.` : "", back.length ? `Again: ${back.join(", ")}.` : ""].filter(Boolean).join(" ") || "As before.");
  }

  /** Hand the complete list to Python. It stays here until Python has answered for it. */
  ask(acts) {
    this.acts = acts;
    this.request += 1;
    this.asked = { request: this.request, result: this.asked?.result ?? sayResult(this.run) };
    this.showActs();
    this.$(".busy").textContent = "Python runs it again…";
    this.host.setAttribute("data-busy", "");
    clearTimeout(this.patienceTimer);
    this.patienceTimer = setTimeout(() => this.complain(), this.patience);
    try {
      this.options.onActs(acts.map(({ at, call, args, options }) => ({ at, call, args, ...(options && { options }) })), this.request);
    } catch (error) {
      clearTimeout(this.patienceTimer);
      this.showTrouble(`The notebook could not send this to Python (${error.message}). Run the cell again. Your acts are kept: “Copy code” gives them as Python.`);
    }
  }

  answer(bundle) {
    clearTimeout(this.patienceTimer);
    const was = this.asked.result;
    this.asked = null;
    this.host.removeAttribute("data-busy");
    const is = sayResult(this.run);
    this.$(".busy").textContent = bundle.error ? "" : was === is ? `The whole run: ${is}, as before.` : `The whole run: ${is}. Before: ${was}.`;
  }

  complain() {
    this.showTrouble(`Python has not answered for ${Math.round(this.patience / 1000)} seconds. If another cell is running, wait for it to finish. `
      + "If the kernel was stopped or restarted, run this cell again. Your acts are kept: “Copy code” gives them as Python.");
  }

  showTrouble(message) {
    const box = this.$(".trouble");
    box.hidden = !message;
    if (message) box.textContent = message;
  }

  /** What the signs mean: only those that occur in this run. */
  showKey() {
    const { run } = this, has = (end) => run.flights.some((f) => f.end === end);
    const sign = (content) => `<svg class="sign" width="22" height="14" viewBox="0 0 22 14">${content}</svg>`;
    const bar = (outcome) => `<svg class="sign op ${outcome}" width="18" height="14" viewBox="0 0 18 14"><rect x="1" y="1" width="16" height="12" rx="3"/>${outcomeMark(outcome, 9, 7, 3.6)}</svg>`;
    const signs = [
      has("deliver") && [sign(`<path class="way" d="M1 3L17 10"/><path class="heads" d="${arrowHead(1, 3, 20, 11)}"/>`), "delivered"],
      has("drop") && [sign(`<path class="way lost-way" d="M1 3L15 9"/>${cross(16, 9, 3.5)}`), "dropped"],
      laneCuts(run).length && [sign(`<rect class="cut-zone" x="0" y="0" width="22" height="14"/>`), "cut off"],
      run.outages.length && [sign(`<rect class="outage" x="0" y="3" width="22" height="8" rx="2"/>`), "down"],
      ...["paused", "slow"].filter((kind) => run.spells.some((s) => s.kind === kind)).map((kind) => [sign(spellSign(kind, 0, 7, 22)), kind]),
      run.spells.some((s) => s.kind === "worse") && [sign(`<path class="link worse" d="M0 7h22"/>`), "link got worse"],
      run.events.some((e) => e[1] === "timer") && [sign(`<path class="lane" d="M2 4h18"/><path class="timers" d="M11 4v7"/>`), "timer"],
      ...Object.keys(OUTCOMES).filter((o) => run.users.operations.some((op) => op.outcome === o)).map((o) => [bar(o), OUTCOMES[o].say]),
    ];
    const patterns = `<svg width="0" height="0" style="position:absolute"><defs>${hatch("cut-key", 6, "cut-hatch")}</defs></svg>`;
    this.$(".key").innerHTML = patterns + signs.filter(Boolean).map(([svg, words]) => `<span>${svg}${words}</span>`).join("");
  }

  showActs() { this.keepFocus(() => this.drawActs()); }

  drawActs() {
    const chips = this.acts.map((act, i) => {
      const label = faultLabel(act), waiting = this.asked && !act.code;
      return make("li", { class: waiting ? "chip waiting" : "chip" },
        make("button", { type: "button", class: "chip-go", title: faultCode(act), onclick: () => this.go(act.at) }, label),
        this.live ? make("button", { type: "button", class: "chip-x", "aria-label": `Remove: ${label}`, title: "Remove", onclick: () => this.remove(i) }, "×") : null);
    });
    this.$(".chips").replaceChildren(...chips);
    this.$(".none").textContent = chips.length ? "" : "Nothing is broken yet.";
    // Not `disabled`: a button that is disabled under the keyboard loses the focus.
    this.$(".copy").setAttribute("aria-disabled", !chips.length);
    this.$(".undo").setAttribute("aria-disabled", !this.past.length);
    this.$(".redo").setAttribute("aria-disabled", !this.future.length);
    this.showTools();
    if (!this.$(".hint").textContent) this.hint();
  }

  remove(i) {
    this.past.push(this.acts);
    this.future = [];
    this.swap(this.acts.filter((_, k) => k !== i));
  }

  async copyCode() {
    if (!this.acts.length) return;
    const code = this.acts.map(faultCode).join("\n"), box = this.$(".code"), area = this.$("textarea");
    area.value = code;
    try {
      await navigator.clipboard.writeText(code);
      this.$(".copy").textContent = "Copied";
      setTimeout(() => { this.$(".copy").textContent = "Copy code"; }, 1600);
      this.sayAloud("Copied");
    } catch {                                             // no permission, or a page opened from disk: show it instead
      box.hidden = false;
      area.rows = Math.min(8, this.acts.length + 1);
      area.focus();
      area.select();
    }
  }

  // -- keyboard ---------------------------------------------------------------------------------------------------

  key(event) {
    const target = event.composedPath()[0], pressed = event.key;
    if (target.matches("textarea, select") || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      const letter = pressed.toLowerCase();
      if (letter === "z" && !event.shiftKey) this.undo();
      else if (letter === "y" || letter === "z") this.redo();
      else return;
      event.preventDefault();
      return;
    }
    const press = Boolean(target.closest("button, summary"));
    const inDiagram = Boolean(target.closest(".diagram"));
    const jobs = {
      ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), PageUp: () => this.step(-10), PageDown: () => this.step(10),
      Home: () => { this.pause(); this.go(0); }, End: () => { this.pause(); this.go(this.run.end); },
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), 0: () => this.fit(),
      ...(press ? {} : { " ": () => this.toggle() }),
      ...(inDiagram ? { ArrowUp: () => this.pickNext(-1), ArrowDown: () => this.pickNext(1) } : target === this.slider ? { ArrowUp: () => this.step(1), ArrowDown: () => this.step(-1) } : {}),
      ...(this.pick || this.chosen.size || this.inspected ? { Escape: () => { this.setPick(null); this.chosen.clear(); this.inspect(null); } } : {}),
      ...(this.live ? { c: () => this.useTool("cut"), x: () => this.useTool("crash"), p: () => this.useTool("point"), h: () => this.heal() } : {}),
    };
    const job = jobs[pressed] ?? jobs[pressed.toLowerCase()];
    if (!job) return;
    event.preventDefault();
    job();
  }
}

// -- what the picture is made of ------------------------------------------------------------------------------------

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

function describeStop(run, stops, number) {
  if (number < 0) return describe(run, -1);
  const { main, last } = stops[number], said = describe(run, main), more = [];
  for (let i = main + 1; i <= last; i++) if (run.events[i][1] === "state" && isUp(run, run.events[i][2], i)) more.push(describe(run, i).what);
  return { what: said.what, why: [said.why, ...more].filter(Boolean).join(" ") };
}

function sayPick(run, { flight, op }) {
  if (op) {
    const from = `asked at ${ms(op.start)}`;
    return [`${OUTCOMES[op.outcome]?.mark ?? ""} ${op.label ?? "operation"}`, `${op.client}, ${from}`, `${OUTCOMES[op.outcome]?.say ?? op.outcome}${op.say ? `: ${op.say}` : ""}`];
  }
  const fate = flight.end === "deliver" ? `received at ${ms(flight.to)}, after ${ms(flight.to - flight.from)}`
    : flight.end === "drop" ? `dropped at ${ms(flight.to)}: ${dropReason(run, flight, flight.toIndex)}` : "still on the way when the run ends";
  return [showMessage(flight.msg), `${flight.src} → ${flight.dest}, sent at ${ms(flight.from)}`, fate];
}

/** At most two lines under a node; pointing at it shows all. */
function shortState(run, fields) {
  const entries = Object.entries(fields), changing = entries.filter(([name]) => run.shownFields.has(name));
  return (changing.length ? changing : entries).slice(0, 2).map(([name, value]) => shorten(`${name} ${value}`, 17));
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

/** Positions of the nodes, 0 to 1, spread over the whole picture. A node without one stands on a circle. */
function readSpots(run) {
  const n = run.nodes.length, given = run.bundle.positions ?? {};
  const raw = run.nodes.map((name, i) => {
    const turn = 2 * Math.PI * i / n - Math.PI / 2;
    return given[name] ?? [0.5 + 0.5 * Math.cos(turn), 0.5 + 0.5 * Math.sin(turn)];
  });
  const spread = [0, 1].map((axis) => {
    const all = raw.map((p) => p[axis]), low = Math.min(...all), width = Math.max(...all) - low;
    return width > 0.05 ? (x) => (x - low) / width : () => 0.5;
  });
  return new Map(run.nodes.map((name, i) => [name, [spread[0](raw[i][0]), spread[1](raw[i][1])]]));
}

function roundSpan(span, run) {
  const power = 10 ** Math.floor(Math.log10(span)), nice = [1, 2, 4, 5, 10].map((m) => m * power).filter((m) => m <= span * 1.01).pop();
  return Math.min(run.end, nice ?? span);
}

const deathPlace = (f) => f.to > f.from ? 0.9 : f.reason === "queue" ? 0.18 : f.reason === "down" ? 0.9 : 0.46;
const pathOf = (line) => line.map((v, i) => i % 2 ? v : `${i ? "L" : "M"}${v} `).join("");
/** A hollow bar where a node stands still, a zigzag where it is slow; a full bar, drawn elsewhere, is a node that is down. */
const spellSign = (kind, x, y, w) => kind === "paused" ? `<rect class="paused-bar" x="${x}" y="${y - 5}" width="${round(Math.max(2, w))}" height="10" rx="2"/>`
  : `<path class="slow-line" d="M${x} ${y}${"l3 -4l3 4".repeat(Math.max(1, Math.floor(w / 6)))}"/>`;
const crossPath = (x, y, r) => `M${round(x - r)} ${round(y - r)}l${2 * r} ${2 * r}M${round(x + r)} ${round(y - r)}l${-2 * r} ${2 * r}`;
const cross = (x, y, r) => `<path class="cross" d="${crossPath(x, y, r)}"/>`;

function arrowHead(x1, y1, x2, y2, size = 7) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1, ux = (x2 - x1) / length, uy = (y2 - y1) / length, bx = x2 - ux * size, by = y2 - uy * size, w = size * 0.42;
  return `M${round(x2)} ${round(y2)}L${round(bx - uy * w)} ${round(by + ux * w)}L${round(bx + uy * w)} ${round(by - ux * w)}Z`;
}

function outcomeMark(outcome, x, y, r) {
  const d = outcome === "good" ? `M${round(x - r)} ${round(y)}l${round(r * 0.7)} ${round(r * 0.8)} ${round(r * 1.3)} ${round(-r * 1.7)}`
    : outcome === "refused" ? `M${round(x - r)} ${round(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0M${round(x - r * 0.7)} ${round(y - r * 0.7)}l${round(r * 1.4)} ${round(r * 1.4)}`
    : outcome === "slow" ? `M${round(x - r)} ${round(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0M${round(x)} ${round(y - r * 0.7)}v${round(r * 0.7)}h${round(r * 0.6)}`
    : outcome === "open" ? `M${round(x - r)} ${round(y)}h.2M${round(x)} ${round(y)}h.2M${round(x + r)} ${round(y)}h.2`
    : outcome === "wrong" ? `M${round(x)} ${round(y - r * 1.1)}v${round(r * 1.2)}M${round(x)} ${round(y + r * 0.9)}v.4` : crossPath(x, y, r * 0.85);
  return `<path class="mark" d="${d}"/>`;
}

/** Oblique lines; `kind` names their colour. */
const hatch = (id, size, kind) => `<pattern id="${id}" width="${size}" height="${size}" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="${kind}" x1="0" y1="0" x2="0" y2="${size}"/></pattern>`;

let ruler = null;
function textWidth(text, weight) {
  ruler ??= document.createElement("canvas").getContext("2d");
  ruler.font = `${weight} 12.5px system-ui, sans-serif`;
  return ruler.measureText(text).width;
}

/** JupyterLab says it on body, books with data-theme; otherwise the reader's system decides. */
function darkAround(element) {
  const lab = element.closest?.("[data-jp-theme-light]") ?? document.querySelector("body[data-jp-theme-light]");
  if (lab) return lab.getAttribute("data-jp-theme-light") === "false";
  for (const place of [document.body, document.documentElement]) {
    const theme = place?.getAttribute("data-theme");
    if (theme === "dark" || theme === "light") return theme === "dark";
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

// ---------------------------------------------------------------------------------------------------------------
// Looks. The colours are those of palette.py: Okabe and Ito's by meaning, lighter ones on dark, darker ones for text.
// ---------------------------------------------------------------------------------------------------------------

const LIGHT = `--surface:#ffffff; --sunken:#f3f4f6; --ink:#1a1a1a; --muted:#5a5e63; --line:#8b8f94; --grid:#e4e6e9; --edge:#d5d8dc;
  --delivered:#0072b2; --dropped:#d55e00; --good:#009e73; --leader:#c0699a; --cut:#85898e; --down:#1a1a1a;
  --delivered-text:#00629b; --dropped-text:#a84700; --good-text:#00694c; --on-good:#ffffff; --veil:0.66;`;
const DARK = `--surface:#1e2023; --sunken:#15171a; --ink:#eceded; --muted:#a9adb3; --line:#8d9298; --grid:#34373c; --edge:#3d4147;
  --delivered:#56b4e9; --dropped:#f0803c; --good:#2fc99a; --leader:#e79bc5; --cut:#8d9298; --down:#f2f2f2;
  --delivered-text:#7cc6f0; --dropped-text:#f59a60; --good-text:#4fd8ad; --on-good:#10241d; --veil:0.62;`;

const STYLE = `
:host { ${LIGHT} display: block; all: initial; display: block; container-type: inline-size; color-scheme: light; margin: 8px 0; }
:host { ${LIGHT} }
:host([data-mode="dark"]) { ${DARK} color-scheme: dark; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.card { font: 13px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; color: var(--ink); background: var(--surface);
  border: 1px solid var(--edge); border-radius: 12px; padding: 14px 18px 12px; text-align: left; -webkit-text-size-adjust: 100%; }
p, ul, ol, dl { margin: 0; padding: 0; list-style: none; }
svg { display: block; overflow: visible; font: inherit; }
svg text { fill: var(--ink); font-size: 12.5px; }
.plot-picture { touch-action: pan-y; cursor: crosshair; user-select: none; -webkit-user-select: none; }
button, select { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--delivered); outline-offset: 2px; border-radius: 6px; }
.node:focus { outline: none; }

.head { display: flex; gap: 8px 22px; align-items: flex-start; min-height: 32px; margin-bottom: 4px; }
.title { font-size: 15.5px; font-weight: 650; flex: 0 0 300px; padding-top: 4px; }
.acts { flex: 1; display: flex; flex-wrap: wrap; gap: 6px; align-items: center; min-width: 0; }
.chips { display: contents; }
.none { color: var(--muted); padding: 4px 0; }
.chip { display: inline-flex; max-width: 100%; border: 1px solid var(--line); border-radius: 15px; background: var(--surface); }
.chip.waiting { border-style: dashed; color: var(--muted); }
.chip button { border: 0; background: none; padding: 3px 4px 3px 11px; cursor: pointer; border-radius: 15px; }
.chip-go { overflow-wrap: anywhere; text-align: left; }
.chip-go:last-child { padding-right: 11px; }
.chip .chip-x { padding: 3px 10px 3px 6px; color: var(--muted); font-size: 15px; line-height: 1; }
.chip button:hover { color: var(--delivered-text); }
.chip .chip-x:hover { color: var(--dropped-text); }
.acts-tools { display: inline-flex; gap: 2px; margin-left: auto; }
.plain { border: 0; background: none; color: var(--delivered-text); padding: 4px 7px; cursor: pointer; border-radius: 6px; }
.plain:hover:not([aria-disabled="true"]) { background: var(--sunken); }
button[aria-disabled="true"] { color: var(--muted); opacity: .55; cursor: default; }
.code { margin: 6px 0; padding: 10px 12px; background: var(--sunken); border-radius: 8px; }
.code textarea { display: block; width: 100%; margin-top: 6px; font: 12px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; color: var(--ink); background: var(--surface);
  border: 1px solid var(--edge); border-radius: 6px; padding: 6px 8px; white-space: pre; overflow-x: auto; }
.trouble { margin: 6px 0; padding: 8px 12px; border-left: 4px solid var(--dropped); background: var(--sunken); border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; }

.stage { display: grid; grid-template-columns: 300px minmax(0, 1fr); gap: 0 22px; align-items: start; }
.narrow .stage { grid-template-columns: minmax(0, 1fr); }
.left, .right { min-width: 0; }
.hint { color: var(--muted); font-size: 12px; min-height: 34px; margin-top: 6px; overflow-wrap: anywhere; }
.tools { display: grid; grid-template-columns: repeat(4, 1fr); gap: 6px; margin-top: 4px; }
.tool { display: inline-flex; align-items: center; justify-content: center; border: 1px solid var(--edge); border-radius: 8px; background: var(--surface); cursor: pointer; min-width: 36px; min-height: 34px; padding: 0 6px; }
.tools .tool { flex-direction: column; gap: 1px; font-size: 11.5px; padding: 5px 2px 3px; min-height: 46px; }
.tool:hover { background: var(--sunken); }
.tool[aria-pressed="true"] { background: var(--ink); border-color: var(--ink); color: var(--surface); }
.icon-box { flex: none; }
.icon { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
.icon.filled { fill: currentColor; stroke-width: .8; }

.graph { touch-action: pan-y; }
.graph[data-tool="cut"] { touch-action: none; cursor: crosshair; }
.graph[data-tool="cut"] .node, .graph[data-tool="crash"] .node, .node { cursor: pointer; }
.link { stroke: var(--line); stroke-width: 1.4; }
.link.is-cut { stroke-dasharray: 3 5; opacity: .6; }
.link.one-way { stroke-dasharray: 9 4; }
.link.worse { stroke: var(--ink); stroke-width: 4; stroke-dasharray: 1.5 3.5; }
.link.to-cut { stroke: var(--dropped); stroke-width: 2.4; stroke-dasharray: 4 4; opacity: 1; }
.cut-under { fill: none; stroke: var(--surface); stroke-width: 13; stroke-linecap: round; opacity: .85; }
.cut-band { fill: none; stroke: var(--cut); stroke-width: 12; stroke-dasharray: 1.8 4; }
.cut-line { fill: none; stroke: var(--ink); stroke-width: 1.6; stroke-dasharray: 7 4; }
.cut-hatch { stroke: var(--cut); stroke-width: 2.2; opacity: .6; }
.refused-hatch { stroke: var(--dropped); stroke-width: 2; }
.drawn { fill: none; stroke: var(--dropped); stroke-width: 2.6; stroke-dasharray: 7 4; stroke-linecap: round; }
.node .halo { fill: none; stroke: none; }
.node .body { fill: var(--surface); stroke: var(--delivered); stroke-width: 2.6; }
.node .mark { color: var(--delivered); }
.node.as-client .body { stroke: var(--ink); }
.node.as-client .mark { color: var(--ink); }
.node.as-leader .body { stroke: var(--leader); stroke-width: 3.2; }
.node.as-leader .mark { color: var(--leader); }
.node .down-mark { display: none; stroke: var(--surface); stroke-width: 3.4; stroke-linecap: round; }
.node.down .body { fill: var(--down); stroke: var(--down); stroke-dasharray: 3 3; }
.node.down .mark { display: none; }
.node.down .down-mark { display: block; }
.node text { paint-order: stroke; stroke: var(--surface); stroke-width: 4px; stroke-linejoin: round; }
.node .name { font-weight: 650; font-size: 13px; }
.node .state { fill: var(--muted); font-size: 11.5px; }
.node.paused .body { stroke: var(--ink); stroke-width: 1.4; stroke-dasharray: none; }
.node.slow .body { stroke-dasharray: 9 4; }
.node.paused .mark { color: var(--ink); }
.node.down .state { fill: var(--ink); font-weight: 650; }
.node:hover .halo { fill: var(--sunken); }
.node:focus-visible .halo { stroke: var(--delivered); stroke-width: 2.5; }
.node.chosen .halo { stroke: var(--dropped); stroke-width: 2.5; stroke-dasharray: 4 3; }
.node.inspected .halo { fill: var(--sunken); stroke: var(--line); stroke-width: 1.2; }
.dot circle { fill: var(--delivered); stroke: var(--surface); stroke-width: 1.5; }
.dot.now circle { r: 6.5px; }
.dot text { font-size: 11px; paint-order: stroke; stroke: var(--surface); stroke-width: 3.5px; stroke-linejoin: round; }
.lost .lost-way { fill: none; stroke: var(--dropped); stroke-width: 1.6; stroke-dasharray: 1.5 4; stroke-linecap: round; }
.cross { fill: none; stroke: var(--dropped); stroke-width: 2.1; stroke-linecap: round; }

.diagram { position: relative; border-radius: 6px; }
.lane { stroke: var(--line); stroke-width: 1.3; }
.ticks { pointer-events: none; }
.lane-name { font-weight: 650; }
.gutter-small, .tick { font-size: 11.5px !important; fill: var(--muted) !important; }
.grid { stroke: var(--grid); }
.way { fill: none; stroke: var(--delivered); stroke-width: 1.5; stroke-linecap: round; }
.way.open { stroke-dasharray: 5 4; }
.way.lost-way { stroke: var(--dropped); stroke-width: 1.7; stroke-dasharray: 1 4; }
.way.picked { stroke-width: 3.2; }
.way.picked.lost-way { stroke-width: 3; stroke-dasharray: 1 5; }
.cross.picked { stroke-width: 3; }
.heads { fill: var(--delivered); }
.picked-end { fill: var(--surface); stroke: var(--ink); stroke-width: 1.6; }
.way-name { font-size: 11px !important; fill: var(--muted) !important; paint-order: stroke; stroke: var(--surface); stroke-width: 3.5px; stroke-linejoin: round; }
.cut-zone { fill: url(#cut-lanes); stroke: none; }
.zone-name { font-size: 11px !important; fill: var(--muted) !important; paint-order: stroke; stroke: var(--surface); stroke-width: 3px; }
.outage { fill: var(--down); }
.paused-bar { fill: var(--surface); stroke: var(--ink); stroke-width: 1.5; }
.slow-line { fill: none; stroke: var(--ink); stroke-width: 1.4; stroke-linejoin: round; }
.timers { fill: none; stroke: var(--muted); stroke-width: 1.6; }
.notes { fill: var(--surface); stroke: var(--muted); }
.flag { color: var(--ink); }
.flag-line { stroke: var(--muted); stroke-dasharray: 2 3; }
.veil { fill: var(--surface); opacity: var(--veil); }
.playhead { stroke: var(--ink); stroke-width: 1.6; }
.pill { fill: var(--ink); }
.now-time { fill: var(--surface) !important; font-size: 11.5px !important; font-weight: 600; }
.op rect { stroke-width: 1.4; }
.op .mark { fill: none; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }
.op.good rect { fill: var(--good); }
.op.good .mark { stroke: var(--on-good); }
.op.refused rect { fill: url(#refused); stroke: var(--dropped); }
.op.refused .mark { stroke: var(--ink); }
.op.slow rect { fill: var(--surface); stroke: var(--good); stroke-width: 2.2; }
.op.slow .mark { stroke: var(--ink); stroke-width: 1.5; }
.op.open rect { fill: none; stroke: var(--muted); stroke-dasharray: 4 3; }
.op.open .mark { stroke: var(--muted); }
.op.wrong rect { fill: var(--dropped); stroke: var(--ink); }
.op.wrong .mark { stroke: var(--surface); stroke-width: 2.4; }
.op.never rect { fill: var(--surface); stroke: var(--dropped); stroke-dasharray: 2 2.5; }
.op.never .mark { stroke: var(--dropped); }
.bar-text { font-size: 11px !important; }
.op.good .bar-text { fill: var(--on-good) !important; }
.op.wrong .bar-text { fill: var(--surface) !important; }
.op.refused .bar-text { paint-order: stroke; stroke: var(--surface); stroke-width: 3px; }
.share { fill: none; stroke: var(--ink); stroke-width: 2; stroke-linejoin: round; }
.share.before { stroke: var(--muted); stroke-width: 1.4; stroke-dasharray: 1 4; stroke-linecap: round; }
.under-target { fill: var(--dropped); opacity: .2; }
.target { stroke: var(--muted); stroke-dasharray: 6 4; }
.share-dot { stroke: var(--surface); stroke-width: 1.5; }
.share-dot.fine { fill: var(--good); }
.share-dot.below { fill: var(--dropped); }
.share-now { font-weight: 650; font-size: 13px !important; paint-order: stroke; stroke: var(--surface); stroke-width: 4px; stroke-linejoin: round; }
.share-now.fine { fill: var(--good-text) !important; }
.share-now.below { fill: var(--dropped-text) !important; }
.tip { position: absolute; z-index: 2; max-width: 290px; pointer-events: none; padding: 6px 10px; background: var(--ink); color: var(--surface); border-radius: 8px; font-size: 12px; overflow-wrap: anywhere; }
.tip b, .tip span { display: block; }
.under { display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: center; justify-content: space-between; margin-top: 4px; padding-left: 2px; }
.key { flex: 1 1 220px; min-height: 38px; align-content: center; display: inline-flex; flex-wrap: wrap; gap: 2px 12px; color: var(--muted); font-size: 11.5px; }
.cut-zone { fill: url(#cut-lanes); }
.sign .cut-zone { fill: url(#cut-key); }
.key span { display: inline-flex; gap: 5px; align-items: center; }
.zoom { display: inline-flex; gap: 4px; align-items: center; color: var(--muted); font-size: 12px; margin-left: auto; }
.zoom .tool { min-width: 30px; min-height: 28px; }

.drive { display: grid; grid-template-columns: 300px minmax(0, 1fr); gap: 6px 22px; align-items: end; margin-top: 10px; padding-top: 10px; border-top: 1px solid var(--grid); }
.narrow .drive { grid-template-columns: minmax(0, 1fr); }
.narrow .scrub { order: -1; }
.buttons { display: flex; gap: 5px; align-items: center; }
.buttons .tool.play { background: var(--ink); border-color: var(--ink); color: var(--surface); min-width: 42px; }
.buttons .tool { min-width: 33px; }
.buttons select { margin-left: auto; min-width: 0; height: 34px; border: 1px solid var(--edge); border-radius: 8px; background: var(--surface); padding: 0 4px; color: var(--muted); }
.scrub { padding-left: calc(var(--gutter, 0px) - 10px); }
.marks { margin-left: 10px; overflow: visible; }
.marks .window { fill: var(--line); opacity: .55; }
input[type="range"] { -webkit-appearance: none; appearance: none; display: block; width: calc(var(--plot, 100%) + 20px); max-width: calc(100% + 10px); height: 26px; margin: 0; background: none; cursor: pointer; }
input[type="range"]::-webkit-slider-runnable-track { height: 4px; border-radius: 2px; background: linear-gradient(to right, var(--ink) var(--played, 0%), var(--edge) var(--played, 0%)); }
input[type="range"]::-moz-range-track { height: 4px; border-radius: 2px; background: var(--edge); }
input[type="range"]::-moz-range-progress { height: 4px; border-radius: 2px; background: var(--ink); }
input[type="range"]::-webkit-slider-thumb { -webkit-appearance: none; width: 20px; height: 20px; margin-top: -8px; border-radius: 50%; background: var(--surface); border: 2.4px solid var(--ink); }
input[type="range"]::-moz-range-thumb { width: 15px; height: 15px; border-radius: 50%; background: var(--surface); border: 2.4px solid var(--ink); }

.caption { margin-top: 10px; padding: 9px 14px 10px; background: var(--sunken); border-radius: 8px; min-height: 82px; font-size: 13.5px; overflow-wrap: anywhere; }
.caption .why, .caption .users { color: var(--muted); font-size: 13px; }
.caption .users:not(:empty) { color: var(--ink); margin-top: 2px; }
.foot { display: flex; flex-wrap: wrap; gap: 2px 22px; align-items: baseline; margin-top: 8px; color: var(--muted); font-size: 12.5px; }
.foot details[open] { flex-basis: 100%; }
.busy { margin-top: 4px; font-weight: 600; }
:host([data-busy]) .plot { opacity: .55; transition: opacity .2s .3s; }
:host([data-busy]) .busy { color: var(--muted); font-weight: 400; }
summary { cursor: pointer; padding: 3px 0; }
.rows { max-height: 264px; overflow: auto; border: 1px solid var(--grid); border-radius: 8px; margin-top: 4px; }
.rows button { display: flex; gap: 12px; width: 100%; border: 0; background: none; text-align: left; padding: 3px 10px; cursor: pointer; color: var(--ink); }
.rows button > span:first-child { flex: 0 0 82px; text-align: right; color: var(--muted); font-variant-numeric: tabular-nums; }
.rows button:hover { background: var(--sunken); }
.rows button[aria-current] { background: var(--sunken); box-shadow: inset 4px 0 0 var(--ink); font-weight: 600; }
.rows button:focus-visible { outline-offset: -2px; }
.rows .drop, .rows .crash, .rows .fault { color: var(--dropped-text); }
.rows i { font-style: normal; color: var(--muted); font-weight: 400; }
.keys dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; padding: 4px 0; }
.keys dt { color: var(--ink); font-weight: 600; }
.keys dd { margin: 0; }
.aloud { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: pre-wrap; }

.narrow .head { flex-direction: column; }
.narrow .title { flex: none; }
.narrow .acts { width: 100%; }
.narrow.card { padding: 12px 12px 10px; }
.narrow .tools .tool, .narrow .buttons .tool { min-height: 44px; }
@media (prefers-reduced-motion: no-preference) { .tool, .plain, .rows button { transition: background-color .12s; } .node .body { transition: fill .15s, stroke .15s; } }
@media (forced-colors: active) { .veil { display: none; } .tool[aria-pressed="true"] { border: 3px solid Highlight; } }
@media print { .tools, .buttons, .zoom, .acts-tools, .scrub { display: none; } }
`;

// ---------------------------------------------------------------------------------------------------------------
// The way in
// ---------------------------------------------------------------------------------------------------------------

const KNOWN = "dslib.player/1";

/** Draw `bundle` into `element`. Returns {update, destroy, seek, step, play, pause, time, acts}. */
export function mount(element, bundle, options = {}) {
  if (bundle?.schema !== KNOWN) {
    throw new Error(`this player draws bundles of the form ${KNOWN}, and was given ${bundle?.schema ?? typeof bundle}: update dslib, or record the run again`);
  }
  const player = new Player(element, bundle, options);
  return {
    update: (next) => player.update(next), destroy: () => player.destroy(), seek: (time) => player.go(time), step: (n) => player.step(n),
    play: () => player.play(), pause: () => player.pause(), get time() { return player.time; }, get acts() { return player.acts; }, root: player.root,
  };
}

/** In JupyterLab: the model has `bundle` (from Python), `acts` and `request` (to Python). */
function render({ model, el }) {
  const player = mount(el, model.get("bundle"), {
    onActs(acts, request) {
      model.set("acts", acts);
      model.set("request", request);
      model.save_changes();
    },
  });
  const changed = () => player.update(model.get("bundle"));
  model.on("change:bundle", changed);
  return () => {
    model.off("change:bundle", changed);
    player.destroy();
  };
}

/** In a page without a kernel: draw into every element that carries a recorded run. Python calls this at the end of its
 * classic script. What stood there for readers without a script stays if the run cannot be drawn. */
function mountAll() {
  const start = () => {
    for (const element of document.querySelectorAll("[data-dslib-player][data-bundle]")) {
      const data = element.dataset.bundle;
      element.removeAttribute("data-bundle");
      try {
        mount(element, JSON.parse(data));
      } catch (error) {
        element.prepend(make("p", { role: "alert" }, `This run cannot be played: ${error.message}.`));
        console.error(error);
      }
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
}

export default { render };
