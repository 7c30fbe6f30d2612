/* What may be drawn: a bundle is looked through before it is drawn, so that a damaged one is refused with a sentence that
 * says what was found, where, what belongs there, and what to do, and the picture on the page stays as it is. */

const SCHEMAS = ["dslib.player/2", "dslib.player/1"];
const ROW_KINDS = new Set(["start", "send", "hop", "deliver", "drop", "timer", "crash", "restart", "fault", "log", "state"]);
const MESSAGE_KINDS = new Set(["send", "hop", "deliver", "drop"]);
const LONGEST_MS = 1e12;                                 // 31 years: above it a picture's numbers lose their last digits

/** How many of a fault's first arguments name nodes; those of other faults may be anything. */
const NAMES_OF_FAULT = { crash: 1, restart: 1, burn: 1, pause: 1, resume: 1, slow: 1, jump_clock: 1, drift_clock: 1, lie: 1,
  corrupt_disk: 1, tear_write: 1, "network.cut": 2, "network.degrade": 2, "network.mend": 2, "network.lose": 2 };

class Refusal extends Error {}
const refuse = (words) => { throw new Refusal(words); };
const isText = (x) => typeof x === "string";
const isNumber = (x) => typeof x === "number" && Number.isFinite(x);
const isTime = (x) => isNumber(x) && x >= 0 && x <= LONGEST_MS;
const isRecord = (x) => typeof x === "object" && x !== null && !Array.isArray(x);
const isListOf = (x, fits) => Array.isArray(x) && x.every(fits);
const isRecordOf = (x, fits) => isRecord(x) && Object.values(x).every(fits);
const orNone = (fits) => (x) => x === null || x === undefined || fits(x);
const shown = (x) => x === undefined ? "missing" : shorten(JSON.stringify(x) ?? String(x), 60);

/** The whole of what may be drawn: {bundle, remarks}. Older forms are brought up to the present one; what can be drawn
 * although it is strange is drawn, with a remark. Throws a Refusal that says why not. */
function checkBundle(given) {
  if (!isRecord(given)) refuse(`a run is a JSON object with a "schema", and this is ${shown(given)}. Show it with play(…) or replay(…)`);
  if (!SCHEMAS.includes(given.schema)) {
    refuse(`this player draws bundles of the form ${SCHEMAS.join(" and ")}, and was given ${given.schema === undefined ? "one that names none" : shown(given.schema)}. `
      + "Update dslib, or record the run again with the dslib that shows it");
  }
  const want = (fits, name, what) => {
    if (!fits(given[name])) refuse(`the bundle's “${name}” is ${shown(given[name])}, and should be ${what}. Record the run again`);
  };
  want(isRecord, "trace", "the trace of a run");
  want(orNone((x) => isListOf(x, isText)), "routers", "a list of names");
  const bundle = { ...given, schema: SCHEMAS[0], routers: given.routers ?? [], trace: { ...given.trace } }, remarks = [];
  const names = checkTrace(bundle.trace, bundle.routers, remarks), isName = (x) => names.has(x);

  for (const [name, otherwise] of [["title", ""], ["summary", ""], ["error", null]]) {
    want(orNone(isText), name, "text");
    bundle[name] = given[name] ?? otherwise;
  }
  for (const name of ["run", "request"]) want(orNone(isNumber), name, "a number");
  want(orNone((x) => isListOf(x, (pair) => isListOf(pair, isName) && pair.length === 2)), "links", "a list of pairs of nodes");
  want(orNone((x) => isRecordOf(x, isText)), "roles", "a word for each node");
  want(orNone((x) => isRecordOf(x, (spot) => isListOf(spot, isNumber) && spot.length === 2)), "positions", "two numbers for each node");
  want(orNone((x) => isRecordOf(x, (members) => isListOf(members, isText))), "domains", "a list of names for each domain");
  want(orNone((x) => isListOf(x, isFault)), "faults", "a list of faults, each with “at”, “call” and “args”");
  want(orNone((x) => isNumber(x) && x > 0 && x <= 1), "target", "a share of good answers above 0 and at most 1, or null");
  want(orNone((x) => isRecordOf(x, isTime)), "waits", "a time in ms for each message that waits");
  for (const name of ["playhead", "since"]) want(orNone(isNumber), name, "a time in ms");
  want(orNone((x) => isRecordOf(x, (steps) => isListOf(steps, (s) => isListOf(s, isNumber) && s.length === 3))), "clocks", "[at, reads, rate] in numbers, for each clock");
  want(orNone((x) => isListOf(x, (liar) => isRecord(liar) && isName(liar.node) && isTime(liar.from) && orNone(isTime)(liar.to))), "liars", "a list of nodes, each with “from” and “to”");
  want(orNone((x) => isRecord(x) && orNone((lies) => isListOf(lies, (lie) => isRecord(lie) && isText(lie.strategy) && orNone(Array.isArray)(lie.args) && orNone((nodes) => isListOf(nodes, isText))(lie.nodes)))(x.lies)), "tools", "null, or the lies that can be told");
  for (const name of ["links", "faults", "operations", "liars"]) bundle[name] = given[name] ?? [];
  for (const name of ["roles", "positions", "domains", "clocks"]) bundle[name] = given[name] ?? {};

  want(orNone(Array.isArray), "operations", "a list of operations");
  bundle.operations.forEach((op, i) => checkOperation(op, i));
  bundle.broken = readBroken(given.broken, bundle.trace);
  return { bundle, remarks };
}

