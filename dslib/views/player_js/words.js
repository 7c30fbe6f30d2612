/* The same in words: events, faults, messages, and what users saw. */

const OUTCOMES = {
  good: { mark: "✓", say: "good" }, slow: { mark: "◔", say: "too late" }, refused: { mark: "⊘", say: "refused" },
  wrong: { mark: "!", say: "wrong answer" }, never: { mark: "×", say: "never answered" }, open: { mark: "…", say: "not answered yet" },
};

const plural = (n, one, many = one + "s") => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
const listed = (names) => names.length < 2 ? names.join("") : names.slice(0, -1).join(", ") + " and " + names[names.length - 1];
const ms = (t) => t.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 }) + " ms";
/** With one decimal; 100 % only if it is all, 0 % only if it is none. */
function percent(share) {
  const digits = [1, 2, 3, 4].find((n) => (share === 1 || (share * 100).toFixed(n) < 100) && (share === 0 || (share * 100).toFixed(n) > 0)) ?? 1;
  return `${Number((share * 100).toFixed(digits))} %`;
}
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
  const [node, what] = args;
  if (call === "slow") return what === 1 ? `${node} full speed` : `slow ${node} ×${what}`;
  if (call === "jump_clock") return `clock ${node} ${what < 0 ? "−" : "+"}${someMs(Math.abs(what))}`;
  if (call === "drift_clock") return what ? `clock ${node} ${drifts(1 + what)}` : `clock ${node} steady`;
  if (call === "lie") return what === "truth" ? `${node} honest` : `lie ${node}: ${[String(what).replace(/_/g, " "), ...args.slice(2).map(showPlain)].join(" ")}`;
  if (call === "network.lose") return `lose ${node} → ${what} #${args[2]}`;
  const named = Object.entries(options ?? {}).map(([name, value]) => `${name}=${showValue(value)}`);
  return [call.replace("network.", "").replace(/_/g, " "), ...args.map((a) => Array.isArray(a) ? a.join(" ") : showPlain(a)), ...named].join(" ");
}

const showPlain = (value) => typeof value === "string" ? value : showValue(value);
const sayTime = (t) => String(Math.round(t * 1000) / 1000);

/** What stands on a chip. Of faults that the tools do not make, Python's words: the call itself. */
const OWN_LABELS = new Set(["slow", "pause", "resume", "jump_clock", "drift_clock", "lie", "network.lose"]);
const faultLabel = (fault) => !OWN_LABELS.has(fault.call) && fault.label || `${sayFault(fault)} at ${sayTime(fault.at)}`;

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

/** How many messages that were sent before this one, over the same link, are still on their way when it arrives. */
function sayOvertook(run, flight) {
  if (!flight) return "";
  if (!run.overLink) {
    run.overLink = new Map();
    for (const f of run.flights) {
      const way = link(f.src, f.dest);
      if (!run.overLink.has(way)) run.overLink.set(way, []);
      if (f.end !== "drop" && !f.again) run.overLink.get(way).push(f);
    }
  }
  const earlier = run.overLink.get(link(flight.src, flight.dest)).filter((f) => f.fromIndex < flight.fromIndex && f.toIndex > flight.toIndex).length;
  return earlier ? ` It overtook ${plural(earlier, "earlier message")}.` : "";
}

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
      why: took + sayOvertook(run, flight) + (flight?.again ? " This is a second copy: the network delivered it twice." : "") + (overtakenIn(run).has(flight) ? " It was overtaken: one sent later over the same link was there before." : "") };
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
    const said = changed.filter(([name]) => name !== "disk");  // what its disk holds, the panel says
    if (changed.length && !said.length) return { what: `${src} wrote to its disk.`, why: "" };
    return { what: `${src} now has ${shorten(said.map(([n, v]) => `${n} = ${v}`).join(", ") || "the same state", 120)}.`, why: "" };
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
    jump_clock: [`The wall clock of ${a} jumps ${args[1] < 0 ? "back" : "ahead"} by ${someMs(Math.abs(args[1]))}.`, "Its running timers are not moved."],
    drift_clock: args[1] ? [`The clock of ${a} now ${drifts(1 + args[1])}.`, "It reads on from where it is, and its timers run by it."] : [`The clock of ${a} runs evenly again.`, "It reads on from where it is: what it is off by, stays."],
    lie: args[1] === "truth" ? [`${a} tells the truth again.`, ""] : [`${a} begins to lie (${[String(args[1]).replace(/_/g, " "), ...args.slice(2).map(showPlain)].join(" ")}).`, "Its program is right; what it sends is not what its program says."],
    "network.lose": [`The network loses what ${a} sent to ${b} as its message number ${args[2]}.`, "Nobody is told. Who waits for it can only guess."],
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

