/* The form of `check`: answers, hints and feedback, unlocked by what the reader does. forms.js and seals.js stand before it.
 *
 * The model's `item` is what selfcheck.py seals; its `state` is {tries, hints, solved, shown, said, alert, heard}. All checking
 * is done here, and goes on when the kernel is gone; the kernel, or the browser, only keeps the state: {kept: state}.
 */

const opened = (item, what) => unlock(item.locks, keyOf(item.salt, what));

/** What an answer is told: {right, say}. `said` is what was chosen, or one text that was written. As judge in selfcheck.py. */
function judge(item, said) {
  if (item.kind === "text") return opened(item, `text ${plain(said[0])}`) ?? opened(item, "otherwise");
  if (item.kind === "number") {
    const at = readNumber(said[0], item.unit).value / item.step;
    const near = Math.abs(at) < 2 ** 53 ? opened(item, `cell ${Math.floor(at + 0.5)}`) : null;
    return near ?? opened(item, "otherwise");
  }
  const places = [...item.options.keys()];
  const chosen = places.filter((i) => said.includes(item.options[i]));
  const exactly = opened(item, `set ${chosen}`);
  if (exactly) return exactly;
  const parts = chosen.map((i) => [item.options[i], opened(item, `chosen ${i}`)]).filter(([, found]) => found)
    .map(([option, found]) => `“${option}”: ${found.say || "no."}`);
  if (places.some((i) => !chosen.includes(i) && opened(item, `left ${i}`))) parts.push("Something is missing.");
  return { right: false, say: parts.join(" ") };
}

