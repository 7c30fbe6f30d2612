// Zip files: stored or deflated, names in UTF-8.

/** More than this is no reader's work, and would fill the browser. In bytes, packed and unpacked. */
export const MOST = 64e6;
export const MOST_UNPACKED = 256e6;

const CRC = Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k += 1) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});

export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

async function through(stream, bytes, most = Infinity) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts = [];
  let size = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    size += next.value.length;
    if (size > most) throw new TooMuch();
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

class TooMuch extends Error {
  constructor() {
    super(`it unpacks to more than ${MOST_UNPACKED / 1e6} MB, which no work of this course does`);
  }
}

/** A zip file of [path, bytes] pairs. */
export async function zipped(files) {
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
export async function unzipped(blob) {
  if (blob.size > MOST) {
    throw new Error(`it has ${Math.round(blob.size / 1e6)} MB, and no work of this course has more than ${MOST / 1e6}`);
  }
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const view = new DataView(bytes.buffer);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Error("it is no zip file, or only a part of one");
  try {
    return await entries(bytes, view, end);
  } catch (problem) {
    if (problem instanceof RangeError) throw new Error("its table of contents is damaged");
    throw problem;
  }
}

async function entries(bytes, view, end) {
  const files = [];
  let at = view.getUint32(end + 16, true);
  let room = MOST_UNPACKED;
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new RangeError("no entry");
    const method = view.getUint16(at + 10, true);
    const [crc, size] = [view.getUint32(at + 16, true), view.getUint32(at + 20, true)];
    const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
    const entry = view.getUint32(at + 42, true);
    const path = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name));
    at += 46 + name + extra + comment;
    if (path.endsWith("/")) continue;
    if (!path) throw new RangeError("no name");
    if (view.getUint32(entry, true) !== 0x04034b50) throw new Error(`${path} is damaged`);
    const start = entry + 30 + view.getUint16(entry + 26, true) + view.getUint16(entry + 28, true);
    let content = bytes.subarray(start, start + size);
    if (method === 8) content = await unpacked(path, content, room);
    else if (method !== 0) throw new Error(`${path} is packed in a way that this page cannot read`);
    if (crc32(content) !== crc) throw new Error(`${path} is damaged`);
    room -= content.length;
    if (room < 0) throw new TooMuch();
    files.push([path, content]);
  }
  return files;
}

async function unpacked(path, content, room) {
  if (typeof DecompressionStream === "undefined") throw new Error("this browser is too old to unpack it");
  try {
    return await through(new DecompressionStream("deflate-raw"), content, room);
  } catch (problem) {
    if (problem instanceof TooMuch) throw problem;
    throw new Error(`${path} is damaged`);
  }
}
