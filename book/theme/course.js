/* What the book's pages do where scripts run. What the widgets themselves do stands in dslib/views; here is what a page adds:
 * runs and long rows of pictures lie in files beside it and come when their reader comes near, also in a page opened from
 * disk, where a script is all that a page may load. Without scripts the still pictures and the words stay as they are.
 */
(() => {
"use strict";

const here = document.currentScript.src;
/** So far below the window something is brought. */
const NEAR = "1000px 0px";

const waiting = new Map();

/** The files beside a page call this with their name and their text. */
window.dslibArrived = (name, text) => waiting.get(name)?.(text);

function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${address} did not come`));
    script.src = address;
    document.head.append(script);
  });
}

/** The text of a file beside the page. */
function brought(name) {
  return new Promise((resolve, reject) => {
    waiting.set(name, resolve);
    load(name).then(() => reject(new Error(`${name} is empty`)), reject);
  });
}

const scripts = new Map();

/** A script of the book, once. */
function theScript(name) {
  if (!scripts.has(name)) scripts.set(name, load(new URL(`${name}.js`, here).href));
  return scripts.get(name);
}

const thePlayer = () => theScript("player").then(() => window.dslibPlayer);

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

function note(host, words) {
  let said = host.querySelector(":scope > .beside");
  if (!said) {
    said = document.createElement("p");
    said.className = "beside";
    said.setAttribute("role", "status");
    host.prepend(said);
  }
  said.textContent = words;
  said.hidden = !words;
}

// -- runs ----------------------------------------------------------------------------------------------------------

const runs = [...document.querySelectorAll("[data-dslib-player][data-run]")];
const opened = new Map();

function open(host) {
  if (!opened.has(host)) opened.set(host, draw(host));
  return opened.get(host);
}

async function draw(host) {
  const late = setTimeout(() => note(host, "The run is on its way; this is a still picture of it."), 400);
  try {
    if (!window.DecompressionStream) throw new Error("This browser cannot unpack the run. A newer one can play it.");
    const [{ mount, fragmentFor }, bundle] = await Promise.all([thePlayer(), brought(host.dataset.run).then(unpacked)]);
    const number = runs.indexOf(host) + 1;
    const link = (time) => location.href.split("#")[0] + fragmentFor(number, runs.length === 1, time);
    const still = [...host.childNodes].filter((one) => !one.classList?.contains("beside"));
    const player = mount(host, bundle, { link, recorded: "A recorded run. Below it stands how to break it by hand." });
    if (!still[0]?.isConnected) {                          // the player stands in its place, except on paper
      const paper = document.createElement("div");
      paper.className = "on-paper";
      paper.append(...still);
      host.append(paper);
    }
    return player;
  } catch (problem) {
    note(host, `${problem.message}. The picture and the words below are all there is here.`.replace("..", "."));
    return null;
  } finally {
    clearTimeout(late);
    const said = host.querySelector(":scope > .beside");
    if (said && opened.get(host) && window.dslibPlayer && host.shadowRoot) said.remove();
  }
}

/** An address that ends in "#t=123.4" or "#player-2@123.4" opens that player there. */
async function follow() {
  if (!/^#(t=|player-)/.test(location.hash)) return;
  const { readFragment } = await thePlayer();
  const wanted = readFragment(location.hash), host = wanted && runs[wanted.number - 1];
  if (!host) return;
  const found = await open(host);
  found?.pause();
  found?.seek(wanted.time);
  host.scrollIntoView({ block: "start" });
}

// -- rows of pictures, questions, games --------------------------------------------------------------------------------

/** Which script wakes what. That of the predictions comes at once: it covers what happened. */
const WAKES = {
  "dslib-predict": "predict", "dslib-reveal": "predict", "dslib-recap": "predict", "dslib-course": "predict",
  "dslib-check": "selfcheck", "dslib-confusion": "selfcheck", "dslib-traitor": "traitor", "dslib-budget": "spending", frames: "explore",
};

/** data-later="dslib-check 01-…/check-when.js": the file has the value of data-dslib-check. */
const awakened = new Set();
async function bring(host) {
  if (awakened.has(host)) return;
  awakened.add(host);
  const [later, file] = (host.dataset.later ?? "").split(" ");
  const name = later || Object.keys(WAKES).find((one) => host.hasAttribute(`data-${one}`));
  try {
    if (file) host.setAttribute(`data-${name}`, await brought(file));
    await theScript(WAKES[name]);
    document.dispatchEvent(new CustomEvent("dslib-wake"));
  } catch (problem) {
    note(host, `${problem.message}: what stands here can be read, and not touched.`);
  }
}

// -- when --------------------------------------------------------------------------------------------------------------

function whenNear(hosts, act, near = NEAR) {
  if (!window.IntersectionObserver) {
    hosts.forEach(act);
    return;
  }
  const watch = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      act(target);
    }
  }, { rootMargin: near });
  hosts.forEach((host) => watch.observe(host));
}

/** Runs and what lies in files come when the reader begins to move: until then a still picture stands there, and the page is
 *  light whatever its first screen shows. Small things in the window wake at once. */
const MOVES = ["scroll", "keydown", "pointerdown", "pointermove", "touchstart", "wheel", "focusin"];
function moved() {
  for (const kind of MOVES) removeEventListener(kind, moved);
  whenNear(runs, open);
  whenNear(sleepers, bring);
}
for (const kind of MOVES) addEventListener(kind, moved, { passive: true });
if (document.querySelector("[data-dslib-reveal]")) theScript("predict");
const asleep = ["later", ...Object.keys(WAKES)].map((name) => `[data-${name}]`).join(",");
const sleepers = [...document.querySelectorAll(asleep)];
whenNear(sleepers.filter((host) => !host.dataset.later), bring, "0px");
addEventListener("hashchange", follow);
follow();

// -- what would give an answer away ------------------------------------------------------------------------------------------

/** These are there to be tried before one says anything. */
const TRIED = ["dslib-player", "dslib-reveal", "frames", "later", ...Object.keys(WAKES)].map((name) => `[data-${name}]`).join(",");
const covers = new Map();

function cover(one, key, on) {
  if (!covers.has(one)) covers.set(one, new Set());
  covers.get(one)[on ? "add" : "delete"](key);
  one.classList.toggle("waits", covers.get(one).size > 0);
}

function coverWithNote(output, key, on) {
  if (on && !output.previousElementSibling?.matches(".waiting")) {
    const words = document.createElement("p");
    words.className = "recorded waiting";
    words.textContent = "This shows what happens. Say above what you expect, or look without a prediction, below.";
    output.before(words);
  }
  cover(output, key, on);
}

/** The paragraph after an answer that tells it, with the list that belongs to it. */
function telling(cell) {
  const first = cell.nextElementSibling;
  if (!first?.matches("p") || first.firstElementChild?.textContent !== "What happened.") return [];
  const list = first.textContent.trim().endsWith(":") ? first.nextElementSibling : null;
  return list?.matches("ul, ol") ? [first, list] : [first];
}

/** What cells between a question and its answer print and draw waits until the reader has said something, or looked; the
 *  words that tell the answer wait until they have looked. Paper and a page without scripts have it all. */
addEventListener("dslib-looked", ({ target, detail: { key, said, looked } }) => {
  const question = [...document.querySelectorAll("[data-dslib-predict]")].find((one) => JSON.parse(one.dataset.dslibPredict).key === key);
  const cells = [...document.querySelectorAll("article .cell")], answer = target.closest(".cell");
  if (!question || !answer) return;
  for (const cell of cells.slice(cells.indexOf(question.closest(".cell")) + 1, cells.indexOf(answer))) {
    const output = cell.querySelector(".cell_output");
    if (output && !output.querySelector(TRIED)) coverWithNote(output, key, !said && !looked);
  }
  for (const one of telling(answer)) cover(one, key, !looked);
});

// -- from the search to the word ----------------------------------------------------------------------------------------------

/** A page that was found opens at the words that were looked for, where a browser can do that. */
addEventListener("click", ({ target }) => {
  const found = target.closest?.("#search-results a"), words = new URLSearchParams(location.search).get("q")?.trim();
  if (!found || found.hash || !words) return;
  const sought = [...new Set([words, ...words.split(/\s+/)])];
  found.href += `#:~:${sought.map((one) => `text=${encodeURIComponent(one).replaceAll("-", "%2D")}`).join("&")}`;
});

