// What the course adds to JupyterLite, as it stands: no build step. JupyterLite loads this file, calls `init` with the
// modules that it shares, and `get` for the plugin. What it does stands in the files beside it:
//
// - says.js: lines at the foot of the page, and what this browser lacks
// - python.js: Python learns the name of its notebook; while it is loaded, a line says so; the stop button stops
// - access.js: names for what JupyterLab leaves nameless
// - work.js: the reader's work into a zip file and back, and new versions of the course; with files.js and zip.js
"use strict";
(() => {
  const here = document.currentScript.src;
  let shared;

  /** A module that JupyterLite shares. */
  const module = async (name) => {
    const [version] = Object.values(shared[name]);
    return (await version.get())();
  };

  const NOT_SAVED =
    'This browser did not keep what you wrote just now: its storage may be full. It is still on the page. "Save my work" puts it into a file.';

  /** JupyterLab shows what a save that failed says for itself; that of a full storage says nothing. */
  function explained(contents) {
    const save = contents.save.bind(contents);
    contents.save = async (...all) => {
      try {
        return await save(...all);
      } catch (problem) {
        throw problem?.message ? problem : new Error("The browser's storage is full.");
      }
    };
  }

  const own = (name) => import(new URL(name, here).href);

  function plugin({ INotebookTracker }, { showDialog, Dialog }, { PageConfig }, { work }, { attend }, { guarded, say, sayWhetherItKeeps }, { keepMending }) {
    return {
      id: "what-could-go-wrong:plugin",
      autoStart: true,
      requires: [INotebookTracker],
      activate: (app, tracker) => {
        const { contents } = app.serviceManager;
        const base = PageConfig.getBaseUrl();
        const version = PageConfig.getOption("courseVersion");
        const ask = async (title, body, label) => {
          const buttons = [Dialog.cancelButton(), Dialog.warnButton({ label })];
          return (await showDialog({ title, body, buttons })).button.accept;
        };
        const reader = work({ contents, base, version, tracker, ask });
        explained(contents);
        sayWhetherItKeeps();
        keepMending();
        tracker.widgetAdded.connect((_, panel) => {
          attend(panel, base);
          panel.context.saveState.connect((_, state) => say("kept", state === "failed" ? NOT_SAVED : ""));
          panel.context.ready.then(() => reader.compare(panel)).catch((problem) => console.warn(problem));
        });

        const commands = {
          "save-work": ["Save my work", "All that you changed, in one zip file", guarded(reader.save)],
          "bring-work-back": ["Bring my work back", "Out of a zip file that Save my work made", guarded(reader.bringBack)],
          "as-it-came": [
            "Take the course's version",
            "This notebook as the course has it; yours is kept beside it",
            guarded(reader.restore),
          ],
          book: ["Back to the book", "The page of the book that belongs to this notebook", () => {
            const path = tracker.currentWidget?.context.localPath ?? "";
            const page = /^(lessons|gallery)\//.test(path) ? path.replace(/( \(mine.*\))?\.ipynb$/, ".html") : path ? "labs.html" : "index.html";
            location.assign(new URL(`../${page}`, base).href);
          }],
        };
        for (const [name, [label, caption, execute]] of Object.entries(commands)) {
          app.commands.addCommand(`course:${name}`, { label, caption, execute });
        }
      },
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["what-could-go-wrong"] = {
    init: (scope) => { shared = scope; },
    get: async () => {
      const theirs = ["@jupyterlab/notebook", "@jupyterlab/apputils", "@jupyterlab/coreutils"].map(module);
      const parts = await Promise.all([...theirs, ...["work.js", "python.js", "says.js", "access.js"].map(own)]);
      return () => ({ __esModule: true, default: plugin(...parts) });
    },
  };
})();