const plain = (text) => text.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean).join(" ")
  .replace(/^[ .,;:!?"'()]+|[ .,;:!?"'()]+$/g, "");

/** A number as people write it: {value}, or {complaint}. */
function readNumber(text, unit) {
  let bare = text.trim().replace(/\u2212/g, "-");
  if (unit && bare.endsWith(unit)) bare = bare.slice(0, -unit.length);
  bare = bare.replace(/[\s\u00a0\u202f]/g, "");
  if (/^[+-]?[1-9]\d{0,2}(,\d{3})+$/.test(bare)) return { complaint: "Write it without the comma: it could be a thousand, or a fraction." };
  bare = bare.replace(",", ".");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(bare)) return { complaint: "Write a number, such as 1.5." };
  return { value: Number(bare) };
}

function mountCheck(host, item, first, tell) {
  const id = unique();
  let state = { ...first }, sent = 0;
  const written = item.kind === "number" || item.kind === "text";
  const fieldset = make("fieldset", {},
    make("legend", {}, make("span", { class: "dslib-kind" }, "Check yourself"), item.question));
  const inputs = [];
  if (written) {
    const input = make("input", { type: "text", autocomplete: "off", spellcheck: "false", "aria-describedby": `${id}-told` });
    if (item.kind === "number") input.setAttribute("inputmode", "decimal");
    input.addEventListener("input", forget);
    inputs.push(input);
    fieldset.append(make("label", { class: "dslib-number" }, make("span", {}, item.kind === "number" ? "Your number" : "Your answer"), input,
      make("span", {}, item.unit)));
  } else {
    if (item.kind === "many") fieldset.append(make("p", { class: "dslib-muted" }, "Choose all that hold."));
    for (const option of item.options) {
      const input = make("input", { type: item.kind === "many" ? "checkbox" : "radio", name: id, value: option });
      input.addEventListener("change", forget);
      inputs.push(input);
      fieldset.append(make("label", {}, input, make("span", {}, option)));
    }
  }
  const check = make("button", { type: "submit" }, "Check");
  const hint = make("button", { type: "button" });
  const show = make("button", { type: "button" }, "Show the answer");
  const again = make("button", { type: "button" }, "Start again");
  // Regions that speak stand there before they have something to say, or they would not be heard.
  const hints = make("div", { class: "dslib-hints", "aria-live": "polite" });
  const told = make("p", { class: "dslib-told", role: "status", id: `${id}-told`, tabindex: "-1" });
  const answer = make("p", { class: "dslib-told", role: "status", tabindex: "-1" });
  const tally = make("p", { class: "dslib-muted" });
  const alert = make("p", { role: "alert", class: "dslib-alert" });
  const form = make("form", { class: "dslib-view dslib-card dslib-check", novalidate: "" },
    fieldset, make("div", { class: "dslib-buttons" }, check, hint, show, again), told, hints, answer, tally, alert);
  host.replaceChildren(form);

  const said = () => (written ? [inputs[0].value.trim()].filter(Boolean) : inputs.filter((input) => input.checked).map((input) => input.value));
  const mayBeShown = () => state.tries > 0 || state.solved || (item.hints > 0 && state.hints >= item.hints);

  /** What stands there was told about another answer. */
  function forget() {
    tell_(told, "");
    frame(null);
  }

  function tell_(element, text) {                        // never hidden: a hidden region is not heard
    if (element.textContent !== text) element.textContent = text;
  }

  function frame(right) {
    form.classList.toggle("dslib-met", right === true);
    form.classList.toggle("dslib-missed", right === false);
  }

  function keep(change) {
    state = { ...state, ...change };
    draw();
    const { tries, hints: asked, solved, shown, said: last } = state;
    sent++;
    try {
      tell({ tries, hints: asked, solved, shown, said: last });
    } catch {                                            // anywidget cannot send
      say(alert, "The kernel that asked is gone: checking goes on, and what you do is not kept. Run this cell again to keep it.");
    }
  }

  function pronounce(answers) {
    const found = judge(item, answers);
    tell_(told, [found.right ? "✓ Right." : "✗ No.", found.say].filter(Boolean).join(" "));
    frame(found.right);
    return found.right;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const answers = said();
    const number = item.kind === "number" && answers.length ? readNumber(answers[0], item.unit) : {};
    if (!answers.length || number.complaint) {
      tell_(told, number.complaint ?? (written ? "Write an answer first." : "Choose an answer first."));
      frame(null);
      inputs[0].focus();
      return;
    }
    const right = pronounce(answers), open = !state.solved && !state.shown;  // after that, trying is free
    keep({ said: state.solved ? state.said : answers, tries: state.tries + (open ? 1 : 0), solved: state.solved || (right && !state.shown) });
  });
  for (const input of inputs) {                          // JupyterLab keeps Enter from sending the form
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      form.requestSubmit();
    });
  }
  hint.addEventListener("click", () => {
    keep({ hints: state.hints + 1 });
    if (hint.hidden) hints.lastElementChild.focus();     // the button went from under the reader's finger
  });
  show.addEventListener("click", () => {
    keep({ shown: !state.solved });
    reveal();
    answer.focus();
  });
  again.addEventListener("click", () => {
    for (const input of inputs) {
      if (written) input.value = "";
      else input.checked = false;
    }
    forget();
    tell_(answer, "");
    keep(UNTOUCHED);
    inputs[0].focus();
  });

  function reveal() {
    const found = opened(item, "the answer");
    tell_(answer, [`The answer: ${found.answer.replace(/\.$/, "")}.`, found.say].filter(Boolean).join(" "));
    show.hidden = true;
  }

  function draw() {
    while (hints.childElementCount > state.hints) hints.lastElementChild.remove();
    while (hints.childElementCount < Math.min(state.hints, item.hints)) {
      const number = hints.childElementCount + 1;
      hints.append(make("p", { tabindex: "-1" }, make("b", {}, `Hint ${number} of ${item.hints}: `), opened(item, `hint ${number}`).say));
    }
    hint.textContent = `Hint ${state.hints + 1} of ${item.hints}`;
    hint.hidden = state.hints >= item.hints || state.solved || state.shown;
    show.hidden = !mayBeShown() || state.solved || Boolean(answer.textContent);
    again.hidden = !state.solved && !state.shown;
    const done = state.solved ? "Right" : state.shown ? "Answer shown" : "Not solved yet";
    const used = [state.tries ? (state.tries === 1 ? "1 try" : `${state.tries} tries`) : "", state.hints ? count(state.hints, "hint") : ""].filter(Boolean);
    say(tally, used.length || state.shown ? `${[done, ...used].join(" · ")}` : "");
  }

  /** What is kept is what stands here, unless the page was opened just now, or another form did more. */
  function adopt(now) {
    say(alert, now.alert ?? "");
    if (now.heard < first.heard + sent) return;          // the kernel has not heard of the last click yet
    const same = ["tries", "hints", "solved", "shown"].every((field) => now[field] === state[field]);
    if (same && now !== first) return;
    state = { ...now };
    if (state.said.length && (state.tries || state.solved)) {
      for (const input of inputs) {
        if (written) input.value = state.said[0];
        else input.checked = state.said.includes(input.value);
      }
      const there = written || state.said.every((text) => item.options.includes(text));
      if (there) pronounce(state.said);                  // else the lesson has other options now
    }
    draw();
    if (state.shown) reveal();
    else tell_(answer, "");
    draw();
  }
  adopt(first);
  return adopt;
}