const isFault = (x) => isRecord(x) && isNumber(x.at) && isText(x.call) && Array.isArray(x.args) && orNone(isRecord)(x.options);

/** All names that rows may use: nodes and routers. */
function checkTrace(trace, routers, remarks) {
  const { schema, nodes, end, events } = trace;
  if (schema !== undefined && schema !== "dslib.trace/1") refuse(`the trace is of the form ${shown(schema)}, and dslib.trace/1 can be drawn. Record the run again`);
  if (!isListOf(nodes, isText) || new Set(nodes).size < nodes.length) refuse(`the trace's “nodes” is ${shown(nodes)}, and should be a list of names, each once. Record the run again`);
  if (!isTime(end)) refuse(`the trace's “end” is ${shown(end)}, and should be the time in ms when the run ends. Record the run again`);
  if (!Array.isArray(events)) refuse(`the trace's “events” is ${shown(events)}, and should be a list of rows. Record the run again`);
  const names = new Set([...nodes, ...routers]), sent = new Set(), unknown = [];
  events.forEach((row, i) => {
    const wrong = (what) => refuse(`event ${i} of the trace${Array.isArray(row) && isTime(row[0]) ? ` (at ${ms(row[0])})` : ""} ${what}. Record the run again`);
    if (!Array.isArray(row) || row.length !== 7) wrong(`is ${shown(row)}, and should have seven fields: time, kind, src, dest, id, msg, detail`);
    const [at, kind, src, dest, id, msg, detail] = row;
    if (!isTime(at)) wrong(`has ${shown(at)} for its time, and should have milliseconds`);
    if (i && at < events[i - 1][0]) wrong(`is earlier than the row above it, at ${ms(events[i - 1][0])}: rows stand in the order of their times`);
    if (at > end + 1e-6) wrong(`is later than the end of the run, at ${ms(end)}`);
    if (!isText(kind)) wrong(`has ${shown(kind)} for its kind, and should have a word such as "send"`);
    for (const name of [src, dest]) if (!orNone(isText)(name)) wrong(`names ${shown(name)}, and should name a node`);
    if (!(msg === null || (isRecord(msg) && isText(msg.type) && orNone(isRecord)(msg.fields)))) wrong(`carries ${shown(msg)}, and should carry a message with its “type” and “fields”, or null`);
    if (!ROW_KINDS.has(kind)) {
      unknown.push([i, kind]);
      return;
    }
    const ends = MESSAGE_KINDS.has(kind) ? [src, dest] : kind === "fault" ? [] : [src];
    for (const name of ends) if (!names.has(name)) wrong(`(“${kind}”) names the node ${shown(name)}, and the run has ${listed([...names].slice(0, 12)) || "none"}`);
    if (MESSAGE_KINDS.has(kind)) {
      if (!Number.isInteger(id)) wrong(`(“${kind}”) has ${shown(id)} for the number of its message, and should have a whole number`);
      if (kind === "send" && sent.has(id)) wrong(`sends message ${id} a second time`);
      if (kind === "send") sent.add(id);
      else if (!sent.has(id)) wrong(`(“${kind}”) is about message ${id}, which no row above it sends`);
    }
    if (kind === "drop" && !isText(detail)) wrong(`(“drop”) has ${shown(detail)} for its reason, and should have a word such as "loss"`);
    if (["crash", "timer", "log"].includes(kind) && !orNone(isText)(detail)) wrong(`(“${kind}”) has ${shown(detail)} for its words, and should have text`);
    if (kind === "state" && !orNone((x) => isRecordOf(x, isText))(detail)) wrong(`(“state”) holds ${shown(detail)}, and should hold the node's attributes as text`);
    if (kind === "fault") checkStruck(detail, names, wrong);
  });
  const kinds = [...new Set(unknown.map(([, kind]) => kind))];
  if (kinds.length) {
    remarks.push(`${unknown.length === 1 ? `Event ${unknown[0][0]} of the trace is` : `${plural(unknown.length, "event")} of the trace, the first of them event ${unknown[0][0]}, are`} of `
      + `${kinds.length === 1 ? "a kind" : "kinds"} that this player does not know: ${listed(kinds.slice(0, 5).map((kind) => `“${kind}”`))}. What is known is drawn; these are listed as they stand.`);
  }
  return names;
}

