/* The game of spending.py: one decision a day, and what is left of the budget. forms.js stands before it.
 *
 * `game` is {seed, days: [[usual, incident, release]], requests, target, budget, decisions}: how many requests fail on each day
 * whatever one does, by an incident, and by a release if there is one. The dice of a day do not depend on what was decided.
 */

const SVG = "http://www.w3.org/2000/svg";
const BOX = { width: 640, left: 132, right: 16, top: 14, plot: 150, lane: 20, lanes: 3 };

function draw_(tag, attributes, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

/** What came of the decisions so far. */
function account({ days, budget }, decisions) {
  const evenings = [1], rows = [];
  let failed = 0;
  decisions.forEach((released, day) => {
    const [usual, incident, release] = days[day];
    const faulty = released ? release : 0;
    failed += usual + incident + faulty;
    rows.push({ released, incident, faulty });
    evenings.push(1 - failed / budget);
  });
  return { evenings, rows, left: evenings.at(-1), releases: rows.filter((row) => row.released).length };
}

const percent = (share) => `${Math.round(100 * share)} %`.replace("-", "−");

/** The situation in words: what happened yesterday, and how it stands. */
function inSentences(game, { rows, left, releases }) {
  const days = game.days.length, day = rows.length, last = rows.at(-1);
  const parts = [];
  if (last) {
    const what = !last.released ? "Nothing was released." : last.faulty ? `The release was faulty: ${last.faulty} requests failed.` : "The release was fine.";
    parts.push(`Day ${day}: ${what}${last.incident ? ` And an incident: ${last.incident} failed.` : ""}`);
  }
  const went = count(releases, "release");
  if (day === days) parts.push(`The four weeks are over: ${went}, ${percent(left)} of the budget left, so the target of ${game.target} is ${left >= 0 ? "met" : "missed"}.`);
  else parts.push(`${percent(left)} of the budget left, ${count(days - day, "day")} to go, ${went} so far. Release today?`);
  return parts.join(" ");
}

function chart(game, { evenings, rows }) {
  const { width, left, right, top, plot, lane, lanes } = BOX;
  const height = top + plot + 12 + lane * lanes + 26, days = game.days.length;
  const low = Math.min(-0.2, Math.floor(Math.min(...evenings) * 5) / 5);
  const x = (day) => left + (day / days) * (width - left - right);
  const y = (share) => top + ((1 - share) / (1 - low)) * plot;
  const svg = draw_("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "dslib-picture", style: "min-width: 576px", "font-size": "12.5", fill: "currentColor" });
  for (let share = 1; share >= low - 1e-9; share -= low < -1 ? 0.5 : 0.2) {
    const empty = Math.abs(share) < 1e-9;
    svg.append(draw_("path", { d: `M${left} ${y(share)}H${width - right}`, stroke: "currentColor", "stroke-opacity": empty ? 0.9 : 0.15 }));
    svg.append(draw_("text", { x: left - 8, y: y(share) + 4, "text-anchor": "end" }, empty ? "empty 0 %" : percent(share)));
  }
  for (let day = 0; day <= days; day += 7) {
    svg.append(draw_("path", { d: `M${x(day)} ${top}V${height - 26}`, stroke: "currentColor", "stroke-opacity": 0.15 }));
    svg.append(draw_("text", { x: x(day), y: height - 8, "text-anchor": day === days ? "end" : "middle" }, day ? `day ${day}` : "0"));
  }
  const path = evenings.map((share, day) => `${day ? "L" : "M"}${x(day).toFixed(1)} ${y(share).toFixed(1)}`).join("");
  svg.append(draw_("path", { d: path, fill: "none", stroke: "var(--dslib-delivered)", "stroke-width": 2.4 }));
  svg.append(draw_("circle", { cx: x(evenings.length - 1), cy: y(evenings.at(-1)), r: 4, fill: "var(--dslib-delivered)" }));
  const signs = [["release", "▲", "delivered", (row) => row.released && !row.faulty],
    ["faulty release", "×", "dropped", (row) => row.faulty], ["incident", "◆", "leader", (row) => row.incident]];
  signs.forEach(([name, mark, colour, chosen], at) => {
    const line = top + plot + 12 + lane * (at + 0.7);
    svg.append(draw_("text", { x: left - 8, y: line, "text-anchor": "end" }, `${name} ${mark}`));
    rows.forEach((row, day) => {
      if (chosen(row)) svg.append(draw_("text", { x: x(day + 0.5), y: line, "text-anchor": "middle", fill: `var(--dslib-${colour})`, "font-weight": 700 }, mark));
    });
  });
  return svg;
}

function mountGame(host, first, tell) {
  let game = first, decisions = [...first.decisions];
  const status = make("p", { role: "status" });
  const frame = make("div", { class: "dslib-scroll", tabindex: "0", role: "group", "aria-label": "Budget over four weeks" });
  const release = make("button", { type: "button" }, "Release");
  const freeze = make("button", { type: "button" }, "Freeze");
  const again = make("button", { type: "button" }, "Start again");
  const alert = make("p", { role: "alert", class: "dslib-alert" });
  const card = make("div", { class: "dslib-view dslib-card dslib-predict" },
    make("p", {}, make("span", { class: "dslib-kind" }, "Spend the budget"),
      `Month ${game.seed}: ${game.requests.toLocaleString("en")} requests a day, target ${game.target}, so ${game.budget.toLocaleString("en")} of them may fail in 28 days.`),
    frame, status, make("div", { class: "dslib-buttons" }, release, freeze, again), alert);
  host.replaceChildren(card);

  function show() {
    const now = account(game, decisions);
    const words = inSentences(game, now);
    const picture = chart(game, now);
    picture.setAttribute("aria-label", `Budget left each evening. ${words}`);
    frame.replaceChildren(picture);
    say(status, words);
    const over = decisions.length === game.days.length;
    const held = [release, freeze].includes(document.activeElement);
    release.disabled = freeze.disabled = over;
    again.hidden = !decisions.length;
    if (over && held) again.focus();                     // the button under the reader's finger went to sleep
  }
  function decide(made) {
    decisions = made;
    try {
      tell(decisions);
      say(alert, "");
    } catch {
      say(alert, "Python does not hear this: the kernel that asked is gone. Run this cell again.");
    }
    show();
  }
  release.addEventListener("click", () => decide([...decisions, true]));
  freeze.addEventListener("click", () => decide([...decisions, false]));
  again.addEventListener("click", () => {
    decide([]);
    release.focus();
  });
  show();
  return (now) => {
    game = now;
    decisions = [...now.decisions];
    show();
  };
}

function wake() {
  wakeAll("budget", (host, data) => {
    mountGame(host, data, () => {});
    host.className = "";                                 // the game brings the frame
  });
}

export default {
  render({ model, el }) {
    const show = mountGame(el, model.get("game"), (decisions) => model.send({ decisions }));
    const changed = () => show(model.get("game"));
    model.on("change:game", changed);
    return () => model.off("change:game", changed);
  },
};