function wake() {
  wakeAll("check", (host, { place, item, state }) => {
    const kept = shelf("checks", place);
    const now = () => ({ ...(checkRecord(kept.get(item.id)) ?? state), alert: kept.trouble() });
    const show = mountCheck(host, item, now(), (told) => {
      const first = CASE.test(item.id) ? kept.get(item.id)?.first ?? (told.tries ? told.said : null) : null;
      kept.put(item.id, first ? { ...told, first } : told);
    });
    host.className = "";                                 // the form brings the frame
    follow(() => show(now()));
  });
  wakeAll("confusion", wakeConfusion);
}

/** What a case of diagnosis.py is called: its first guess is kept, too. */
const CASE = /^case-\d+$/;

/** First guesses at those cases, as its `confusion` shows them. What a case was is known once it is solved. */
function wakeConfusion(host, { place, order }) {
  const kept = shelf("checks", place), words = make("p", { role: "status" }), rest = make("div");
  host.replaceChildren(words, rest);
  follow(() => {
    const guessed = Object.entries(kept.all()).filter(([id, record]) => CASE.test(id) && record?.first?.length === 1);
    const pairs = guessed.filter(([, record]) => record.solved).map(([, { said, first }]) => [said[0], first[0]]);
    const open = guessed.length - pairs.length;
    const cell = (truth, chosen) => pairs.filter(([was, took]) => was === truth && took === chosen).length;
    const listed = (titles) => [...new Set(titles)].sort((a, b) => order.indexOf(a) - order.indexOf(b));
    const truths = listed(pairs.map(([truth]) => truth)), columns = listed(pairs.flat());
    const mixed = truths.flatMap((truth) => columns.filter((chosen) => chosen !== truth && cell(truth, chosen))
      .map((chosen) => `${truth} for ${chosen}${cell(truth, chosen) > 1 ? ` (${cell(truth, chosen)} times)` : ""}`));
    const parts = guessed.length ? [] : ["You have not guessed yet. Answer a case above."];
    if (pairs.length) parts.push(`${pairs.filter(([truth, chosen]) => truth === chosen).length} of ${pairs.length} first ${pairs.length === 1 ? "guess" : "guesses"} right.`);
    if (mixed.length) parts.push(`You took ${mixed.join("; ")}.`);
    if (open) parts.push(`${count(open, "case")} not found yet: try on.`);
    say(words, parts.join(" "));
    const head = columns.map((title) => make("th", { scope: "col" }, title));
    const body = truths.map((truth) => make("tr", {}, make("th", { scope: "row" }, truth), ...columns.map((chosen) => {
      const times = cell(truth, chosen);
      return make("td", {}, times ? `${truth === chosen ? "✓" : "✗"} ${times}` : "");
    })));
    rest.replaceChildren(...(pairs.length ? [make("div", { class: "dslib-scroll", tabindex: "0", role: "group", "aria-label": "Your first guesses" },
      make("table", { class: "dslib-table" }, make("caption", {}, "Rows: what it was. Columns: what you said."),
        make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "It was"), ...head)), make("tbody", {}, ...body)))] : []));
  });
}

export default {
  render({ model, el }) {
    const show = mountCheck(el, model.get("item"), model.get("state"), (kept) => model.send({ kept }));
    const changed = () => show(model.get("state"));
    model.on("change:state", changed);
    return () => model.off("change:state", changed);
  },
};
