// What every page is watched for, whoever opens it: axe-core, width, console, Content-Security-Policy.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

export const schemes = ["light", "dark"], languages = ["fr", "en"], widths = [1280, 320];

// open starts the browser with an empty profile.
export function open() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
}

// Count of what passed and what did not.
export const tally = { passed: 0, failed: 0, failures: [], last: "" };

export function check(ok, what, detail = "") {
  tally.last = what;
  if (ok) return void tally.passed++;
  tally.failed++;
  tally.failures.push(what + (detail ? "\n    " + detail : ""));
  console.log("FAILED " + what + (detail ? "\n    " + detail : ""));
}

const patience = 5 * 60e3; // a browser that answers no more must not hold the run for ever

// step runs one piece of a story; what it throws is one failure, and so is what never ends.
export async function step(what, run) {
  let timer;
  try {
    const late = new Promise((_, no) => { timer = setTimeout(() => no(new Error("it did not end in five minutes")), patience); });
    const value = await Promise.race([run(), late]);
    check(true, what);
    return value;
  } catch (e) {
    check(false, what, String(e.message || e).split("\n").slice(0, 6).join("\n    "));
  } finally {
    clearTimeout(timer);
  }
}

// until opens a page again until it says something: what is done in the background takes its time.
export async function until(page, words) {
  for (let i = 0; i < 60; i++) {
    if ((await page.innerText("main")).includes(words)) return;
    await new Promise((done) => setTimeout(done, 500));
    await page.reload();
  }
  throw new Error(`${page.url()} never says ${words}: ${(await page.innerText("main")).slice(0, 400)}`);
}

// listen keeps what the console and the policy say on a page. Statuses of error pages are expected.
export function listen(page) {
  const said = [];
  page.on("console", (m) => {
    if (m.type() === "error" && !/Failed to load resource: the server responded with a status of (40\d|41\d|42\d|50\d)/.test(m.text())) said.push(m.text());
  });
  page.on("pageerror", (e) => said.push(String(e)));
  return said;
}

// audit looks at one page as it stands: rules of WCAG 2.2 A and AA and the best practices of axe-core, no line wider than the window.
export async function audit(page, what, said = []) {
  const found = await page.evaluate(async (source) => {
    if (!window.axe) {
      // The page's own policy allows no script but its own: axe is given to the isolated test world by evaluate.
      (0, eval)(source);
    }
    const r = await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] });
    return r.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " " + (n.any[0]?.message || "")).join(" | ")}`);
  }, axe);
  check(found.length === 0, `${what}: axe`, found.join("\n    "));
  const over = await page.evaluate(() => {
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide <= 0) return "";
    const who = [...document.querySelectorAll("main *")].find((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".sheet-grid,.aside"));
    return `${wide} px too wide: ${who ? who.tagName + "." + who.className : "?"}`;
  });
  check(over === "", `${what}: no horizontal scroll`, over);
  check(said.length === 0, `${what}: console and policy`, said.join("\n    "));
  said.length = 0;
}