function checkStruck(fault, names, wrong) {
  if (!isFault(fault)) wrong(`(“fault”) is ${shown(fault)}, and should be a fault with “at”, “call” and “args”`);
  const { call, args } = fault, known = (x) => names.has(x);
  const fits = call === "network.partition" ? args.every((group) => isListOf(group, known))
    : call === "network.heal" ? args.length === 0 || (args.length === 2 && args.every(known))
    : args.length >= (NAMES_OF_FAULT[call] ?? 0) && args.slice(0, NAMES_OF_FAULT[call] ?? 0).every(known);
  if (!fits) wrong(`(“fault”) is ${call} of ${shown(args)}, and the run has the nodes ${listed([...names].slice(0, 12))}`);
}

function checkOperation(op, i) {
  const wrong = (what) => refuse(`operation ${i} of what users saw ${what}. Record the run again`);
  if (!isRecord(op)) wrong(`is ${shown(op)}, and should say who asked what, when, and what came of it`);
  if (!isText(op.client)) wrong(`has ${shown(op.client)} for its client, and should have a name`);
  if (!isTime(op.start)) wrong(`has ${shown(op.start)} for its start, and should have milliseconds`);
  for (const name of ["end", "judged"]) {
    if (!orNone(isTime)(op[name])) wrong(`has ${shown(op[name])} for its “${name}”, and should have milliseconds or null`);
    if (op[name] < op.start && op[name] !== null) wrong(`has its “${name}” at ${ms(op[name])}, before its start at ${ms(op.start)}`);
  }
  if (!Object.hasOwn(OUTCOMES, op.outcome)) wrong(`came out as ${shown(op.outcome)}, and should be one of ${Object.keys(OUTCOMES).join(", ")}`);
  for (const name of ["label", "say"]) if (!orNone(isText)(op[name])) wrong(`has ${shown(op[name])} for its “${name}”, and should have text`);
}

/** Which property does not hold, and from when on. Version 1 had a sentence only. */
function readBroken(broken, { end, events }) {
  if (broken === null || broken === undefined || broken === "") return null;
  if (isText(broken)) return { at: end, index: null, what: "a property", say: broken };
  const isPlace = (x) => Number.isInteger(x) && x >= 0 && x < events.length;
  if (!isRecord(broken) || !isTime(broken.at) || !orNone(isPlace)(broken.index) || !isText(broken.say) || !isText(broken.what)) {
    refuse(`the bundle's “broken” is ${shown(broken)}, and should be null or have “at” in ms, “index” (the number of an event, or null), “what” and “say”. Record the run again`);
  }
  return { ...broken, index: broken.index ?? null };
}

/** A comparison: its runs, each checked as a run of its own, and what they are called. */
function checkComparison(given) {
  if (given.schema !== SCHEMAS[0]) refuse(`a comparison is drawn from the form ${SCHEMAS[0]}, and this one is ${given.schema === undefined ? "of none" : shown(given.schema)}. Make it again with the dslib that shows it`);
  if (!Array.isArray(given.runs) || given.runs.length !== 2) refuse(`a comparison has two “runs”, and this one has ${shown(given.runs?.length)}. Make it with compare(…)`);
  const names = given.names ?? ["first", "second"], remarks = [];
  if (!isListOf(names, isText) || names.length !== 2) refuse(`a comparison's “names” is ${shown(given.names)}, and should be two names, such as ["naive", "mitigated"]. Make it with compare(…)`);
  for (const name of ["title", "summary"]) if (!orNone(isText)(given[name])) refuse(`a comparison's “${name}” is ${shown(given[name])}, and should be text. Make it with compare(…)`);
  const runs = given.runs.map((run, i) => {
    try {
      const checked = checkBundle(run);
      remarks.push(...checked.remarks.map((words) => `${names[i]}: ${words}`));
      return checked.bundle;
    } catch (error) {
      throw error instanceof Refusal ? new Refusal(`of the run “${names[i]}”, ${error.message}`) : error;
    }
  });
  return { bundle: { ...given, runs, names }, remarks };
}

/** A run ready to be drawn: {run, stops, remarks}. Throws a Refusal. */
function openRun(given) {
  const { bundle, remarks } = checkBundle(given), run = readRun(bundle);
  return { run, stops: readStops(run), remarks };
}

/** A sentence for the reader about why something cannot be drawn. */
const whyNot = (error) => error instanceof Refusal ? `This run cannot be drawn: ${error.message}.`
  : `This run cannot be drawn (${error.name}: ${error.message}). The mistake is the player's: please report it with the run.`;