/** Whether, at this moment, the run's property does not hold any more. */
const isBroken = ({ broken }, index, time) => broken !== null && (broken.index === null ? time >= broken.at : index >= broken.index);

/** What the caption says of a property that does not hold: where it broke, after which event, and from then on, since when. */
function sayBroken(run, stop, index, time) {
  if (!isBroken(run, index, time)) return "";
  const { what, say, index: after, at } = run.broken, here = after === null ? time - at < 0.05 : stop && stop.main <= after && after <= stop.last;
  if (!here) return `“${what}” does not hold, since ${ms(at)}.`;
  return after === null ? `Here it broke: ${say}` : `Here it broke: “${what}” does not hold after this event, number ${after} of the trace.`;
}

/** "7 of 9 good = 77.8 %", of a whole run; where nobody asked anything, what became of the messages. */
function sayResult(run) {
  const last = run.users.steps[run.users.steps.length - 1];
  if (!run.users.operations.length) {
    const lost = run.flights.filter((f) => f.end === "drop").length;
    return `${lost.toLocaleString("en")} of ${plural(run.flights.length, "message")} dropped`;
  }
  return last ? `${last.good.toLocaleString("en")} of ${last.n.toLocaleString("en")} good = ${percent(last.share)}` : "no operation was judged";
}

function describeStop(run, stops, number) {
  if (number < 0) return describe(run, -1);
  const { main, last } = stops[number], said = describe(run, main), more = [];
  for (let i = main + 1; i <= last; i++) if (run.events[i][1] === "state" && isUp(run, run.events[i][2], i)) more.push(describe(run, i).what);
  return { what: said.what, why: [said.why, ...more].filter(Boolean).join(" ") };
}

function sayPick(run, { flight, op, column }) {
  if (column) {
    const { client, from, to, counts, n } = column, rest = Object.keys(OUTCOMES).filter((o) => counts[o]);
    return [`${plural(n, "operation")}${client ? ` of ${client}` : ""}`, `asked between ${ms(from)} and ${ms(to)}`, rest.map((o) => `${OUTCOMES[o].mark} ${counts[o].toLocaleString("en")} ${OUTCOMES[o].say}`).join(", ")];
  }
  if (op) {
    const from = `asked at ${ms(op.start)}`;
    return [`${OUTCOMES[op.outcome]?.mark ?? ""} ${op.label ?? "operation"}`, `${op.client}, ${from}`, `${OUTCOMES[op.outcome]?.say ?? op.outcome}${op.say ? `: ${op.say}` : ""}`];
  }
  const fate = flight.end === "deliver" ? `received at ${ms(flight.to)}, after ${ms(flight.to - flight.from)}`
    : flight.end === "drop" ? `dropped at ${ms(flight.to)}: ${dropReason(run, flight, flight.toIndex)}` : "still on the way when the run ends";
  const odd = [flight.again ? "a second copy: the network delivered it twice" : "", overtakenIn(run).has(flight) ? "overtaken: one sent later over the same link was there before" : ""];
  return [showMessage(flight.msg), `${flight.src} → ${flight.dest}, sent at ${ms(flight.from)}`, fate, ...odd.filter(Boolean)];
}

/** At most two lines under a node, role and term first; pointing at it shows all. */
function shortState(run, fields) {
  const place = ["role", termOf(fields), "queue", "disk"], entries = Object.entries(fields).filter(([name]) => !place.includes(name));
  const head = [bare(fields.role), termOf(fields) ? `term ${fields[termOf(fields)]}` : ""].filter(Boolean).join(", ");
  const queue = /^\D*[1-9]/.test(fields.queue ?? "") ? `queue ${fields.queue}` : "", changing = entries.filter(([name]) => run.shownFields.has(name));
  const values = (changing.length ? changing : entries).map(([name, value]) => `${name} ${value}`);
  return [head, queue, ...values].filter(Boolean).slice(0, 2).map((line) => shorten(line, 17));
}

/** The name of the attribute that holds a node's term, as Raft's current_term; undefined if there is none. */
const termOf = (fields) => ["term", "current_term"].find((name) => name in fields);

/** A recorded text without the quotes that Python puts around it: 'leader' is leader. */
const bare = (text) => /^'[^']*'$/.test(text ?? "") ? text.slice(1, -1) : text ?? "";
