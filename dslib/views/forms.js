/* What the forms of a lesson share. predict.js and selfcheck.js come after it: as a module in JupyterLab, and in a page without
 * a kernel as a plain script, where the browser's own storage keeps what the reader says. Nothing leaves the machine.
 */

/** Whatever can have the focus carries data-lm-suppress-shortcuts itself: JupyterLab would take the arrow keys for moving
 *  between cells, and looks at the focused element before its surroundings. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (/^(input|button|select)$/.test(tag) || "tabindex" in attributes) element.setAttribute("data-lm-suppress-shortcuts", "true");
  element.append(...children);
  return element;
}

const unique = () => `dslib-${Math.random().toString(36).slice(2, 10)}`;

const count = (number, thing) => `${number} ${thing}${number === 1 ? "" : "s"}`;

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;  // or a screen reader would read it again
  element.hidden = !text;
}

/** The page's name: the last part of its address, without .html. A lesson's page is named after its notebook. */
function pageName() {
  const parts = decodeURIComponent(location.pathname).split("/").filter(Boolean);
  return (parts.pop() ?? "").replace(/\.html?$/, "");
}

const NOT_KEPT = "This browser keeps nothing for this page: what you say is gone when you leave it.";

/** What this browser keeps of one lesson: records by key, of "predictions" or "checks". Without storage it is kept until the
 *  page is left, and `trouble` says so. */
function shelf(part, place) {
  const name = `dslib.${part}/1 ${place || pageName()}`;
  const memory = (window.dslibKept ??= {});              // shared by the scripts of one page
  let trouble = "";

  function all() {
    if (memory[name]) return memory[name];
    let text;
    try {
      text = localStorage.getItem(name);
    } catch {                                            // some browsers have none for a page from disk
      memory[name] = {};
      trouble = NOT_KEPT;
    }
    if (!text) return {};
    try {
      const found = JSON.parse(text);
      if (Object.prototype.toString.call(found) !== "[object Object]") throw new Error("no records");
      return found;
    } catch {
      trouble = "What this browser had kept of this page could not be read. It was set aside, and a new record begins here.";
      try {
        localStorage.setItem(`${name} set aside`, text);
        localStorage.removeItem(name);
      } catch {
        memory[name] = {};                               // it is full: the damaged record stays where it is
      }
      return {};
    }
  }

  function put(key, record) {
    const kept = { ...all(), [key]: record };
    try {
      if (memory[name]) throw new Error("memory only");
      localStorage.setItem(name, JSON.stringify(kept));
    } catch {
      memory[name] = kept;
      trouble = NOT_KEPT;
    }
    document.dispatchEvent(new CustomEvent("dslib-kept"));
  }

  return { all, put, get: (key) => all()[key] ?? null, trouble: () => trouble };
}

const UNTOUCHED = { tries: 0, hints: 0, solved: false, shown: false, said: [] };

/** What is kept of a self-check, if it is such a record. */
function checkRecord(kept) {
  const good = Number.isInteger(kept?.tries) && Number.isInteger(kept.hints) && Array.isArray(kept.said);
  return good ? { ...UNTOUCHED, ...kept } : null;
}

/** Call `show` now, and whenever something was kept: here, or by the same page in another window. */
function follow(show) {
  document.addEventListener("dslib-kept", show);
  window.addEventListener("storage", show);
  show();
}

/** Each element that carries data-<what> is woken once: wake(element, its data). In a notebook with a kernel the kernel knows
 *  more than the browser, and what it wrote stands. */
function wakeAll(what, wake) {
  for (const host of document.querySelectorAll(`[data-dslib-${what}]`)) {
    if (host.dslibAwake) continue;
    const data = JSON.parse(host.getAttribute(`data-dslib-${what}`));
    if (data.live && host.closest(".jp-NotebookPanel")) continue;
    host.dslibAwake = true;
    wake(host, data);
  }
}
