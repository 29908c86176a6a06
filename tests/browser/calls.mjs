// The workstation page: an exchange is connected, calls ring live, a notification is shown, a number is dialled; and all of it without
// scripts but the live part.
import { listen, step } from "./watch.mjs";
import { join, signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const until = async (ok, what) => {
  for (let i = 0; i < 100; i++) { if (await ok()) return; await new Promise((go) => setTimeout(go, 100)); }
  throw new Error(what);
};

export async function calls({ platform, people, contextOf, both }) {
  const { admin, member } = platform.people, base = `${platform.origin}/o/${admin.org}`, desk = base + "/calls", lines = base + "/recognition/lines";
  const plain = await contextOf("fr", { javaScriptEnabled: false }), page = await plain.newPage();
  const context = await contextOf("fr"), seen = await context.newPage(), said = listen(seen);
  await signIn(page, platform.origin, member); // a fresh proof: who connects an exchange is asked for one
  await join(context, plain);
  const show = async (at) => { await seen.goto(at); await both(seen, said, "called"); };
  const tell = async (call, state, more = {}) => {
    const a = await seen.request.post(`${platform.origin}/api/v1/organizations/${admin.org}/calls`, { data: { call, extension: "101", state, ...more } });
    expect(a.status() === 204, `the call is not told: ${a.status()} ${await a.text()}`);
  };
  await step("whoever uses calls has the roles for it", async () => {
    const office = await people.admin.newPage();
    for (const role of ["recognition.user", "recognition.manager", "recognition.agent"]) {
      const a = await office.request.post(`${platform.origin}/api/v1/organizations/${admin.org}/assignments`, { data: { person: member.person, role, reason: "Répond au téléphone" } });
      expect(a.status() === 201 || a.status() === 409, `${role} is not given: ${a.status()} ${await a.text()}`);
    }
    await office.close();
  });
  await step("an exchange is connected without scripts", async () => {
    await page.goto(base + "/recognition/connect/sip");
    await show(page.url());
    await page.click("main form button.btn-primary");
    expect((await text(page)).includes("Ce champ est nécessaire"), "what is missing is not said");
    await page.goto(base + "/recognition/connect/fake");
    await page.fill("#title", "Central d'essai");
    await page.fill(`input[name^='extension-']`, "101");
    await page.click("main form button.btn-primary");
    expect((await text(page)).includes("Central enregistré"), "the exchange is not kept");
    await page.click("form[action$='/test'] button");
    expect((await text(page)).includes("en service"), "the exchange is not spoken to");
    await show(page.url().split("?")[0]);
    await show(page.url() + "/edit");
    await show(lines);
  });
  await step("a call rings live, is said aloud and notified", async () => {
    await context.grantPermissions(["notifications"]);
    await show(desk);
    await seen.goto(desk);
    await until(async () => (await seen.innerText("#desk-state")) === "En direct", "the page does not listen");
    const began = Date.now();
    await tell("b-1", "ringing", { number: "01 62 00 00 01", display: "Enquête" });
    await seen.waitForSelector("#desk-live h3");
    console.log(`call told → drawn in the page: ${Date.now() - began} ms`);
    expect((await seen.innerText("#desk-live")).includes("appel automatisé probable"), "an automated caller is not told for one");
    expect((await seen.innerText("#desk-say")).length > 0, "nothing is said aloud");
    const notified = () => seen.evaluate(async () => (await (await navigator.serviceWorker.getRegistration()).getNotifications()).map((n) => n.title));
    await until(async () => (await notified()).length === 1, "no notification");
    await both(seen, said, "called");
    await tell("b-1", "ended");
    await until(async () => (await seen.innerText("#desk-live")).includes("Aucun appel en cours"), "the call does not leave the page");
    await until(async () => (await notified()).length === 0, "the notification stays");
  });
  await step("a tel: link waits in the field", async () => {
    await seen.goto("about:blank");
    await seen.goto(desk + "#dial=tel:+33142000000");
    await until(async () => (await seen.inputValue("#number")) === "+33142000000", "the number is not taken");
    expect(!seen.url().includes("142000000"), "the number stays in the address");
  });
  await step("a number is dialled, a note is kept, a call is found, without scripts", async () => {
    await page.goto(desk);
    await page.fill("#number", "01 42 00 00 00");
    await page.click("form[action$='/dial'] button.btn-primary");
    expect((await text(page)).includes("Votre poste sonne"), "the phone does not ring");
    await page.goto(desk);
    await page.click("details:has(textarea) summary");
    await page.fill("textarea[name=note]", "Rappeler mardi");
    await page.click("form[action$='/note'] button");
    expect((await text(page)).includes("Rappeler mardi"), "the note is not kept");
    await page.fill("#search", "mardi");
    await page.click("form:has(#search) button");
    expect((await page.$$("main tbody tr")).length === 1 && !page.url().includes("mardi"), "the search does not find the note");
    await show(desk);
  });
  await context.close();
  await plain.close();
}
