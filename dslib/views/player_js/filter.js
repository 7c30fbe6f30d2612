/* What a reader wants to see of a run: some nodes, some kinds of events, some types of messages. */

const MOST_TYPES = 14;      // above so many types of messages a list of them helps nobody
const EVENT_KINDS = { deliver: "messages delivered", drop: "messages dropped", open: "messages still on the way at the end", timer: "timers",
  fault: "faults, crashes and restarts", start: "starts", log: "notes", state: "state changes", other: "other events" };
const KIND_OF = { start: "start", timer: "timer", crash: "fault", restart: "fault", fault: "fault", log: "log", state: "state" };

/** The kind of an event as the filter names them: a message counts by what becomes of it. */
const kindOf = (run, index) => run.flightOf[index]?.end ?? KIND_OF[run.events[index][1]] ?? "other";
/** The node that an event happened on. None: it is not about one node. */
const nodeOf = (run, index) => {
  const [, kind, src, dest] = run.events[index];
  return kind === "fault" ? null : kind === "deliver" || kind === "drop" ? dest : src;
};

const changesState = (run, { main, last }) => {
  for (let i = main; i <= last; i++) if (run.events[i][1] === "state") return true;
  return false;
};

/** What there is to choose from: nodes, kinds and types, each in its order, and whether any state changes. */
function filterChoices(run, stops) {
  const kinds = new Set(stops.map((s) => kindOf(run, s.main))), types = new Set(run.flights.map((f) => f.msg?.type).filter(Boolean));
  return { nodes: run.nodes, kinds: Object.keys(EVENT_KINDS).filter((kind) => kinds.has(kind)),
    types: types.size > 1 && types.size <= MOST_TYPES ? [...types].sort() : [], states: stops.some((s) => changesState(run, s)) };
}

/** What is hidden; nothing at first. It outlives the run: a new one after an act is seen through the same filter. */
class Filter {
  hidden = { nodes: new Set(), kinds: new Set(), types: new Set() };
  changesOnly = false;

  get on() { return this.changesOnly || Object.values(this.hidden).some((set) => set.size); }

  clear() {
    for (const set of Object.values(this.hidden)) set.clear();
    this.changesOnly = false;
  }

  node(name) { return !this.hidden.nodes.has(name); }

  /** Whether a message is drawn: one of its ends is seen, and its kind and type are. */
  flight(f) {
    const { nodes, kinds, types } = this.hidden;
    return !kinds.has(f.end) && !types.has(f.msg?.type) && !(nodes.size && nodes.has(f.src) && nodes.has(f.dest));
  }

  event(run, index) {
    const node = nodeOf(run, index), type = run.events[index][5]?.type, { kinds, types } = this.hidden;
    return (node === null || this.node(node)) && !kinds.has(kindOf(run, index)) && !(type && types.has(type));
  }

  /** The stops that are left. */
  stops(run, stops) {
    return this.on ? stops.filter((stop) => this.event(run, stop.main) && !(this.changesOnly && !changesState(run, stop))) : stops;
  }
}
