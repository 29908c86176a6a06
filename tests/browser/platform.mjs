// The platform under test: the real binary with invented people, and how they come in.
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const binary = resolve(process.env.REMPART || "../../bin/rempart");

const freePort = () => new Promise((ok) => {
  const s = createServer().listen(0, "127.0.0.1", () => { const { port } = s.address(); s.close(() => ok(port)); });
});
export const pause = (ms) => new Promise((ok) => setTimeout(ok, ms));

// start makes the people and serves them; stop ends it and forgets them.
export async function start() {
  const folder = await mkdtemp(join(tmpdir(), "rempart-browser-")), seed = join(folder, "people.json"), port = await freePort();
  const child = spawn(binary, ["demo", "--seed", seed, "--port", String(port)], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "", ended;
  child.stdout.on("data", (d) => (said += d));
  child.stderr.on("data", (d) => (said += d));
  child.on("exit", (code) => (ended = code));
  for (let i = 0; ; i++) {
    if (ended !== undefined || i > 600) throw new Error(`the platform did not start (${ended}):\n${said}`);
    try {
      const people = JSON.parse(await readFile(seed, "utf8"));
      if ((await fetch(people.origin + "/livez")).ok) {
        return { ...people, folder, made: Date.now(), stop: async () => { child.kill("SIGTERM"); for (let j = 0; ended === undefined && j < 100; j++) await pause(50); await rm(folder, { recursive: true, force: true }); } };
      }
    } catch { /* not yet */ }
    await pause(100);
  }
}

// first starts an installation on its first day, and gives the link that sets it up.
export async function first() {
  const folder = await mkdtemp(join(tmpdir(), "rempart-first-")), port = await freePort();
  const child = spawn(binary, ["serve"], {
    stdio: ["ignore", "pipe", "pipe"], cwd: folder,
    env: { ...process.env, REMPART_DATA: join(folder, "data"), REMPART_SERVER_LISTEN: `127.0.0.1:${port}`, REMPART_MAIL_FOLDER: join(folder, "mail") },
  });
  let said = "", ended;
  child.stdout.on("data", (d) => (said += d));
  child.stderr.on("data", (d) => (said += d));
  child.on("exit", (code) => (ended = code));
  const stop = async () => { child.kill("SIGTERM"); for (let j = 0; ended === undefined && j < 100; j++) await pause(50); await rm(folder, { recursive: true, force: true }); };
  for (let i = 0; i < 200 && ended === undefined; i++) {
    const link = said.match(/http:\/\/\S*\/setup\/\S+/), origin = link && new URL(link[0]).origin;
    if (origin && (await fetch(origin + "/livez").catch(() => ({}))).ok) return { link: link[0], origin, stop };
    await pause(100);
  }
  await stop();
  throw new Error("the first start gave no link:\n" + said);
}

// routes lists what the binary serves: "GET /o/{org}/members".
export async function routes() {
  const folder = await mkdtemp(join(tmpdir(), "rempart-routes-"));
  const child = spawn(binary, ["routes"], { stdio: ["ignore", "pipe", "inherit"], cwd: folder });
  let out = "";
  for await (const d of child.stdout) out += d;
  await rm(folder, { recursive: true, force: true });
  return out;
}

// totp gives the code of a moment (RFC 6238: SHA-1, 30 s, 6 digits) of a key in base32.
export function totp(key, at = Date.now()) {
  let bits = "";
  for (const c of key.replace(/[\s=]/g, "").toUpperCase()) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0");
  const secret = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2))), counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const h = createHmac("sha1", secret).update(counter).digest(), o = h[19] & 15;
  return String((h.readUInt32BE(o) & 0x7fffffff) % 1e6).padStart(6, "0");
}

// letter waits for the newest message to an address, and gives the link in it whose path starts so.
export const letter = async (folder, to, path) => (await mailed(folder, to, new RegExp(`http://\\S*${path}\\S*`)))[0];

// mailed waits for the newest message to an address in which something is found.
export async function mailed(folder, to, wanted) {
  for (let i = 0; i < 100; i++) {
    for (const name of (await readdir(folder)).sort().reverse()) {
      if (!name.endsWith(".eml")) continue;
      const text = (await readFile(join(folder, name), "utf8")).replace(/=\r?\n/g, "").replace(/=3D/g, "=");
      const found = text.includes(`<${to}>`) && text.match(wanted);
      if (found) return found;
    }
    await pause(100);
  }
  throw new Error(`no message to ${to} with ${wanted}`);
}
