/* Texts under seal, as seals.py makes them. This hides from a glance and from searching the source, not from a determined
 * reader. SHA-256 is written out here, since crypto.subtle is missing in a page from disk in some browsers.
 */

const sha256 = (() => {
  // FIPS 180-4, 4.2.2 and 5.3.3: 32 bits of the fractional parts of the cube and square roots of the first primes.
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
  const fraction = (root) => Math.floor((root - Math.floor(root)) * 2 ** 32);
  const K = primes.map((prime) => fraction(Math.cbrt(prime)));
  const START = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
  const turn = (word, by) => (word >>> by) | (word << (32 - by));

  return (bytes) => {
    const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const words = new DataView(padded.buffer);
    words.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
    words.setUint32(padded.length - 4, bytes.length * 8);
    const hash = Uint32Array.from(START), w = new Uint32Array(64);
    for (let at = 0; at < padded.length; at += 64) {
      for (let t = 0; t < 64; t++) {
        if (t < 16) {
          w[t] = words.getUint32(at + 4 * t);
          continue;
        }
        const low = w[t - 15], high = w[t - 2];
        w[t] = w[t - 16] + (turn(low, 7) ^ turn(low, 18) ^ (low >>> 3)) + w[t - 7] + (turn(high, 17) ^ turn(high, 19) ^ (high >>> 10));
      }
      let [a, b, c, d, e, f, g, h] = hash;
      for (let t = 0; t < 64; t++) {
        const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
        const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
      }
      [a, b, c, d, e, f, g, h].forEach((word, i) => { hash[i] += word; });
    }
    const out = new DataView(new ArrayBuffer(32));
    hash.forEach((word, i) => out.setUint32(4 * i, word));
    return new Uint8Array(out.buffer);
  };
})();

const utf8 = (text) => new TextEncoder().encode(text);
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

const keyOf = (salt, answer) => sha256(utf8(`${salt}\n${answer}`));

/** What this key opens among the sealed texts of a question, or null. */
function unlock(locks, key) {
  const sealed = locks[toHex(sha256(Uint8Array.of(...utf8("name"), ...key))).slice(0, 16)];
  if (sealed === undefined) return null;
  const bytes = fromBase64(sealed);
  for (let at = 0, block = 0; at < bytes.length; at += 32, block++) {
    const stream = sha256(Uint8Array.of(...key, block >>> 24, block >>> 16, block >>> 8, block));
    for (let i = 0; i < 32 && at + i < bytes.length; i++) bytes[at + i] ^= stream[i];
  }
  const said = JSON.parse(new TextDecoder().decode(bytes));
  return "open" in said ? unlock(locks, fromHex(said.open)) : said;
}
