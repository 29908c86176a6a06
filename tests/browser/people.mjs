// How people come in: with a mouse, with the keyboard alone, without scripts.
import { pause, totp } from "./platform.mjs";

const spent = new Map(); // last 30-second step used by each person: a code serves once

// code waits, if it must, for a code that was not used yet.
export async function code(person) {
  for (;;) {
    const step = Math.floor(Date.now() / 30000);
    if (spent.get(person.email) !== step && step > (person.spent || 0)) {
      spent.set(person.email, step);
      return totp(person.totp);
    }
    await pause(500);
  }
}

// signIn fills the pages as they come: address, password, code. Works with scripts and without.
export async function signIn(page, origin, person) {
  await page.goto(origin + "/signin");
  await page.fill("#email", person.email);
  await page.click("main form button.btn-primary");
  await page.fill("#password", person.password);
  await page.click("main form button.btn-primary");
  if (person.totp) {
    await page.fill("#code", await code(person));
    await page.click("main form button.btn-primary");
  }
  await page.waitForURL((u) => !u.pathname.startsWith("/signin"));
}

// signInByKeyboard never touches the mouse: Tab to what is needed, Enter to send.
export async function signInByKeyboard(page, origin, person) {
  const keys = page.keyboard;
  const tabTo = async (wanted) => {
    for (let i = 0; i < 30; i++) {
      if (await page.evaluate((id) => document.activeElement?.id === id, wanted)) return;
      await keys.press("Tab");
    }
    throw new Error(`${wanted} is not reached with Tab on ${page.url()}`);
  };
  const send = async (id, text) => {
    await tabTo(id);
    const seen = await page.evaluate((e) => {
      const s = getComputedStyle(document.getElementById(e));
      return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
    }, id);
    if (!seen) throw new Error(`the focus on ${id} is not visible`);
    await keys.type(text);
    const before = page.url();
    await keys.press("Enter");
    await page.waitForURL((u) => u.href !== before);
  };
  await page.goto(origin + "/signin");
  await send("email", person.email);
  await send("password", person.password);
  if (person.totp) await send("code", await code(person));
  await page.waitForURL((u) => !u.pathname.startsWith("/signin"));
}

// prove has somebody prove again who they are: the stories together last longer than a proof is good for.
export async function prove(context, origin, person) {
  const page = await context.newPage();
  await page.goto(origin + "/signin/again?next=/me/profile");
  await page.fill("#answer", (await page.$("#answer[type=password]")) ? person.password : await code(person));
  await page.click("main form button.btn-primary");
  await page.waitForURL((u) => u.pathname === "/me/profile");
  await page.close();
  for (const g of shared) if (g.profiles.has(context)) await keep(g);
}

// join lets a fresh profile go on with the session of another one, in its own language and colours: one more sign-in of
// somebody who came in often is throttled, as it should be. The cookie is renewed every five minutes, and one that stays behind for
// more than a minute is taken for a stolen copy: the profiles that share a session are kept at the same one.
export async function join(context, from) {
  for (const g of shared) g.profiles.delete(context); // it leaves the session that it had
  await context.addCookies((await from.cookies()).filter((c) => !/lang|theme|note/.test(c.name)));
  let group = shared.find((g) => g.profiles.has(from));
  if (!group) shared.push(group = { profiles: new Set(), value: await sessionOf(from) });
  for (const profile of [from, context]) {
    if (!group.profiles.has(profile)) leaving(profile);
    group.profiles.add(profile);
  }
}

// leaving has a profile tell the cookie that it was given last before it closes.
function leaving(profile) {
  const close = profile.close.bind(profile);
  profile.close = async () => {
    for (const g of shared) if (g.profiles.has(profile)) await keep(g);
    await close();
  };
}

const shared = [], sessionOf = async (context) => (await context.cookies()).find((c) => c.name === "__Host-session");

// within gives what a browser answers in time, null when it does not: a profile whose closing hangs answers no more.
const within = (answer) => Promise.race([answer, new Promise((late) => setTimeout(late, 2000, null))]);

// keep hands a cookie that one profile was given to the others of its session; who signed out or closed is followed no more.
async function keep(group) {
  let newest;
  await Promise.all([...group.profiles].map(async (profile) => {
    const own = await within(sessionOf(profile)).catch(() => undefined);
    if (own === undefined) group.profiles.delete(profile);
    else if (own && own.value !== group.value?.value) newest = own;
  }));
  if (!newest) return;
  group.value = newest;
  await Promise.all([...group.profiles].map((profile) => within(profile.addCookies([newest])).catch(() => group.profiles.delete(profile))));
}

setInterval(() => shared.forEach(keep), 5000).unref();
