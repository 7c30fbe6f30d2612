/* The page about what this browser keeps: it counts the reader's answers, puts them into a file, brings them back, forgets them. */
(() => {
"use strict";

const OURS = /^dslib\.(predictions|checks)\/1 (.+)$/;
const FILE = "answers-in-the-book.json";

const box = document.querySelector("#answers");
const byClass = (name) => box.querySelector(`.${name}`);
const [table, rows, told] = [byClass("answers-table"), box.querySelector("tbody"), byClass("answers-told")];

const number = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;
const isRecords = (found) => Object.prototype.toString.call(found) === "[object Object]";

/** The entries of the browser's storage that are this course's, or null where it has none. */
function kept() {
  try {
    return Object.entries(localStorage).filter(([name]) => OURS.test(name));
  } catch {
    return null;
  }
}

function records(text) {
  try {
    const found = JSON.parse(text);
    return isRecords(found) ? found : null;
  } catch {
    return null;
  }
}

/** What was said, for each page: predictions and self-checks. */
function counted(entries) {
  const pages = new Map();
  for (const [name, text] of entries) {
    const [, part, page] = OURS.exec(name);
    if (page.endsWith(" set aside")) continue;
    const row = pages.get(page) ?? { predictions: 0, checks: 0 };
    const touched = (one) => (part === "checks" ? one?.tries || one?.hints || one?.shown : (one?.said ?? null) !== null);
    row[part] = Object.values(records(text) ?? {}).filter(touched).length;
    pages.set(page, row);
  }
  return [...pages].filter(([, row]) => row.predictions || row.checks).sort();
}

function titled(page) {
  const found = /^(\d\d)-/.exec(page);
  return found ? `Lesson ${Number(found[1])}` : page;
}

function show(words = "") {
  const entries = kept();
  const pages = counted(entries ?? []);
  rows.replaceChildren(...pages.map(([page, row]) => {
    const line = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = titled(page);
    line.append(head, ...[row.predictions, row.checks].map((count) => Object.assign(document.createElement("td"), { textContent: count })));
    return line;
  }));
  table.hidden = !pages.length;
  for (const name of ["save", "forget"]) byClass(name).disabled = !entries?.length;
  byClass("really").hidden = true;
  if (!words && !entries) words = "This browser keeps nothing for this page: your answers are gone when you leave a lesson.";
  if (!words && !pages.length) words = "This browser keeps no answers yet.";
  told.textContent = words;
}

/** Each record of the file goes to the others of its page; where both have one, that of the file stays. */
function bringBack(text, name) {
  const found = records(text);
  const entries = Object.entries(found ?? {}).filter(([key, value]) => OURS.test(key) && typeof value === "string" && records(value));
  if (!entries.length) {
    show(`${name} was not brought back: it holds no answers of this course. Choose a file that was saved here.`);
    return;
  }
  try {
    for (const [key, value] of entries) {
      const mine = records(localStorage.getItem(key) ?? "{}") ?? {};
      localStorage.setItem(key, JSON.stringify({ ...mine, ...records(value) }));
    }
    const pages = counted(entries);
    const total = (part) => pages.reduce((sum, [, row]) => sum + row[part], 0);
    show(`Brought back: ${number(total("predictions"), "prediction")} and ${number(total("checks"), "self-check")} of ${number(pages.length, "page")}.`);
  } catch {
    show("Not all was brought back: this browser keeps nothing more for this page. Make room, or allow it to keep data, and try again.");
  }
}

byClass("save").addEventListener("click", () => {
  const text = JSON.stringify(Object.fromEntries(kept() ?? []), null, 1);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = FILE;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  told.textContent = `Saved as ${FILE}, where your browser puts what it downloads.`;
});

byClass("bring").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  if (!file) return;
  try {
    bringBack(await file.text(), file.name);
  } catch {
    show(`${file.name} could not be read.`);
  }
  event.target.value = "";                                 // the same file can be chosen again
});

byClass("forget").addEventListener("click", () => {
  byClass("really").hidden = false;
  byClass("yes").focus();
});

byClass("no").addEventListener("click", () => {
  show("Nothing was forgotten.");
  byClass("forget").focus();
});

byClass("yes").addEventListener("click", () => {
  for (const [name] of kept() ?? []) localStorage.removeItem(name);
  show("All forgotten.");
  box.querySelector("input").focus();
});

box.hidden = false;
show();
addEventListener("storage", () => show());
})();
