// Consents and shares: an organization asks, a person looks, shares and stops without scripts; figures that single out nobody.
import { listen, step, until } from "./watch.mjs";
import { join } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const send = (page, form = "main form") => page.click(`${form} button.btn-primary`);
const day = (days) => new Date(Date.now() + days * 864e5).toISOString().slice(0, 10);

async function publish(page, base, purpose, asks) {
  await page.goto(base + "/new");
  for (const [id, value] of Object.entries({ purpose, title_fr: "Suivi des travaux", title_en: "Follow-up of works", text_fr: "Pour vous prévenir quand votre rue est barrée.", text_en: "To tell you when your street is closed." })) await page.fill("#" + id, value);
  for (const field of asks) await page.check(`input[name=asks][value='${field}']`);
  await send(page);
  return page.url();
}

export async function consents({ platform, people, contextOf, both }) {
  const { admin, member } = platform.people, org = `${platform.origin}/o/${admin.org}`, mine = platform.origin + "/me/shares";
  const desk = await people.admin.newPage(), said = listen(desk);
  let question = "";
  await step("an organization publishes a question", async () => {
    await desk.goto(org + "/consents");
    await both(desk, said, "asker");
    await desk.goto(org + "/consents/new");
    await send(desk);
    expect(await desk.isVisible("#problems a[href='#purpose']"), "the summary does not lead to the purpose");
    await both(desk, said, "asker");
    question = await publish(desk, org + "/consents", "works", ["profile.given_name", "profile.email"]);
    await both(desk, said, "asker");
    await desk.goto(question + "/new");
    await both(desk, said, "asker");
    await desk.goto(org + "/shares");
    await both(desk, said, "asker");
  });
  const plain = await contextOf("fr", { javaScriptEnabled: false }), page = await plain.newPage(), one = `${mine}/${question.split("/").pop()}`;
  const own = await people.member.newPage(), heard = listen(own);
  await step("a person looks before sharing, without scripts", async () => {
    await join(plain, people.member);
    await page.goto(one);
    expect(!(await page.isChecked("input[name=fields]")), "a field is ticked beforehand");
    await send(page);
    expect((await text(page)).includes("Choisissez au moins un champ"), "what is missing is not said");
    await page.check("input[name=fields][value='profile.email']");
    await page.fill("#until", day(20));
    await send(page);
    expect((await text(page)).includes(member.email), "what will be seen is not shown");
    await send(page);
    expect((await text(page)).includes("Partagé jusqu'au"), "the share is not listed");
  });
  await step("a person's pages in every form", async () => {
    for (const at of [mine, one]) {
      await own.goto(at);
      await both(own, heard, "sharer");
    }
  });
  await step("an organization reads, and notes what is its own", async () => {
    await desk.goto(org + "/shares");
    await desk.click("main td a[href*='/shares/']");
    expect((await text(desk)).includes(member.email), "what is shared is not shown");
    await desk.fill("#text", "Prévenue par courriel le lundi.");
    await send(desk);
    expect((await text(desk)).includes("Prévenue par courriel"), "the note is not kept");
    await both(desk, said, "receiver");
    await desk.goto(org + "/shares");
    await both(desk, said, "receiver");
  });
  await step("a person stops, without scripts", async () => {
    await page.goto(one);
    await until(page, "a lu ce partage"); // the journal is indexed in the background
    await send(page, "form[action$='/withdraw']");
    expect((await text(page)).includes("l'organisation ne voit plus rien"), "the stop is not said");
    await desk.goto(org + "/shares");
    expect(!(await text(desk)).includes(member.email), "the organization still sees");
    await both(desk, said, "receiver");
  });
  await step("figures single out nobody", async () => {
    await desk.goto(org + "/statistics");
    await both(desk, said, "counter");
    await send(desk);
    expect((await text(desk)).includes("bruit de ±"), "the noise is not said");
    await both(desk, said, "counter");
  });
  const staff = await people.staff.newPage(), told = listen(staff);
  await step("the provider asks too, and sees counts", async () => {
    const made = await publish(staff, platform.origin + "/provider/consents", "platform-news", []);
    for (const at of [made, made + "/new", platform.origin + "/provider/consents", platform.origin + "/provider/consents/new", platform.origin + "/provider/consents/counts", platform.origin + "/provider/statistics"]) {
      await staff.goto(at);
      await both(staff, told, "provider");
    }
  });
  for (const p of [desk, own, staff]) await p.close();
  await plain.close();
}
