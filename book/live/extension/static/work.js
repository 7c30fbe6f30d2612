// "Save my work" into a zip file, "Bring my work back" out of one, and the course's version of a notebook.
import { ABOUT, BOOK, asItCame, bytesOf, changed, exists, fingerprint, giveTheBook, keptByTheBook, notebook, original, put, read, same, text } from "./files.js";
import { guarded, say } from "./says.js";
import { MOST_UNPACKED, unzipped, zipped } from "./zip.js";

const listed = (paths) => {
  const few = paths.slice(0, 6).join(", ");
  return paths.length > 6 ? `${few} and ${paths.length - 6} more` : few;
};

/** What can be done with the reader's work in one JupyterLite. */
export function work({ contents, base, version, tracker, ask }) {
  const open = () => {
    const panels = [];
    tracker.forEach((panel) => panels.push(panel));
    return panels;
  };

  /** What the reader has of a file: on the screen, else in the browser's storage, else null. */
  async function current(path) {
    const panel = open().find((one) => one.context.localPath === path);
    if (panel?.context.model.dirty) return notebook(panel.context.model.toJSON(), "desk");
    return (await exists(contents, path)) ? read(contents, path) : null;
  }

  /** Python has written what the page told it to write, such as a prediction; or a cell goes on and on. */
  function written() {
    const asked = open().map((panel) => panel.sessionContext.session?.kernel?.requestKernelInfo());
    const late = new Promise((resolve) => setTimeout(resolve, 2_000));
    return Promise.race([Promise.allSettled(asked), late]); // it answers after all that it was told before
  }

  async function show(paths) {
    for (const panel of open()) if (paths.includes(panel.context.localPath)) await panel.context.revert();
  }

  // -- into a file and back --------------------------------------------------------------------------------------------

  async function save() {
    await written();
    const files = new Map(await changed(contents, base));
    for (const panel of open()) {
      // From the screen: the browser's storage may have refused it.
      const path = panel.context.localPath;
      const mine = notebook(panel.context.model.toJSON(), "desk");
      const theirs = panel.context.model.dirty ? await asItCame(base, path) : mine;
      if (!theirs || !same(mine, theirs)) files.set(path, mine);
    }
    const answers = keptByTheBook();
    const paths = [...files.keys()];
    if (Object.keys(answers).length) files.set(BOOK, bytesOf(JSON.stringify(answers, null, 1)));
    if (!files.size) {
      say("work", "You have changed nothing yet, so there is nothing to save.");
      return;
    }
    const size = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    if (size > MOST_UNPACKED) {
      say("work", `Your work has ${Math.round(size / 1e6)} MB, and a file of it has room for ${MOST_UNPACKED / 1e6}. "Clear Outputs of All Cells", in the menu Edit, makes it smaller.`);
      return;
    }
    const about = { course: "What Could Go Wrong?", version, saved: new Date().toISOString() };
    files.set(ABOUT, bytesOf(`${JSON.stringify(about, null, 1)}\n`));
    const name = `my-work-${about.saved.slice(0, 10)}.zip`;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await zipped([...files]));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    const more = Object.keys(answers).length ? [...paths, "your answers in the book"] : paths;
    say("work", `${name} holds your work: ${listed(more)}. "Bring my work back" reads it, in any browser.`);
  }

  async function bringBack() {
    const file = await chosen();
    if (!file) return;
    let found;
    try {
      found = looked(await unzipped(file));
    } catch (problem) {
      say("work", `${file.name} cannot be used: ${problem.message}. Nothing was changed.`);
      return;
    }
    const { files, answers, left, from } = found;
    if (!files.length && !answers) {
      say("work", `${file.name} holds no work of this course. Nothing was changed.`);
      return;
    }
    const before = [];
    const replaced = [];
    for (const [path, bytes] of files) {
      const mine = await current(path);
      before.push([path, mine]);
      if (!mine || same(mine, bytes)) continue;
      const theirs = await asItCame(base, path);
      if (!theirs || !same(mine, theirs)) replaced.push(path);
    }
    const kept = keptByTheBook();
    if (replaced.length && !(await agreed(replaced))) return;
    const undo = async () => {
      const refused = [];
      for (const [path, bytes] of before) await put(contents, path, bytes).catch(() => refused.push([path, bytes]));
      if (answers) giveTheBook(kept, true);
      return refused;
    };
    let at = "";
    try {
      for (const [path, bytes] of files) {
        at = path;
        await put(contents, path, bytes);
      }
      at = "your answers in the book";
      if (answers) giveTheBook(answers);
    } catch (problem) {
      await undo();
      say("work", `This browser cannot keep ${at}: ${reason(problem)}. All is as it was before; your file still has everything.`);
      return;
    }
    await show(files.map(([path]) => path));
    const done = files.map(([path]) => path);
    if (answers) done.push("your answers in the book");
    const told = [`Brought back: ${listed(done)}.`];
    if (from && from !== version) told.push(`It was saved with version ${from} of the course; this is ${version}.`);
    if (left.length) told.push(`Left out, because it cannot belong here: ${listed(left)}.`);
    say("work", told.join(" "), [["Undo", guarded(async () => {
      const refused = new Map(await undo());
      await show(before.map(([path]) => path).filter((path) => !refused.has(path)));
      for (const panel of open()) {
        // What the storage refuses comes back to the screen at least.
        const bytes = refused.get(panel.context.localPath);
        if (bytes) panel.context.model.fromJSON(JSON.parse(text(notebook(JSON.parse(text(bytes)), "here"))));
      }
      say("work", "All is as it was before.");
    })]]);
    for (const panel of open()) await compare(panel);
  }

  async function agreed(paths) {
    return ask(
      "Replace what is here?",
      `The file has other versions of ${listed(paths)}. "Undo" brings yours back until you close the page; "Save my work" keeps them in a file.`,
      "Replace",
    );
  }

  // -- the course's version of a notebook ------------------------------------------------------------------------------

  /**
   * What is kept in this browser hides what the course has. So: is the course's copy of a notebook another one than that
   * from which the reader's was made? Where the reader changed no cell, the new one comes; else the reader chooses.
   */
  async function compare(panel) {
    const path = panel.context.localPath;
    const answer = await original(base, path).catch(() => null);
    if (!answer || panel.isDisposed) return;
    const theirs = await answer.json();
    const mine = panel.context.model.toJSON();
    const [had, has] = [mine.metadata.course?.as_it_came, theirs.metadata.course?.as_it_came];
    if (!had || had === has || fingerprint(mine.cells) === has) return;
    if (fingerprint(mine.cells) === had) {
      await replace(panel, theirs);
      say("version", "The course has a new version of this notebook since you were here. You had changed no cell, so here it is.");
      return;
    }
    say("version", "The course has a new version of this notebook. This is yours, made from the one before.", [
      ["Take the new one, keep mine beside it", guarded(() => take(panel, theirs))],
      ["Stay with mine", guarded(async () => {
        panel.context.model.setMetadata("course", { as_it_came: has });
        await panel.context.save();
      })],
    ], "Later");
  }

  async function replace(panel, content) {
    await contents.save(panel.context.localPath, { type: "notebook", format: "json", content });
    await panel.context.revert();
  }

  /** The course's version into its place, the reader's beside it. */
  async function take(panel, theirs) {
    const path = panel.context.localPath;
    const mine = panel.context.model.toJSON();
    let beside = path.replace(/\.ipynb$/, " (mine).ipynb");
    for (let n = 2; await exists(contents, beside); n += 1) beside = path.replace(/\.ipynb$/, ` (mine ${n}).ipynb`);
    await contents.save(beside, { type: "notebook", format: "json", content: mine });
    await replace(panel, theirs);
    say("version", `This is the course's version. Yours is kept as ${beside}.`, [["Undo", guarded(async () => {
      await replace(panel, mine);
      await contents.delete(beside);
    })]]);
  }

  async function restore() {
    const panel = tracker.currentWidget;
    const answer = panel && (await original(base, panel.context.localPath));
    if (!answer) {
      say("version", "The course has no such notebook: this one is your own.");
      return;
    }
    const theirs = await answer.json();
    if (fingerprint(panel.context.model.toJSON().cells) === fingerprint(theirs.cells)) {
      say("version", "This is the course's version: you have changed no cell.");
      return;
    }
    await take(panel, theirs);
  }

  return { save, bringBack, compare, restore };
}

