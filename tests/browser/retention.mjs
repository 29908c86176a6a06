// Durations in words, a dry run, a legal hold placed and lifted, the archive, and an end of contract that is called off.
import { listen, step } from "./watch.mjs";
import { join, signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const day = (days) => new Date(Date.now() + days * 864e5).toISOString().slice(0, 10);
const url = (path) => (to) => to.pathname === path;

// Everything is done without scripts, then seen in every form.
export async function retention({ platform, people, contextOf, both }) {
  const { origin } = platform, { admin, provider, support } = platform.people, own = `/o/${admin.org}`;
  const seenAt = [], mine = [];
  const client = await contextOf("fr", { javaScriptEnabled: false }), page = await client.newPage();
  await step("an administrator tries a sweep, and places and lifts a hold, without scripts", async () => {
    await join(client, people.admin);
    await page.goto(origin + own + "/retention");
    expect((await text(page)).includes("En vigueur ici"), "the durations are not said");
    await page.click("form[action$='/try'] button");
    expect((await text(page)).includes("essai"), "the dry run is not shown");
    mine.push(page.url());
    await page.goto(origin + own + "/retention/holds/new");
    await page.fill("#ground", "court");
    await page.click("form[action$='/holds'] button");
    expect((await text(page)).includes("10 à 1000"), "a ground that says nothing is taken");
    await page.fill("#ground", "Affaire 12/345 devant le tribunal");
    await page.fill("#review", day(90));
    await page.click("form[action$='/holds'] button");
    expect((await text(page)).includes("en vigueur"), "the hold is not shown");
    const lift = await page.getAttribute("main a[href$='/lift']", "href");
    await page.goto(origin + lift);
    await page.fill("#why", "L'affaire est close depuis hier");
    await page.click("form[action$='/lift'] button");
    expect((await text(page)).includes("levée"), "the hold is not lifted");
    mine.push(origin + lift, ...["/retention", "/retention/runs", "/retention/holds", "/retention/holds/new"].map((p) => origin + own + p));
  });
  await step("an administrator ends the contract, asks for more time and calls it off without scripts", async () => {
    const at = own + "/offboarding";
    await page.goto(origin + at);
    await page.fill("textarea#reason", "Nous changeons de prestataire");
    await page.click(`form[action='${at}'] button`);
    expect((await text(page)).includes("Il reste 30 jour(s)"), "the countdown is not shown");
    await page.fill("#until", day(60));
    await page.fill("#more-reason", "La reprise prend du retard");
    await page.click("form[action$='/more'] button");
    expect((await text(page)).includes("à juger"), "the request for more time is not shown");
  });
  const house = await contextOf("fr", { javaScriptEnabled: false }), desk = await house.newPage();
  await step("the provider grants more time without scripts", async () => {
    await signIn(desk, origin, provider);
    const at = `${origin}/provider/offboarding/${admin.org}`;
    await desk.goto(at);
    seenAt.push(at);
    await desk.fill("#word", "Accordé, deux mois en tout");
    await desk.click("button[value=grant]");
    expect((await text(desk)).includes("accordée"), "the answer is not shown");
    await desk.goto(origin + "/provider/retention");
    await desk.click("form[action$='/try'] button");
    seenAt.push(desk.url());
    await desk.goto(origin + "/provider/retention/holds/new");
    await desk.selectOption("#org", admin.org);
    await desk.fill("#ground", "Réquisition du 3 novembre");
    await desk.click("form[action$='/holds'] button");
    const lift = await desk.getAttribute("main a[href$='/lift']", "href");
    await desk.goto(origin + lift);
    await desk.fill("#why", "La réquisition est levée ce jour");
    await desk.click("form[action$='/lift'] button");
    seenAt.push(origin + lift, ...["retention", "retention/runs", "retention/holds", "retention/holds/new", "offboarding"].map((p) => `${origin}/provider/${p}`));
  });
  await inEveryForm(contextOf, both, house, seenAt, "provider", "the provider's pages of retention in every form");
  await house.close();
  await page.goto(origin + own + "/offboarding");
  await inEveryForm(contextOf, both, client, [origin + own + "/offboarding", ...mine], "admin", "the pages of retention in every form");
  await step("the end of the contract is called off without scripts", async () => {
    await page.goto(origin + own + "/offboarding");
    await page.fill("#off-reason", "Nous restons, finalement");
    await page.click("form[action$='/off'] button");
    expect((await text(page)).includes("Le contrat court toujours"), "the contract still ends");
  });
  await client.close();
  const officer = await contextOf("fr"), shelf = await officer.newPage(), said = listen(shelf);
  await step("the archive asks for a reason", async () => {
    await signIn(shelf, origin, support);
    await shelf.goto(origin + "/provider/retention/archive");
    await both(shelf, said, "officer");
    await shelf.fill("#org", admin.org);
    await shelf.click("form[action$='/archive'] button");
    expect((await text(shelf)).includes("10 à 500"), "the archive is read without a reason");
    await shelf.fill("#reason", "Contrôle annuel des habilitations");
    await shelf.click("form[action$='/archive'] button");
    await shelf.waitForURL(url("/provider/retention/archive"));
    expect((await text(shelf)).includes("Aucun enregistrement"), "the search does not answer");
  });
  await officer.close();
}

async function inEveryForm(contextOf, both, from, pages, who, what) {
  const context = await contextOf("fr"), seen = await context.newPage(), said = listen(seen);
  await join(context, from);
  await step(what, async () => {
    for (const at of pages) {
      await seen.goto(at);
      await both(seen, said, who);
    }
  });
  await context.close();
}
