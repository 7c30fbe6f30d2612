// The reader's files and the course's own: read, compared, put back.
import { crc32 } from "./zip.js";

const HIDDEN = ".predictions.json";
/** In a reader's file: what the pages of the book keep in this browser, and what the file itself is. */
export const BOOK = "answers-in-the-book.json";
export const ABOUT = "about-this-file.json";
const KEPT_BY_THE_BOOK = /^dslib\.(predictions|checks)\//;
const KERNELS = {
  desk: { display_name: "Python 3 (ipykernel)", language: "python", name: "python3" },
  here: { display_name: "Python (Pyodide)", language: "python", name: "python" },
};

export const text = (bytes) => new TextDecoder().decode(bytes);
export const bytesOf = (words) => new TextEncoder().encode(words);
export const same = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i]);

/** All files of a folder and those below it, as paths. */
export async function* walk(contents, folder = "") {
  const { content } = await contents.get(folder, { content: true });
  const names = new Set(content.map((item) => item.path));
  for (const item of content) {
    if (item.type === "directory") yield* walk(contents, item.path);
    else yield item.path;
  }
  const hidden = folder ? `${folder}/${HIDDEN}` : HIDDEN;
  if (!names.has(hidden) && (await exists(contents, hidden))) yield hidden;
}

export async function exists(contents, path) {
  try {
    await contents.get(path, { content: false });
    return true;
  } catch {
    return false;
  }
}

/** A file's text or, where it is none, its bytes in base64; a notebook as the desk has it. */
export async function read(contents, path) {
  if (path.endsWith(".ipynb")) {
    const { content } = await contents.get(path, { type: "notebook", format: "json", content: true });
    return notebook(content, "desk");
  }
  const { content, format } = await contents.get(path, { content: true });
  if (format === "base64") return Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  return bytesOf(format === "json" ? JSON.stringify(content) : content);
}

/** A notebook's bytes, with the kernel's name as it is called on a desk or here. */
export function notebook(content, place) {
  const kernel = content.metadata?.kernelspec?.name;
  const other = KERNELS[place === "desk" ? "here" : "desk"].name;
  const metadata = kernel === other ? { ...content.metadata, kernelspec: KERNELS[place] } : content.metadata;
  return bytesOf(`${JSON.stringify({ ...content, metadata }, null, 1)}\n`);
}

/** The course's own copy of a file, or null where the course has none. */
export async function original(base, path) {
  const folder = path.split("/").slice(0, -1).join("/");
  const listing = await fetch(`${base}api/contents/${folder ? `${folder}/` : ""}all.json`, { cache: "no-cache" });
  if (!listing.ok || !(await listing.json()).content.some((item) => item.path === path)) return null;
  // Asked for anew: what the browser remembers may be the version before.
  const answer = await fetch(`${base}files/${path.split("/").map(encodeURIComponent).join("/")}`, { cache: "no-cache" });
  return answer.ok ? answer : null;
}

/** What the course's own copy of a file says, or null where the course has no such file. */
export async function asItCame(base, path) {
  const answer = await original(base, path);
  if (!answer) return null;
  if (path.endsWith(".ipynb")) return notebook(await answer.json(), "desk");
  return new Uint8Array(await answer.arrayBuffer());
}

/** All that is not as it came, as [path, bytes]. */
export async function changed(contents, base) {
  const files = [];
  for await (const path of walk(contents)) {
    const [mine, theirs] = [await read(contents, path), await asItCame(base, path)];
    if (!theirs || !same(mine, theirs)) files.push([path, mine]);
  }
  return files;
}

/** Eight letters that tell one version of a notebook's cells from another. tools/site_live.py makes the same ones. */
export function fingerprint(cells) {
  const source = (cell) => (Array.isArray(cell.source) ? cell.source.join("") : cell.source);
  const all = cells.map((cell) => `${cell.id}\0${cell.cell_type}\0${source(cell)}`).join("\0");
  return crc32(bytesOf(all)).toString(16).padStart(8, "0");
}

/** Put one file into its place, or take it away where `bytes` is null. */
export async function put(contents, path, bytes) {
  if (bytes === null) {
    await contents.delete(path);
    return;
  }
  const folders = path.split("/").slice(0, -1);
  for (let n = 1; n <= folders.length; n += 1) {
    const folder = folders.slice(0, n).join("/");
    if (!(await exists(contents, folder))) await contents.save(folder, { type: "directory" });
  }
  if (path.endsWith(".ipynb")) {
    const content = JSON.parse(text(notebook(JSON.parse(text(bytes)), "here")));
    await contents.save(path, { type: "notebook", format: "json", content });
  } else {
    let content;
    try {
      content = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
      await contents.save(path, { type: "file", format: "base64", content: btoa(letters) });
      return;
    }
    await contents.save(path, { type: "file", format: "text", content });
  }
}

// -- what the book keeps -----------------------------------------------------------------------------------------------

export function keptByTheBook() {
  try {
    return Object.fromEntries(Object.entries(localStorage).filter(([name]) => KEPT_BY_THE_BOOK.test(name)));
  } catch {
    return {};
  }
}

/** Give the book its answers back. Those of `kept` only: others that are here stay, unless `all` is to be as it was. */
export function giveTheBook(kept, all = false) {
  if (all) for (const name of Object.keys(keptByTheBook())) localStorage.removeItem(name);
  for (const [name, words] of Object.entries(kept)) {
    if (KEPT_BY_THE_BOOK.test(name) && typeof words === "string") localStorage.setItem(name, words);
  }
}
