// The Python of a notebook: what it must know, what its reader must know, and how a cell is stopped.
import { reachesFiles, say } from "./says.js";

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

if (reachesFiles()) {
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
    if (!reachesFiles()) say("stop", NO_STOP);
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
  const path = () => panel.context.localPath;

  const tell = async () => {
    const kernel = session.session?.kernel;
    if (!kernel) return;
    // The name of the notebook, so that predictions are kept by lesson. Without touching a name of the reader's, nor the
    // numbers of the cells.
    let code = `__import__("os").environ["JPY_SESSION_NAME"] = ${JSON.stringify(`/drive/${path()}`)}`;
    if (reachesFiles()) {
      const url = new URL("api/stdin/course-stop", new URL(base, location.href)).href;
      const told = given([LISTENS, url, HERE, kernel.id, ASKS_EVERY_MS]);
      code += `; (lambda js, *rest: __import__("pyodide.code").code.run_js(js)(__import__("pyodide_js"), *rest))(*${told})`;
    }
    code += "; get_ipython().execution_count -= 1";
    const asked = kernel.requestExecute({ code, silent: true, store_history: false, allow_stdin: true });
    if (!reachesFiles()) {
      await asked.done;
      await carry(kernel, base, path());
    }
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

/** Without a service worker: carry the files that lie beside a notebook into Python's own file system. */
async function carry(kernel, base, path) {
  const folder = path.split("/").slice(0, -1).join("/");
  const listing = await fetch(`${base}api/contents/${folder ? `${folder}/` : ""}all.json`);
  for (const item of listing.ok ? (await listing.json()).content : []) {
    if (item.type === "directory" || item.name.endsWith(".ipynb")) continue;
    const bytes = new Uint8Array(await (await fetch(`${base}files/${item.path}`)).arrayBuffer());
    const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    const code = `open(${JSON.stringify(item.name)}, "wb").write(__import__("base64").b64decode("${btoa(letters)}")); get_ipython().execution_count -= 1`;
    kernel.requestExecute({ code, silent: true, store_history: false });
  }
}
