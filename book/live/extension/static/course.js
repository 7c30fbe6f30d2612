// What the course adds to JupyterLite, as it stands: no build step. JupyterLite loads this file, calls `init` with the
// modules that it shares, and `get` for the plugin.
//
// - Python learns the name of the notebook that it runs, so that predictions are kept by lesson.
// - While Python is loaded, a line says so. When something is missing in this browser, a line says what.
// - "Save my work" puts all that the reader changed into one zip file, "Bring my work back" reads such a file.
"use strict";
(() => {
  let shared;

  /** A module that JupyterLite shares. */
  const module = async (name) => {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  };

  // -- zip: stored or deflated, names in UTF-8 -----------------------------------------------------------------------

  const CRC = Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k += 1) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n >>> 0;
  });

  function crc32(bytes) {
    let crc = 0xffffffff;
    for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
    return (crc ^ 0xffffffff) >>> 0;
  }

  async function through(stream, bytes) {
    return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
  }

  /** A zip file of [path, bytes] pairs. */
  async function zipped(files) {
    const parts = [];
    const directory = [];
    let at = 0;
    const now = new Date();
    const day = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
    const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
    for (const [path, bytes] of files) {
      const name = new TextEncoder().encode(path);
      const packed = typeof CompressionStream === "undefined" ? bytes : await through(new CompressionStream("deflate-raw"), bytes);
      const about = new DataView(new ArrayBuffer(26)); // what the entry and the directory have in common
      const fields = [
        [2, 20], [2, 0x0800], [2, packed === bytes ? 0 : 8], [2, time], [2, day],
        [4, crc32(bytes)], [4, packed.length], [4, bytes.length], [2, name.length], [2, 0],
      ];
      let offset = 0;
      for (const [size, value] of fields) {
        if (size === 2) about.setUint16(offset, value, true);
        else about.setUint32(offset, value, true);
        offset += size;
      }
      const common = new Uint8Array(about.buffer);
      parts.push(Uint8Array.of(0x50, 0x4b, 3, 4), common, name, packed);
      const rest = new DataView(new ArrayBuffer(14)); // comment, disk, attributes, then where the entry is
      rest.setUint32(10, at, true);
      directory.push(Uint8Array.of(0x50, 0x4b, 1, 2, 20, 0), common, new Uint8Array(rest.buffer), name);
      at += 4 + common.length + name.length + packed.length;
    }
    const size = directory.reduce((sum, part) => sum + part.length, 0);
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(8, files.length, true);
    end.setUint16(10, files.length, true);
    end.setUint32(12, size, true);
    end.setUint32(16, at, true);
    return new Blob([...parts, ...directory, new Uint8Array(end.buffer)], { type: "application/zip" });
  }

  /** The [path, bytes] pairs of a zip file. Throws an Error that says what is wrong with it. */
  async function unzipped(blob) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const view = new DataView(bytes.buffer);
    let end = bytes.length - 22;
    while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
    if (end < 0) throw new Error("it is no zip file, or only a part of one");
    const files = [];
    let at = view.getUint32(end + 16, true);
    for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
      if (view.getUint32(at, true) !== 0x02014b50) throw new Error("its table of contents is damaged");
      const method = view.getUint16(at + 10, true);
      const [crc, size] = [view.getUint32(at + 16, true), view.getUint32(at + 20, true)];
      const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
      const entry = view.getUint32(at + 42, true);
      const path = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name));
      at += 46 + name + extra + comment;
      if (path.endsWith("/")) continue;
      const start = entry + 30 + view.getUint16(entry + 26, true) + view.getUint16(entry + 28, true);
      let content = bytes.subarray(start, start + size);
      if (method === 8) content = await through(new DecompressionStream("deflate-raw"), content);
      else if (method !== 0) throw new Error(`${path} is packed in a way that this page cannot read`);
      if (crc32(content) !== crc) throw new Error(`${path} is damaged`);
      files.push([path, content]);
    }
    return files;
  }

  // -- the reader's files --------------------------------------------------------------------------------------------

  const HIDDEN = ".predictions.json";
  const BOOK = "answers-in-the-book.json";
  const KEPT_BY_THE_BOOK = /^dslib\.(predictions|checks)\//;
  const KERNELS = {
    desk: { display_name: "Python 3 (ipykernel)", language: "python", name: "python3" },
    here: { display_name: "Python (Pyodide)", language: "python", name: "python" },
  };

  /** All files of a folder and those below it, as paths. */
  async function* walk(contents, folder = "") {
    const { content } = await contents.get(folder, { content: true });
    const names = new Set(content.map((item) => item.path));
    for (const item of content) {
      if (item.type === "directory") yield* walk(contents, item.path);
      else yield item.path;
    }
    const hidden = folder ? `${folder}/${HIDDEN}` : HIDDEN;
    if (!names.has(hidden) && (await exists(contents, hidden))) yield hidden;
  }

  async function exists(contents, path) {
    try {
      await contents.get(path, { content: false });
      return true;
    } catch {
      return false;
    }
  }

  /** A file's text or, where it is none, its bytes in base64; a notebook as the desk has it. */
  async function read(contents, path) {
    if (path.endsWith(".ipynb")) {
      const { content } = await contents.get(path, { type: "notebook", format: "json", content: true });
      return notebook(content, "desk");
    }
    const { content, format } = await contents.get(path, { content: true });
    if (format === "base64") return Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    return new TextEncoder().encode(format === "json" ? JSON.stringify(content) : content);
  }

  function notebook(content, place) {
    const kernel = content.metadata?.kernelspec?.name;
    const other = KERNELS[place === "desk" ? "here" : "desk"].name;
    const metadata = kernel === other ? { ...content.metadata, kernelspec: KERNELS[place] } : content.metadata;
    return new TextEncoder().encode(`${JSON.stringify({ ...content, metadata }, null, 1)}\n`);
  }

  /** What the course's own copy of a file says, or null where the course has no such file. */
  async function asItCame(base, path) {
    const [folder, name] = [path.split("/").slice(0, -1).join("/"), path.split("/").at(-1)];
    const listing = await fetch(`${base}api/contents/${folder ? `${folder}/` : ""}all.json`);
    if (!listing.ok || !(await listing.json()).content.some((item) => item.name === name)) return null;
    const answer = await fetch(`${base}files/${path.split("/").map(encodeURIComponent).join("/")}`);
    if (path.endsWith(".ipynb")) return notebook(await answer.json(), "desk");
    return new Uint8Array(await answer.arrayBuffer());
  }

  const same = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i]);

  /** All that is not as it came, as [path, bytes]; and what the book keeps in this browser. */
  async function changed(contents, base) {
    const files = [];
    for await (const path of walk(contents)) {
      const [mine, theirs] = [await read(contents, path), await asItCame(base, path)];
      if (!theirs || !same(mine, theirs)) files.push([path, mine]);
    }
    const book = keptByTheBook();
    if (Object.keys(book).length) files.push([BOOK, new TextEncoder().encode(JSON.stringify(book, null, 1))]);
    return files;
  }

  function keptByTheBook() {
    try {
      return Object.fromEntries(Object.entries(localStorage).filter(([name]) => KEPT_BY_THE_BOOK.test(name)));
    } catch {
      return {};
    }
  }

  const IN_THE_COURSE = /^(lessons|labs|[^/]+$)/;

  /** The files of a zip that are a reader's work, sorted into what the page can take and what it leaves. */
  function sorted(files) {
    const top = files.every(([path]) => path.includes("/")) && !files.some(([path]) => /^(lessons|labs)\//.test(path));
    // Whoever unpacked the file and packed the folder again has one folder more around everything.
    const plain = files.map(([path, bytes]) => [top ? path.slice(path.indexOf("/") + 1) : path, bytes]);
    const good = ([path]) => IN_THE_COURSE.test(path) && !path.split("/").some((part) => part === ".." || part === "");
    return [plain.filter(good), plain.filter((file) => !good(file)).map(([path]) => path)];
  }

  /** Put one file where it was. */
  async function bringBack(contents, path, bytes) {
    if (path === BOOK) {
      for (const [name, text] of Object.entries(JSON.parse(new TextDecoder().decode(bytes)))) {
        if (KEPT_BY_THE_BOOK.test(name) && typeof text === "string") localStorage.setItem(name, text);
      }
    } else if (path.endsWith(".ipynb")) {
      const content = JSON.parse(new TextDecoder().decode(notebook(JSON.parse(new TextDecoder().decode(bytes)), "here")));
      if (!Array.isArray(content.cells)) throw new Error("it is no notebook");
      await contents.save(path, { type: "notebook", format: "json", content });
    } else {
      let text;
      try {
        text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      } catch {
        const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
        await contents.save(path, { type: "file", format: "base64", content: btoa(letters) });
        return;
      }
      await contents.save(path, { type: "file", format: "text", content: text });
    }
  }

  // -- what the page says --------------------------------------------------------------------------------------------

  /** A line at the foot of the page, read out where somebody listens. An empty text takes it away. */
  function say(name, text, closable = true) {
    const id = `course-says-${name}`;
    document.getElementById(id)?.remove();
    if (!text) return;
    let place = document.getElementById("course-says");
    if (!place) {
      place = document.body.appendChild(document.createElement("div"));
      place.id = "course-says";
      place.setAttribute("role", "status");
      place.append(Object.assign(document.createElement("style"), { textContent: LOOKS }));
    }
    const line = place.appendChild(Object.assign(document.createElement("p"), { id, textContent: text }));
    if (closable) {
      const button = line.appendChild(Object.assign(document.createElement("button"), { textContent: "OK" }));
      button.addEventListener("click", () => line.remove());
    }
  }

  const LOOKS = `
    #course-says { position: fixed; z-index: 9000; right: 12px; bottom: 12px; max-width: min(34rem, calc(100vw - 24px)); }
    #course-says p { margin: 8px 0 0; padding: 10px 14px; border-radius: 6px; border: 1px solid #8a94a3;
      background: #10212f; color: #ffffff; font: 14px/1.45 system-ui, sans-serif; box-shadow: 0 2px 10px #0006; }
    #course-says button { margin-left: 12px; min-height: 24px; padding: 2px 12px; border-radius: 4px;
      border: 1px solid #ffffff; background: none; color: inherit; font: inherit; cursor: pointer; }
    #course-says button:focus-visible { outline: 2px solid #ffffff; outline-offset: 2px; }`;

  /** What this browser lacks, in sentences. */
  function missing() {
    const lacks = [];
    if (typeof WebAssembly !== "object") {
      lacks.push("Python cannot run here: this browser has no WebAssembly, or it is switched off. The book can be read all the same.");
    }
    try {
      localStorage.setItem("course-says", "1");
      localStorage.removeItem("course-says");
    } catch {
      lacks.push("This browser keeps nothing for this page. Save your work to a file before you close it.");
    }
    if (!navigator.serviceWorker) {
      lacks.push(
        "Python cannot reach the files of this page (no service worker: a private window?). Predictions are kept until the page is closed.",
      );
    }
    return lacks.join(" ");
  }

  // -- the plugin ----------------------------------------------------------------------------------------------------

  function plugin(INotebookTracker, { showDialog, Dialog }, { PageConfig }) {
    return {
      id: "what-could-go-wrong:plugin",
      autoStart: true,
      requires: [INotebookTracker],
      activate: (app, tracker) => {
        const { contents } = app.serviceManager;
        const base = PageConfig.getBaseUrl();
        say("missing", missing());
        tracker.forEach((panel) => attend(panel));
        tracker.widgetAdded.connect((_, panel) => attend(panel));

        const open = () => {
          const panels = [];
          tracker.forEach((panel) => panels.push(panel));
          return panels;
        };

        async function saveWork() {
          for (const panel of open()) if (panel.context.model.dirty) await panel.context.save();
          const files = await changed(contents, base);
          if (!files.length) {
            say("work", "You have changed nothing yet, so there is nothing to save.");
            return;
          }
          const name = `my-work-${new Date().toISOString().slice(0, 10)}.zip`;
          const link = document.createElement("a");
          link.href = URL.createObjectURL(await zipped(files));
          link.download = name;
          link.click();
          setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
          say("work", `${name} holds ${files.length} ${files.length === 1 ? "file" : "files"}: ${files.map(([path]) => path).join(", ")}.`);
        }

        async function bringWorkBack() {
          const file = await chosen();
          if (!file) return;
          let good;
          let left;
          try {
            [good, left] = sorted(await unzipped(file));
          } catch (problem) {
            say("work", `${file.name} cannot be read: ${problem.message}. Nothing was changed.`);
            return;
          }
          if (!good.length) {
            say("work", `${file.name} holds no work of this course. Nothing was changed.`);
            return;
          }
          const replaced = [];
          for (const [path, bytes] of good) {
            if (path === BOOK || !(await exists(contents, path))) continue;
            const [mine, theirs] = [await read(contents, path), await asItCame(base, path)];
            if (!same(mine, bytes) && !(theirs && same(mine, theirs))) replaced.push(path);
          }
          if (replaced.length && !(await agreed(replaced))) return;
          const failed = [];
          for (const [path, bytes] of good) {
            try {
              await bringBack(contents, path, bytes);
            } catch (problem) {
              failed.push(`${path} (${problem.message})`);
            }
          }
          for (const panel of open()) {
            if (good.some(([path]) => path === panel.context.localPath)) await panel.context.revert();
          }
          const done = good.map(([path]) => path).filter((path) => !failed.some((text) => text.startsWith(`${path} (`)));
          const told = [`Brought back: ${done.join(", ") || "nothing"}.`];
          if (failed.length) told.push(`Could not be brought back: ${failed.join(", ")}.`);
          if (left.length) told.push(`Not of this course, and left out: ${left.join(", ")}.`);
          say("work", told.join(" "));
        }

        async function agreed(paths) {
          const answer = await showDialog({
            title: "Replace what is here?",
            body: `The file has other versions of ${paths.join(", ")}. Yours of this page would be gone; "Save my work" keeps them first.`,
            buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: "Replace" })],
          });
          return answer.button.accept;
        }

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

        const guarded = (act) => async () => {
          try {
            await act();
          } catch (problem) {
            console.error(problem);
            say("work", `That did not work: ${problem.message || problem}.`);
          }
        };
        app.commands.addCommand("course:book", {
          label: "Back to the book",
          caption: "The page of the book that belongs to this notebook",
          execute: () => {
            const path = tracker.currentWidget?.context.localPath ?? "";
            const page = path.startsWith("lessons/") ? path.replace(/ipynb$/, "html") : path ? "labs.html" : "index.html";
            location.assign(new URL(`../${page}`, base).href);
          },
        });
        app.commands.addCommand("course:save-work", {
          label: "Save my work",
          caption: "All that you changed, in one zip file",
          execute: guarded(saveWork),
        });
        app.commands.addCommand("course:bring-work-back", {
          label: "Bring my work back",
          caption: "Out of a zip file that Save my work made",
          execute: guarded(bringWorkBack),
        });
      },
    };
  }

  /** Look after one notebook: tell its Python what it is called, and its reader that Python is on its way. */
  function attend(panel) {
    const session = panel.sessionContext;
    const name = () => JSON.stringify(`/drive/${panel.context.localPath}`);
    const tell = () => {
      // Without touching a name of the reader, nor the numbers of the cells.
      const code = `__import__("os").environ["JPY_SESSION_NAME"] = ${name()}; get_ipython().execution_count -= 1`;
      session.session?.kernel?.requestExecute({ code, silent: true, store_history: false, allow_stdin: true });
    };
    const starting = "Python is being loaded: about 20 MB the first time, then 10 to 30 seconds. You can read on.";
    let ready = false;
    session.kernelChanged.connect((_, { newValue }) => {
      if (!newValue) return;
      ready = false;
      say("python", starting);
      tell();
    });
    session.statusChanged.connect((_, status) => {
      // JupyterLab forgets what was asked for before a restart; what is asked for just after it comes first.
      if (status === "restarting") Promise.resolve().then(tell);
      if (!ready && status === "idle") {
        ready = true;
        say("python", "");
      }
    });
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["what-could-go-wrong"] = {
    init: (scope) => { shared = scope; },
    get: async () => {
      const { INotebookTracker } = await module("@jupyterlab/notebook");
      const [apputils, coreutils] = [await module("@jupyterlab/apputils"), await module("@jupyterlab/coreutils")];
      return () => ({ __esModule: true, default: plugin(INotebookTracker, apputils, coreutils) });
    },
  };
})();
