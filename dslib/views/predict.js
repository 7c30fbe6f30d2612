/* The question of `predict`, live: native radio buttons, or a number field. Python keeps the answer (predict.py); on a page
 * without a kernel the browser does, and `reveal` and `recap` are filled from there. forms.js stands before it.
 *
 * The model's `question` is {question, options, range, said, locked, status, alert, heard}; what the reader does goes back as
 * {say: answer} or {again: true}.
 */

function mount(host, first, tell) {
  const id = unique();
  const fieldset = make("fieldset", {},
    make("legend", {}, make("span", { class: "dslib-kind" }, "Predict"), first.question));
  const inputs = [];
  if (first.range) {
    const [low, high, unit] = first.range;
    const input = make("input", { type: "number", min: low, max: high, step: "any", inputmode: "decimal", "aria-describedby": `${id}-range` });
    const commit = () => {
      if (input.value !== "") send({ say: Number(input.value) });
    };
    input.addEventListener("change", commit);
    input.addEventListener("keydown", (event) => {       // JupyterLab keeps Enter from becoming a change
      if (event.key === "Enter") commit();
    });
    inputs.push(input);
    fieldset.append(make("label", { class: "dslib-number" }, make("span", {}, "Your number"), input, make("span", {}, unit)),
      make("span", { id: `${id}-range`, class: "dslib-muted" }, `from ${low} to ${high}`));
  } else {
    for (const option of first.options) {
      const input = make("input", { type: "radio", name: id, value: option });
      input.addEventListener("change", () => send({ say: option }));
      inputs.push(input);
      fieldset.append(make("label", {}, input, make("span", {}, option)));
    }
  }
  const send = (said) => {
    try {
      tell(said);
    } catch {                                            // anywidget cannot send
      say(alert, "Not kept: the kernel that asked is gone. Run this cell again.");
    }
  };
  const status = make("p", { role: "status", class: "dslib-status" });
  const alert = make("p", { role: "alert", class: "dslib-alert" });
  const again = make("button", { type: "button" }, "Predict again");
  again.addEventListener("click", () => {
    back = true;
    send({ again: true });
  });
  let back = false;                                      // "Predict again" vanishes under the reader's finger
  const form = make("form", { class: "dslib-view dslib-card dslib-predict", novalidate: "" },
    fieldset, status, alert, again);
  form.addEventListener("submit", (event) => event.preventDefault());
  host.replaceChildren(form);

  function show(now) {
    fieldset.disabled = now.locked;
    for (const input of inputs) {
      if (input.type === "radio") input.checked = input.value === now.said;
      else if (document.activeElement !== input || now.said === null) input.value = now.said ?? "";
    }
    say(status, now.status);
    say(alert, now.alert);
    again.hidden = !now.locked;
    if (back && !now.locked) {
      back = false;
      inputs[0].focus();
    }
  }
  show(first);
  return show;
}

// -- without a kernel ----------------------------------------------------------------------------------------------

/** The words of predict.py, for a page. A record is {question, options, range, said, did, late}. */
const short = (value) => {
  if (typeof value !== "number") return String(value).replace(/\.+$/, "");
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) < 10_000 ? String(Number(value.toPrecision(4))) : value.toFixed(0);
};
const unit = (record) => (record.range?.[2] ? ` ${record.range[2]}` : "");
const apart = (record) => (record.range[2] === "%" ? " percentage points" : unit(record));
const inWords = (record, value) => `${short(value)}${unit(record)}`;

function verdict(row) {
  const { said, did, late, options, range } = row;
  const after = late ? " You said so after you had looked." : "";
  if (range) {
    if (typeof did !== "number") return `There is no number to compare.${after}`;
    if (said === did) return `Exactly as you predicted.${after}`;
    return `You were off by ${short(Math.abs(did - said))}${apart(row)}.${after}`;
  }
  if (said === did) return `As you predicted.${after}`;
  return (options.includes(did) ? "Not as you predicted." : "None of the options said that.") + after;
}

const fits = ({ options, range }, said) => (range
  ? typeof said === "number" && range[0] <= said && said <= range[1]
  : options.includes(said));

/** What this browser and the kernel that made the page know of a prediction: with `looked` and `late`. */
function known(kept, key, record) {
  const here = kept.get(key);
  const fresh = { ...record, said: null, late: false, looked: false };
  if (here) return here.said === null || fits(record, here.said) ? { ...fresh, ...here } : fresh;
  return record.said === null ? fresh : { ...record, looked: record.did !== null };
}

