// Every page in a real browser: nobody, a member, an administrator and the provider's staff open all that they can reach, in both
// languages, light and dark, wide and narrow. Screenshots go to out/. Run it with: npm test
import { mkdir, rm } from "node:fs/promises";
import { audit, check, languages, listen, open, schemes, step, tally, widths } from "./watch.mjs";
import { routes, start } from "./platform.mjs";
import { signIn, signInByKeyboard } from "./people.mjs";
import { stories } from "./stories.mjs";

const began = Date.now(), out = new URL("out/", import.meta.url).pathname;
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const platform = await start(), browser = await open(), { origin } = platform;
const visited = new Set(); // shapes of pages: /o/*/members
const id = /^([0-9a-f]{8}-[0-9a-f-]{27}|platform|[a-z0-9]{32})$/;
const shape = (url) => new URL(url).pathname.split("/").map((p) => (id.test(p) ? "*" : p)).join("/");

// contextOf opens a window that speaks a language, with somebody's cookies.
async function contextOf(lang, state, options = {}) {
  const context = await browser.newContext({ viewport: { width: widths[0], height: 900 }, locale: lang, storageState: state, ...options });
  await context.addCookies([{ name: "__Host-lang", value: lang, url: origin, secure: true, httpOnly: true, sameSite: "Lax" }]);
  return context;
}

// look audits one page as each combination shows it.
async function look(page, said, url, who, lang) {
  const answer = await page.goto(url).catch((e) => (/download/i.test(e.message) ? null : Promise.reject(e)));
  if (!answer || !(answer.headers()["content-type"] || "").startsWith("text/html")) return [];
  const at = shape(page.url()), what = `${who} ${lang} ${at}`;
  if (answer.status() >= 500) check(false, `${what}: ${answer.status()}`);
  visited.add(at);
  const links = await page.$$eval("a[href]:not([download])", (all) => all.map((a) => a.href));
  for (const width of widths) for (const scheme of schemes) {
    await page.setViewportSize({ width, height: width > 400 ? 900 : 640 });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.screenshot({ path: `${out}${who}${at.replace(/\W+/g, "_")}-${lang}-${scheme}-${width}.png`, fullPage: true });
    await audit(page, `${what} ${scheme} ${width}`, said);
  }
  return links;
}

// walk opens one page of each shape that can be reached from the first ones.
async function walk(who, state, first) {
  const queue = first.map((p) => origin + p), seen = new Set(queue.map(shape)), found = [];
  for (const lang of languages) {
    const context = await contextOf(lang, state), page = await context.newPage(), said = listen(page);
    for (let i = 0; i < (lang === languages[0] ? queue.length : found.length); i++) {
      const url = lang === languages[0] ? queue[i] : found[i];
      await step(`${who} ${lang} ${shape(url)} opens`, async () => {
        for (const link of await look(page, said, url, who, lang)) {
          const to = shape(link);
          if (lang !== languages[0] || !link.startsWith(origin + "/") || seen.has(to) || /^\/(api|signout|assets)/.test(new URL(link).pathname)) continue;
          seen.add(to);
          queue.push(link.split("#")[0]);
        }
      });
      if (lang === languages[0]) found.push(url);
    }
    await context.close();
  }
}

// come signs somebody in by a way of coming in, and keeps their cookies.
async function come(what, person, way, options) {
  const context = await contextOf("fr", undefined, options), page = await context.newPage(), said = listen(page);
  await step(what, () => way(page, origin, person));
  check(said.length === 0, `${what}: console and policy`, said.join("\n    "));
  const state = await context.storageState();
  await context.close();
  return state;
}

try {
  const { admin, member, staff } = platform.people;
  const states = {
    admin: await come("an administrator signs in with the keyboard alone", admin, signInByKeyboard),
    member: await come("a member signs in without scripts", member, signIn, { javaScriptEnabled: false }),
    staff: await come("provider staff signs in", staff, signIn),
  };
  await walk("nobody", undefined, ["/signin", "/reset", "/signup", "/no-such-page"]);
  await walk("member", states.member, ["/", "/no-such-page"]);
  await walk("admin", states.admin, ["/"]);
  await walk("staff", states.staff, ["/", "/provider"]);
  await stories({ platform, browser, contextOf, states });

  const asked = [...(await routes()).matchAll(/GET (\/[^\s]*)/g)].map((m) => m[1].replace("/{$}", "/").replace(/\{[^}]+\}/g, "*"));
  const files = /^\/(api|assets|livez|readyz|metrics)|\.(js|csv|pdf|json|jsonl|xlsx|zip)$|\/(export|download|qr)\b/;
  const unseen = asked.filter((r) => !files.test(r) && !visited.has(r));
  console.log(`pages seen: ${visited.size}; routes not opened by this walk: ${unseen.join(" ") || "none"}`);
} finally {
  await browser.close();
  await platform.stop();
}
for (const f of tally.failures) console.log("- " + f);
console.log(`browser: ${((Date.now() - began) / 1000).toFixed(0)} s`);
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed || !tally.passed ? 1 : 0);
