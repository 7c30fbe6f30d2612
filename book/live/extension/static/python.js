// The Python of a notebook: what it must know, what its reader must know, and how a cell is stopped.
import { NOT_REACHED, reachesFiles, say } from "./says.js";

const STARTING = "Python is being loaded: about 20 MB the first time, then 10 to 30 seconds. You can read on.";
const STUBBORN =
  'The cell does not stop: Python is inside one long step, or has not begun. "Restart Kernel", in the menu Kernel, ends it: your text stays, the names that cells defined are gone.';
const NO_STOP =
  'This browser cannot stop a cell. "Restart Kernel", in the menu Kernel, ends it: your text stays, the names that cells defined are gone.';

// -- stopping a cell ---------------------------------------------------------------------------------------------------
// Python runs in a worker that hears nothing while a cell runs. But it looks at a number every few steps, whether it
// shall stop; here that number asks the page, through the service worker that brings Python its files.

const ASKS_EVERY_MS = 400;
const HERE = `course-${Math.random().toString(36).slice(2)}`;
const wishes = new Set(); // ids of the kernels that shall stop

if (typeof BroadcastChannel !== "undefined") {
  const channel = new BroadcastChannel("/sw-api.v1");
  channel.addEventListener("message", ({ data }) => {
    if (data?.browsingContextId !== HERE || "response" in data) return;
    channel.postMessage({ response: wishes.delete(data.kernel) ? 2 : 0, browsingContextId: HERE, requestId: data.requestId });
  });
}

/** Runs in the worker. 2 is the number of the signal that becomes KeyboardInterrupt. */
const LISTENS = `(pyodide, url, page, kernel, every) => {
  let next = 0;
  let calls = 0;
  pyodide.setInterruptBuffer({
    get 0() {
      calls += 1;
      if (calls % 16 || performance.now() < next) return 0; // the clock is dear
      let answer = 0;
      let wait = every;
      try {
        const request = new XMLHttpRequest();
        request.open("POST", url, false);
        request.timeout = 3000;
        request.send(JSON.stringify({ browsingContextId: page, kernel }));
        answer = request.status === 200 ? JSON.parse(request.responseText) : 0;
      } catch {
        wait = 30 * every;
      }
      next = performance.now() + wait;
      return answer;
    },
    set 0(_) {},
  });
}`;

function makeStoppable(kernel) {
  const withdraw = kernel.interrupt.bind(kernel); // takes back what waits behind the cell that runs
  kernel.interrupt = async () => {
    if (!(await reachesFiles())) say("stop", NO_STOP);
    else if (kernel.status === "busy") {
      wishes.add(kernel.id);
      setTimeout(() => { if (wishes.has(kernel.id)) say("stop", STUBBORN); }, 10 * ASKS_EVERY_MS);
    }
    return withdraw();
  };
  kernel.statusChanged.connect((_, status) => {
    if (status === "busy") return;
    wishes.delete(kernel.id);
    say("stop", "");
  });
}

// -- one notebook ------------------------------------------------------------------------------------------------------

/** Python code that hands over values as JSON. */
const given = (value) => `__import__("json").loads(${JSON.stringify(JSON.stringify(value))})`;

/** Look after one notebook's Python. */
export function attend(panel, base) {
  const session = panel.sessionContext;
  const path = panel.context.localPath;
  const prepared = prepare(base, path);

  const tell = async () => {
    const words = await prepared;
    const kernel = session.session?.kernel;
    // Without the numbers of the cells being touched.
    const code = `${words.replace("KERNEL", kernel?.id)}; get_ipython().execution_count -= 1`;
    kernel?.requestExecute({ code, silent: true, store_history: false, allow_stdin: true });
  };

  let ready = false;
  session.kernelChanged.connect((_, { newValue }) => {
    if (!newValue) return;
    ready = false;
    say("python", STARTING);
    makeStoppable(newValue);
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

/**
 * What Python is told before the first cell, as code that touches no name of the reader's: the name of its notebook, so
 * that predictions are kept by lesson; and how it is stopped. Or, where no service worker is there to bring them, the
 * files that lie beside the notebook.
 */
async function prepare(base, path) {
  const name = `__import__("os").environ["JPY_SESSION_NAME"] = ${JSON.stringify(`/drive/${path}`)}`;
  if (await comesToReachFiles(base)) {
    const url = new URL("api/stdin/course-stop", new URL(base, location.href)).href;
    const told = given([LISTENS, url, HERE, "KERNEL", ASKS_EVERY_MS]);
    return `${name}; (lambda js, *rest: __import__("pyodide.code").code.run_js(js)(__import__("pyodide_js"), *rest))(*${told})`;
  }
  say("files", NOT_REACHED());
  const carried = (await beside(base, path)).map(
    ([file, letters]) => `open(${JSON.stringify(file)}, "wb").write(__import__("base64").b64decode("${letters}"))`,
  );
  return [name, ...carried].join("; ");
}

/** JupyterLite asks for its service worker when it starts, and goes on without one when that fails. So it is asked, too. */
async function comesToReachFiles(base) {
  try {
    await navigator.serviceWorker.register(new URL("service-worker.js?enableCache=false", new URL(base, location.href)).href);
    return true;
  } catch {
    return false;
  }
}

/** The files that lie beside a notebook, as [name, content in base64]. */
async function beside(base, path) {
  const folder = path.split("/").slice(0, -1).join("/");
  const listing = await fetch(`${base}api/contents/${folder ? `${folder}/` : ""}all.json`);
  const files = listing.ok ? (await listing.json()).content : [];
  return Promise.all(
    files
      .filter((file) => file.type !== "directory" && !file.name.endsWith(".ipynb"))
      .map(async (file) => {
        const bytes = new Uint8Array(await (await fetch(`${base}files/${file.path}`)).arrayBuffer());
        return [file.name, btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))];
      }),
  );
}
