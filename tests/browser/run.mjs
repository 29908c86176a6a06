// Every page in a real browser: nobody, a member, an administrator and the provider's staff open all that they can reach, in both
// languages, light and dark, wide and narrow. Pictures of what fails go to out/, of every page with SHOTS=1. Run it with: npm test
import { mkdir, rm } from "node:fs/promises";
import { audit, check, languages, listen, open, schemes, step, tally, widths } from "./watch.mjs";
import { pause, routes, start } from "./platform.mjs";
import { signIn, signInByKeyboard } from "./people.mjs";
import { stories } from "./stories.mjs";

const began = Date.now(), out = new URL("out/", import.meta.url).pathname;
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
setTimeout(() => {
  console.log(`FAILED the run does not end; it stood after: ${tally.last}`);
  process.exit(1);
}, 25 * 60e3).unref();
const platform = await start(), { origin } = platform;
let browser = await open();
const visited = new Set(); // routes opened: /o/{org}/members

// shape is the route that a page is of: that whose words fit best.
const patterns = [...(await routes()).matchAll(/^(\/\S*)\s+GET\s/gm)].map((m) => m[1]).sort((a, b) => (a.match(/\{/g) || []).length - (b.match(/\{/g) || []).length);
const fits = patterns.map((p) => [p, new RegExp("^" + p.replace("{$}", "").replace(/\{\w+\.\.\.\}/g, ".*").replace(/\{\w+\}/g, "[^/]+") + "$")]);
const shape = (url) => { const { pathname } = new URL(url); return fits.find(([, r]) => r.test(pathname))?.[0] || pathname; };

// soon bounds the closing of a page or profile: one that the browser does not close in time is left to its end.
const soon = (thing) => {
  const close = thing.close.bind(thing);
  thing.close = () => Promise.race([close().catch(() => {}), new Promise((done) => setTimeout(done, 10e3))]);
};

// whole has a click end when the page that it leads to is there, or the file: a click alone may end before the browser asks for it.
const whole = (page) => {
  const click = page.click.bind(page);
  const leads = (e) => { const t = e.closest("a, button, input"); return Boolean(t && (t.href || (t.form && /^(submit|image)$/.test(t.type)))); };
  page.click = async (...how) => {
    await page.waitForSelector(how[0]).catch(() => {}); // what is wrong with it, the click itself says
    const far = await page.$eval(how[0], leads).catch(() => false);
    let asked, arrived;
    const there = new Promise((ok) => { arrived = ok; });
    const ask = (r) => { if (r.isNavigationRequest() && r.frame() === page.mainFrame()) asked = r; };
    const fail = (r) => { if (r === asked) arrived(); };
    const heard = { request: ask, requestfailed: fail, domcontentloaded: arrived, download: arrived, close: arrived };
    for (const [event, f] of Object.entries(heard)) page.on(event, f);
    try {
      await click(...how);
      for (let i = 0; i < (far ? 75 : 3) && !asked; i++) await pause(20);
      if (asked) await Promise.race([there, pause(30e3)]);
    } finally {
      for (const [event, f] of Object.entries(heard)) page.off(event, f);
    }
  };
};

// contextOf opens an empty profile that prefers a language.
const contextOf = async (lang = "fr", options = {}) => {
  const context = await browser.newContext({ viewport: { width: widths[0], height: 900 }, locale: lang, ...options });
  soon(context);
  context.on("page", (page) => { soon(page); whole(page); });
  return context;
};

// choose takes a language as the menu does: the choice stays in the profile, and shows on the next page.
const choose = (page, lang) => page.evaluate((l) => fetch("/preferences", { method: "POST", body: new URLSearchParams({ lang: l, back: "/livez" }) }), lang);

async function speak(page, lang) {
  await page.goto(origin + "/signin");
  await choose(page, lang);
}

// Each page is seen in both languages, both schemes and both widths: crossed, or every combination with EVERYTHING=1.
const full = new Set(), everything = process.env.EVERYTHING, every = widths.flatMap((w) => schemes.map((s) => [w, s]));
const crossed = { fr: [[1280, "light"], [320, "dark"]], en: [[1280, "dark"], [320, "light"]] };

// see audits the page that is open; one that somebody else was shown already is seen once more only.
async function see(page, said, who, at = shape(page.url())) {
  const lang = await page.getAttribute("html", "lang");
  visited.add(at);
  const again = full.has(at + lang) && !everything;
  full.add(at + lang);
  const shown = everything ? every : crossed[lang];
  for (const [width, scheme] of again ? shown.slice(lang === "fr" ? 0 : 1).slice(0, 1) : shown) {
    await page.setViewportSize({ width, height: width > 400 ? 900 : 640 });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const failed = tally.failed;
    await audit(page, `${who} ${lang} ${at} ${scheme} ${width}`, said);
    if (process.env.SHOTS || tally.failed > failed) {
      await page.screenshot({ path: `${out}${who}${at.replace(/\W+/g, "_").replace(/_+$/, "")}-${lang}-${scheme}-${width}.png`, fullPage: true });
    }
  }
}

// both sees the page that is open in both languages, and leaves it open in the one that it was in.
async function both(page, said, who) {
  const url = page.url(), own = await page.getAttribute("html", "lang"), other = languages.find((l) => l !== own);
  await see(page, said, who);
  for (const lang of [other, own]) {
    await choose(page, lang);
    await page.goto(url);
    if (lang === other) await see(page, said, who);
  }
  check(page.url() === url, `${who} ${shape(url)} stays where it is in both languages`, page.url());
  await page.setViewportSize({ width: widths[0], height: 900 });
}

// look opens one page, sees it and gives its links. In the second language, pages that others were shown are not opened again.
async function look(page, said, url, who, lang) {
  if (lang !== languages[0] && full.has(shape(url) + lang) && !everything) return [];
  const answer = await page.goto(url).catch((e) => (/download/i.test(e.message) ? null : Promise.reject(e)));
  if (!answer || !(answer.headers()["content-type"] || "").startsWith("text/html")) return [];
  const at = shape(page.url()), what = `${who} ${lang} ${at}`;
  if (answer.status() >= 400 && !url.endsWith("/no-such-page")) check(false, `${what}: answers ${answer.status()}`);
  const links = await page.$$eval("a[href]:not([download])", (all) => all.map((a) => a.href));
  await see(page, said, who, at);
  return links;
}

// walk opens one page of each shape that can be reached from the first ones.
async function walk(who, context, first) {
  const queue = first.map((p) => origin + p), seen = new Set(queue.map(shape)), page = await context.newPage(), said = listen(page);
  for (const lang of languages) {
    await speak(page, lang);
    for (let i = 0; i < queue.length; i++) {
      await step(`${who} ${lang} ${shape(queue[i])} opens`, async () => {
        const links = await look(page, said, queue[i], who, lang);
        for (const link of lang === languages[0] ? links : []) {
          const to = shape(link);
          if (!link.startsWith(origin + "/") || seen.has(to) || /^\/(api|assets)/.test(to)) continue;
          seen.add(to);
          queue.push(link.split("#")[0]);
        }
      });
    }
  }
  await page.close();
}

// come signs somebody in by a way of coming in, and gives their profile.
async function come(what, person, way, options) {
  const context = await contextOf("fr", options), page = await context.newPage(), said = listen(page);
  await step(what, () => way(page, origin, person));
  check(said.length === 0, `${what}: console and policy`, said.join("\n    "));
  await page.close();
  return context;
}

try {
  const { admin, member, provider: staff } = platform.people;
  for (const p of Object.values(platform.people)) p.spent = Math.floor(platform.made / 30000);
  const silent = await come("a member signs in without scripts", member, signIn, { javaScriptEnabled: false });
  const people = {
    admin: await come("an administrator signs in with the keyboard alone", admin, signInByKeyboard),
    member: await come("a member signs in", member, signIn),
    staff: await come("provider staff signs in", staff, signIn),
  };
  if (!process.env.STORIES) await Promise.all([ // STORIES=1 tells the stories alone, for who writes one
    contextOf().then((c) => walk("nobody", c, ["/signin", "/reset", "/signup", "/no-such-page"])),
    walk("admin", people.admin, ["/"]),
    walk("member", people.member, ["/", "/no-such-page"]),
    walk("staff", people.staff, ["/", "/provider"]),
  ]);
  // Stories are told in a browser of their own: one that has drawn a thousand pages for three people at once may open no further page.
  const tired = browser, moved = async (context, options) => contextOf("fr", { ...options, storageState: await context.storageState() });
  browser = await open();
  for (const name of Object.keys(people)) {
    people[name] = await moved(people[name]);
    const page = await people[name].newPage(); // the walks ended in the second language; stories begin in the first
    await speak(page, languages[0]);
    await page.close();
  }
  const still = await moved(silent, { javaScriptEnabled: false });
  await Promise.race([tired.close(), new Promise((done) => setTimeout(done, 15e3).unref())]);
  await stories({ platform, contextOf, silent: still, people, see, both });

  // Whatever the binary serves was audited in both languages; what is no page is named here.
  const files = /^\/(api|assets|livez|readyz|metrics|\.well-known)\b|\.(js|csv|pdf|json|jsonl|xlsx|xml|zip)$|\/(export|download|file|photo|sheet|progress|live|stream|certificate|receipt)$|\/receipts\/\{record\}$|\/evidence\/\{evidence\}$|\/incidents\/register$|\/breaches\/\{notice\}\/persons$|\/\{file\}$|\/\{form(at)?\}$/;
  const unseen = patterns.filter((r) => !files.test(r)).flatMap((r) => languages.filter((l) => !full.has(r + l)).map((l) => `${r} in ${l}`));
  if (!process.env.STORIES) check(unseen.length === 0, "every page was audited in both languages", unseen.join("\n    "));
  console.log(`pages audited: ${visited.size}`);
} finally {
  await Promise.race([browser.close(), new Promise((done) => setTimeout(done, 15e3))]);
  await platform.stop();
}
for (const f of tally.failures) console.log("- " + f);
console.log(`browser: ${((Date.now() - began) / 1000).toFixed(0)} s`);
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed || !tally.passed ? 1 : 0);