function wakePrediction(host, { key, place, record }) {
  const kept = shelf("predictions", place);
  let refused = "";
  const state = () => {
    const { said, late, looked } = known(kept, key, record);
    const words = said === null ? "" : inWords(record, said);
    let status = looked ? "You have looked at what happens: what you say now comes after it." : "Choose before you look at what happens.";
    if (said !== null && late) status = `You said: ${words}, after you had looked.`;
    else if (said !== null && looked) status = `You said: ${words}. What happened stands below.`;
    else if (said !== null) status = `You said: ${words}. You can change it until you look at what happens.`;
    const alert = [refused, kept.trouble()].filter(Boolean).join(" ");
    return { question: record.question, options: record.options, range: record.range, said, locked: said !== null && looked && !late, status, alert };
  };
  const show = mount(host, state(), (told) => {
    const now = known(kept, key, record);
    refused = "";
    if (told.again) kept.put(key, { said: null, late: false, looked: false });
    else if (fits(record, told.say)) kept.put(key, { said: told.say, late: now.looked, looked: now.looked });
    else refused = `${short(told.say)} does not answer it: write a number from ${short(record.range[0])} to ${inWords(record, record.range[1])}.`;
    show(state());
  });
  host.className = "";                                   // the form brings the frame
  follow(() => show(state()));
}

function wakeReveal(host, { key, place, record }) {
  const asked = [...document.querySelectorAll("[data-dslib-predict]")]
    .some((one) => JSON.parse(one.getAttribute("data-dslib-predict")).key === key);
  if (!asked) return;                                    // nowhere to answer: what happened just stands there
  const kept = shelf("predictions", place);
  const first = make("p", {}), why = make("p", {});
  const said = make("div", { role: "status", tabindex: "-1" }, first, why);
  const look = make("button", { type: "button" });
  look.addEventListener("click", () => {
    const { said: choice, late } = known(kept, key, record);
    kept.put(key, { said: choice, late, looked: true });
    said.focus();
  });
  const did = inWords(record, record.did);
  const onPaper = make("p", { class: "dslib-on-paper" }, `The run says: ${did}. ${record.why}`.trim());
  host.replaceChildren(said, look, onPaper);             // where it cannot be uncovered, it is not covered
  follow(() => {
    const now = known(kept, key, record);
    const words = now.said === null ? "" : inWords(record, now.said);
    const parts = [];
    if (!now.looked) {
      parts.push(now.said === null ? "Commit first, then look: say above what you expect." : "You said: ", now.said === null ? "" : make("b", {}, words), now.said === null ? "" : ".");
      look.textContent = now.said === null ? "Look without a prediction" : "Show what happened";
    } else if (now.said === null) parts.push("You made no prediction. The run says: ", make("b", {}, did), ".");
    else parts.push("You said: ", make("b", {}, words), ". The run says: ", make("b", {}, did), `. ${verdict(now)}`);
    first.replaceChildren(...parts);
    say(why, now.looked ? record.why : "");
    look.hidden = now.looked;
    host.classList.toggle("dslib-covered", !now.looked);
    host.classList.toggle("dslib-met", now.looked && now.said !== null && now.said === record.did);
    host.classList.toggle("dslib-missed", now.looked && now.said !== null && now.said !== record.did);
    curtain(host, now.looked);
    host.dispatchEvent(new CustomEvent("dslib-looked", { bubbles: true, detail: { key, said: now.said !== null, looked: now.looked } }));
  });
}

/** What else the cell of a hidden outcome shows would give it away: it waits, too. */
function curtain(host, open) {
  const outputs = host.closest(".jp-OutputArea, .cell_output");
  if (!outputs || host.closest(".jp-NotebookPanel")) return;
  for (const output of outputs.children) {
    if (!output.contains(host)) output.style.display = open ? "" : "none";
  }
}

function wakeRecap(host, { place, records, checks }) {
  const kept = shelf("predictions", place), tried = shelf("checks", place);
  const finding = make("p", {}), done = make("p", {}), body = make("tbody");
  const head = ["Question", "You said", "What happened"].map((title) => make("th", { scope: "col" }, title));
  const table = make("div", { class: "dslib-scroll", tabindex: "0", role: "group", "aria-label": "Your predictions" },
    make("table", { class: "dslib-table" }, make("thead", {}, make("tr", {}, ...head)), body));
  const trouble = make("p", { class: "dslib-alert" });
  host.replaceChildren(finding, done, table, trouble);
  table.hidden = !records.length;
  follow(() => {
    const rows = records.map(({ key, ...record }) => {
      const now = known(kept, key, record);
      return { ...now, did: now.looked ? now.did : null };
    });
    say(finding, rows.length ? counted(rows) : "");
    say(done, progress(Object.entries(checks).map(([id, record]) => checkRecord(tried.get(id)) ?? record)));
    say(trouble, kept.trouble() || tried.trouble());
    body.replaceChildren(...rows.map((row) => {
      const both = row.said !== null && row.did !== null;
      const sign = !both || row.range ? "" : row.said === row.did ? "✓ " : "✗ ";
      const did = row.did === null ? "not looked at yet" : inWords(row, row.did);
      return make("tr", {}, make("th", { scope: "row" }, row.question),
        make("td", {}, row.said === null ? "nothing" : inWords(row, row.said)),
        make("td", {}, `${sign}${did}.${both ? ` ${verdict(row)}` : ""}`));
    }));
  });
}

