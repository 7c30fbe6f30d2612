// What the page says: lines at its foot, read out where somebody listens; and what this browser lacks.

const LOOKS = `
  #course-says { position: fixed; z-index: 9000; right: 12px; bottom: 12px; max-width: min(34rem, calc(100vw - 24px));
    max-height: 60vh; overflow-y: auto; }
  #course-says p { margin: 8px 0 0; padding: 10px 14px; border-radius: 6px; border: 1px solid #8a94a3;
    background: #10212f; color: #ffffff; font: 14px/1.45 system-ui, sans-serif; box-shadow: 0 2px 10px #0006;
    overflow-wrap: anywhere; }
  #course-says button { margin: 4px 0 0 12px; min-height: 28px; padding: 2px 12px; border-radius: 4px;
    border: 1px solid #ffffff; background: none; color: inherit; font: inherit; cursor: pointer; }
  #course-says button:focus-visible { outline: 2px solid #ffffff; outline-offset: 2px; }
  @media print { #course-says { display: none; } }`;

/**
 * Say a line; an empty text takes it away. A line of the same name takes the place of the one before.
 * `acts` are buttons beside the one that only closes: [label, what it does]. A press on any takes the line away.
 */
export function say(name, text, acts = [], close = "OK") {
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
  for (const [label, act] of [...acts, [close, null]]) {
    const button = line.appendChild(Object.assign(document.createElement("button"), { type: "button", textContent: label }));
    button.addEventListener("click", () => {
      line.remove();
      act?.();
    });
  }
}

/** Make an act that fails say so, and leave the page as it is. */
export const guarded = (act) => async () => {
  try {
    await act();
  } catch (problem) {
    console.warn(problem);
    say("work", `That did not work: ${problem.message || problem}.`);
  }
};

/** Whether Python reaches the files of this page: a service worker brings them, which JupyterLite starts if it can. */
export async function reachesFiles() {
  try {
    return Boolean(await navigator.serviceWorker.getRegistration());
  } catch {
    return false;
  }
}

export const NOT_REACHED = () =>
  `Python cannot reach the files that this browser keeps: there is no service worker (${isSecureContext ? "a private window, or storage is switched off?" : "the address of the page must begin with https, or be localhost"}). ` +
  "Lessons and labs run all the same. Predictions are forgotten when Python ends, and the stop button does not work.";

const NOT_KEPT =
  "This browser keeps nothing for this page: its storage is switched off. What you write is gone when you close the page. \"Save my work\" puts it into a file, and \"Bring my work back\" reads that file next time.";

/** Say so where this browser keeps nothing. */
export async function sayWhetherItKeeps() {
  try {
    localStorage.setItem("course-says", "1");
    localStorage.removeItem("course-says");
    await new Promise((resolve, reject) => {
      const asking = indexedDB.open("course-says", 1);
      asking.onsuccess = () => {
        asking.result.close();
        indexedDB.deleteDatabase("course-says");
        resolve();
      };
      asking.onerror = () => reject(asking.error);
    });
  } catch {
    say("keeps", NOT_KEPT);
  }
}
