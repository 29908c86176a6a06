// Finds a nonce such that SHA-256(challenge + "." + nonce) starts with `bits` zero bits.
"use strict";
const K = new Uint32Array(64), H0 = new Uint32Array(8);
(() => {
  const frac = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
  let n = 0;
  for (let p = 2; n < 64; p++) {
    let prime = true;
    for (let d = 2; d * d <= p; d++) if (p % d === 0) { prime = false; break; }
    if (!prime) continue;
    if (n < 8) H0[n] = frac(Math.sqrt(p));
    K[n++] = frac(Math.cbrt(p));
  }
})();
const W = new Uint32Array(64);
function first(text) { // first word and second word of the digest of one text
  const len = text.length, blocks = ((len + 8) >> 6) + 1, m = new Uint32Array(blocks * 16), h = H0.slice();
  for (let i = 0; i < len; i++) m[i >> 2] |= text.charCodeAt(i) << (24 - (i & 3) * 8);
  m[len >> 2] |= 0x80 << (24 - (len & 3) * 8);
  m[blocks * 16 - 1] = len * 8;
  for (let b = 0; b < m.length; b += 16) {
    let [a, c, d, e, f, g, x, y] = h;
    for (let i = 0; i < 64; i++) {
      if (i < 16) W[i] = m[b + i];
      else {
        const p = W[i - 15], q = W[i - 2];
        W[i] = W[i - 16] + W[i - 7] + (((p >>> 7) | (p << 25)) ^ ((p >>> 18) | (p << 14)) ^ (p >>> 3))
          + (((q >>> 17) | (q << 15)) ^ ((q >>> 19) | (q << 13)) ^ (q >>> 10));
      }
      const t1 = (y + (((f >>> 6) | (f << 26)) ^ ((f >>> 11) | (f << 21)) ^ ((f >>> 25) | (f << 7))) + ((f & g) ^ (~f & x)) + K[i] + W[i]) | 0;
      const t2 = ((((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + ((a & c) ^ (a & d) ^ (c & d))) | 0;
      y = x; x = g; g = f; f = (e + t1) | 0; e = d; d = c; c = a; a = (t1 + t2) | 0;
    }
    h[0] += a; h[1] += c; h[2] += d; h[3] += e; h[4] += f; h[5] += g; h[6] += x; h[7] += y;
  }
  return h;
}
onmessage = ({ data: { challenge, bits } }) => {
  for (let n = 0; ; n++) {
    const h = first(challenge + "." + n);
    if (Math.clz32(h[0]) + (h[0] ? 0 : Math.clz32(h[1])) >= bits) { postMessage(String(n)); return; }
  }
};