/** The files of a zip, sorted into what can be taken and what not. Throws an Error that names what is damaged. */
function looked(files) {
  // Whoever unpacked the file and packed the folder again has one folder more around everything.
  const tops = new Set(files.map(([path]) => path.split("/")[0]));
  const [top] = tops;
  const wrapped = tops.size === 1 && !["lessons", "labs", "gallery"].includes(top) && files.every(([path]) => path.includes("/"));
  const plain = files.map(([path, bytes]) => [wrapped ? path.slice(top.length + 1) : path, bytes]);
  const json = (path, bytes) => {
    try {
      return JSON.parse(text(bytes));
    } catch {
      throw new Error(`${path} is damaged`);
    }
  };
  const found = { files: [], answers: null, left: [], from: "" };
  const ours = plain.some(([path]) => path === ABOUT || path === BOOK || /^(lessons|labs|gallery)\//.test(path));
  for (const [path, bytes] of plain) {
    const unsafe = /[\\\0]/.test(path) || path.split("/").some((part) => [".", "..", ""].includes(part));
    if (path === ABOUT) {
      const { version } = json(path, bytes) ?? {};
      found.from = typeof version === "string" ? version : "";
    } else if (path === BOOK) {
      found.answers = json(path, bytes);
    } else if (!ours || unsafe || path.startsWith("__MACOSX/")) {
      found.left.push(path);
    } else {
      if (path.endsWith(".ipynb") && !Array.isArray(json(path, bytes)?.cells)) throw new Error(`${path} is no notebook`);
      found.files.push([path, bytes]);
    }
  }
  return found;
}

function reason(problem) {
  const words = problem.message || String(problem);
  return /quota|full/i.test(`${problem.name} ${words}`) ? "its storage is full" : words;
}

/** The file that the reader chooses, or null. */
function chosen() {
  return new Promise((resolve) => {
    const input = Object.assign(document.createElement("input"), { type: "file", accept: ".zip" });
    input.id = "course-file";
    input.hidden = true;
    input.addEventListener("change", () => { input.remove(); resolve(input.files[0] || null); });
    input.addEventListener("cancel", () => { input.remove(); resolve(null); });
    document.body.append(input);
    input.click();
  });
}