/** The whole course: of the lessons that this browser has heard of, how many predictions were made. A page knows only its own
 *  questions, so what happened stands on each lesson's page. */
function wakeCourse(host, { kept }) {
  if (kept) return;                                      // the kernel that made the page knew more
  const words = host.innerHTML, prefix = "dslib.predictions/1 ";
  follow(() => {
    const rows = [];
    try {
      for (let i = 0; i < localStorage.length; i += 1) {
        const name = localStorage.key(i);
        if (!name.startsWith(prefix) || name.endsWith(" set aside")) continue;
        const said = Object.values(shelf("predictions", name.slice(prefix.length)).all()).filter((record) => (record?.said ?? null) !== null);
        if (said.length) rows.push([name.slice(prefix.length), said.length, said.filter((record) => record.looked).length]);
      }
    } catch {                                            // some browsers have no storage for a page from disk
      rows.length = 0;
    }
    if (!rows.length) {
      host.innerHTML = words;
      return;
    }
    const total = rows.reduce((sum, row) => sum + row[1], 0);
    const list = rows.sort().map(([place, said, looked]) => make("li", {}, `${titled(place)}: ${count(said, "prediction")}, ${looked} looked at`));
    host.replaceChildren(make("p", {}, `In this browser you have made ${count(total, "prediction")} in ${count(rows.length, "lesson")}. What happened stands on each lesson's page, under “Your predictions”.`),
      make("ul", {}, ...list));
  });
}

/** As predict.py has it. */
function titled(place) {
  const found = /^(\d\d)-(.+)$/.exec(place);
  return found ? `Lesson ${Number(found[1])}, ${found[2].replaceAll("-", " ").replace(/\bsl([ioa])s\b/g, (_, letter) => `SL${letter.toUpperCase()}s`)}` : `Page ${place}`;
}

/** recap's first sentences, as predict.py has them. */
function counted(rows) {
  const said = rows.filter((row) => row.said !== null);
  const settled = said.filter((row) => row.did !== null && !row.range);
  const numbers = said.filter((row) => row.did !== null && row.range);
  const right = settled.filter((row) => row.said === row.did).length;
  const words = [said.length < rows.length ? `You made ${said.length} of ${count(rows.length, "prediction")}.`
    : rows.length === 1 ? "You made the one prediction." : `You made all ${rows.length} predictions.`];
  if (settled.length) words.push(`${right} of ${count(settled.length, "choice")} came out as you said.`);
  if (numbers.length) {
    const off = numbers.map((row) => (typeof row.did !== "number" ? "without a number to compare"
      : `${short(Math.abs(row.did - row.said))}${apart(row)} off`));
    const list = [off.slice(0, -1).join(", "), off.at(-1)].filter(Boolean).join(" and ");
    words.push(`${off.length === 1 ? "Your number was" : "Your numbers were"} ${list}.`);
  }
  const waiting = said.length - settled.length - numbers.length;
  if (waiting) words.push(`${count(waiting, "prediction")} not looked at yet.`);
  return words.join(" ");
}

/** As keep.py has it. */
function progress(records) {
  if (!records.length) return "";
  const total = (field) => records.reduce((sum, record) => sum + Number(record[field]), 0);
  const shown = total("shown") ? `, ${count(total("shown"), "answer")} shown` : "";
  return `Self-checks: ${total("solved")} of ${records.length} done, ${count(total("hints"), "hint")} used${shown}.`;
}

function wake() {
  wakeAll("predict", wakePrediction);
  wakeAll("reveal", wakeReveal);
  wakeAll("recap", wakeRecap);
  wakeAll("course", wakeCourse);
}

export default {
  render({ model, el }) {
    const show = mount(el, model.get("question"), (said) => model.send(said));
    const changed = () => show(model.get("question"));
    model.on("change:question", changed);
    return () => model.off("change:question", changed);
  },
};