// -- what can be scrolled can be scrolled by keyboard -----------------------------------------------------------------------

/** Code and tables that are wider than the page take the focus; the others are no stop on the way. */
const wide = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    const scrolls = target.scrollWidth > target.clientWidth + 1;
    target.classList.toggle("wider", scrolls);             // a shadow at the edge says that there is more
    if (target.matches(".dslib-scroll") || scrolls === target.hasAttribute("tabindex")) continue;
    const about = { tabindex: "0", role: "group", "aria-label": target.dataset.label ?? (target.tagName === "PRE" ? "Code" : "Table") };
    for (const [name, value] of Object.entries(about)) {
      if (scrolls) target.setAttribute(name, value);
      else target.removeAttribute(name);
    }
  }
});
for (const one of document.querySelectorAll("article pre, .table-wrapper, article .dslib-scroll")) wide.observe(one);

// -- light and dark, where a browser keeps nothing, too ---------------------------------------------------------------------

addEventListener("click", (event) => {
  if (!event.target.closest?.(".theme-toggle")) return;
  event.stopImmediatePropagation();                      // furo's own needs the storage
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const order = dark ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
  const next = order[(order.indexOf(document.body.dataset.theme) + 1) % 3];
  document.body.dataset.theme = next;
  try {
    localStorage.setItem("theme", next);
  } catch {
    // it holds for this page
  }
}, true);

const print = document.querySelector(".for-print");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
})();
