/* Clocks that no hardware drives: Lamport's number and the vector of each event, and which events can have caused which. */

const TICKS = new Set(["start", "send", "deliver", "timer"]); // the steps of a node; what befalls it or the network is none

/** The clocks of a run, as dslib.clocks counts them: a start, a timer and a send tick, an arrival takes over what came with
 * the message and ticks. `of` says which step an event is, -1 for none; `vector` holds a row of counts for each step.
 * Made when first asked for: few readers look at them. */
function logicalClocks(run) {
  if (run.logical) return run.logical;
  const { events, lane } = run, width = run.nodes.length - run.routers.size;
  const of = new Int32Array(events.length).fill(-1), steps = [];
  events.forEach(([, kind, src, dest], i) => {
    if (TICKS.has(kind) && lane.get(kind === "deliver" ? dest : src) < width) of[i] = steps.push(i) - 1;
  });
  const node = new Int32Array(steps.length), lamport = new Int32Array(steps.length), vector = new Int32Array(steps.length * width);
  const before = new Int32Array(width).fill(-1);         // the last step of each node so far
  const sent = new Map();                                // message -> the step that sent it
  steps.forEach((index, step) => {
    const [, kind, src, dest, id] = run.events[index], me = lane.get(kind === "deliver" ? dest : src), row = step * width;
    const own = before[me], came = kind === "deliver" ? sent.get(id) ?? -1 : -1;
    for (let k = 0; k < width; k++) vector[row + k] = Math.max(own < 0 ? 0 : vector[own * width + k], came < 0 ? 0 : vector[came * width + k]);
    vector[row + me] += 1;
    lamport[step] = Math.max(own < 0 ? 0 : lamport[own], came < 0 ? 0 : lamport[came]) + 1;
    node[step] = me;
    before[me] = step;
    if (kind === "send") sent.set(id, step);
  });
  return run.logical = { of, steps, node, lamport, vector, width, sent };
}

const [CONCURRENT, PAST, FUTURE, ITSELF] = [0, 1, 2, 3];

/** What each step is to the step that `index` is: `relation` of all steps and how many there are of each. Null: `index` is no step. */
function causesOf(run, index) {
  const { of, node, vector, width, steps } = logicalClocks(run), chosen = of[index] ?? -1;
  if (chosen < 0) return null;
  if (run.causes?.chosen === chosen) return run.causes;
  const relation = new Uint8Array(steps.length), counts = [0, 0, 0, 0], me = node[chosen], own = vector[chosen * width + me];
  for (let step = 0; step < steps.length; step++) {      // one count is enough: that of the node on which the earlier one was
    relation[step] = step === chosen ? ITSELF : vector[chosen * width + node[step]] >= vector[step * width + node[step]] ? PAST
      : vector[step * width + me] >= own ? FUTURE : CONCURRENT;
    counts[relation[step]] += 1;
  }
  return run.causes = { chosen, index, relation, past: counts[PAST], future: counts[FUTURE], concurrent: counts[CONCURRENT] };
}

/** "12 events happened before it, 7 after, 5 are concurrent." */
function sayCauses({ past, future, concurrent }) {
  return `${plural(past, "event")} happened before it, ${future.toLocaleString("en")} after, ${concurrent.toLocaleString("en")} ${concurrent === 1 ? "is" : "are"} concurrent.`;
}

/** The clock of one step in words: "Lamport time 12", "vector clock a 3, b 2". */
function sayStamp(run, kind, step) {
  const { lamport, vector, width } = logicalClocks(run);
  if (kind === "lamport") return `Lamport time ${lamport[step]}`;
  const known = run.nodes.slice(0, width).map((name, k) => [name, vector[step * width + k]]).filter(([, count]) => count);
  return `vector clock ${known.map(([name, count]) => `${name} ${count}`).join(", ")}`;
}

const WIDEST_VECTOR = 6;    // nodes: of longer vectors the diagram shows a node's own count only

/** The clock beside one or more steps of a node that stand at one place: "4", "4–6", "2,0,1", "2,0,3–5". */
function stampText(run, kind, first, last) {
  const { lamport, vector, width, node } = logicalClocks(run), range = (a, b) => a === b ? String(a) : `${a}–${b}`;
  if (kind === "lamport") return range(lamport[first], lamport[last]);
  const count = (step, k) => vector[step * width + k], me = node[last];
  if (width > WIDEST_VECTOR) return `${range(count(first, me), count(last, me))},…`;
  return run.nodes.slice(0, width).map((_, k) => k === me ? range(count(first, k), count(last, k)) : count(last, k)).join(",");
}

/** Messages that were overtaken: one sent later over the same link was there before. Second copies have a sign of their own. */
function overtakenIn(run) {
  if (run.overtaken) return run.overtaken;
  const newest = new Map(), overtaken = new Set();
  const arrived = run.flights.filter((f) => f.end === "deliver" && !f.again).sort((a, b) => a.toIndex - b.toIndex);
  for (const f of arrived) {
    const way = link(f.src, f.dest), last = newest.get(way) ?? -1;
    if (f.fromIndex < last) overtaken.add(f);
    else newest.set(way, f.fromIndex);
  }
  return run.overtaken = overtaken;
}
