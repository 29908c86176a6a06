// An incident from its opening to its lessons, and a breach that a client reads.
import { listen, step } from "./watch.mjs";
import { signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const send = (page, form = "main form") => page.click(`${form} button.btn-primary`);
const moment = (hours) => new Date(Date.now() + hours * 36e5).toISOString().slice(0, 16);
const told = { facts: "Un compte d'administration a servi à un tiers.", data: "noms, adresses", persons: "membres", consequences: "hameçonnage", measures: "sessions coupées" };

// Everything is written without scripts, then seen in every form.
export async function incidents({ platform, people, contextOf, both }) {
  const base = platform.origin + "/provider/incidents", { admin } = platform.people;
  const plain = await contextOf("fr", { javaScriptEnabled: false }), page = await plain.newPage();
  const seenAt = [base, base + "?show=breaches", base + "?show=closed", base + "/new"];
  let incident = "";
  await step("a breach is opened, worked on and told without scripts", async () => {
    await signIn(page, platform.origin, platform.people.provider);
    await page.goto(base + "/new");
    await send(page);
    expect((await text(page)).includes("Remplissez ce champ"), "what is missing is not said");
    await page.fill("#title", "Compte détourné");
    await page.fill("#facts", told.facts);
    await page.check("[name=breach]");
    await send(page);
    incident = page.url();
    expect((await text(page)).includes("Avant de clore"), "what lacks before closing is not said");
    await page.goto(incident + "/edit");
    for (const [name, value] of Object.entries(told)) await page.fill("#" + name, value);
    await page.selectOption("#nature", "confidentiality");
    await page.selectOption("#part", "both");
    await send(page);
    await page.fill("form[action$='/notes'] textarea", "Appel du client à 9 h.");
    await page.click("form[action$='/notes'] button");
    await page.fill("form[action$='/tasks'] #title", "Changer les clés");
    await page.selectOption("form[action$='/tasks'] #owner", { index: 1 });
    await page.fill("form[action$='/tasks'] #due", moment(48));
    await page.click("form[action$='/tasks'] button");
    expect((await text(page)).includes("Changer les clés"), "the task is not shown");
    await page.setInputFiles("form[action$='/files'] #file", [{ name: "capture.txt", mimeType: "text/plain", buffer: Buffer.from("vu") }]);
    await page.click("form[action$='/files'] button");
    expect((await text(page)).includes("capture.txt"), "the evidence is not shown");
    await page.goto(incident + "/affected");
    await page.check("[name=tables][value=organization_member]");
    await page.fill("#orgs, [name=orgs]", admin.org);
    await send(page);
    await page.click("a[href*='/notices/']");
    const notice = page.url();
    await send(page);
    expect((await text(page)).includes("envoyé le"), "the notice is not said to be sent");
    seenAt.push(incident, incident + "/edit", incident + "/affected", `${incident}/affected/${admin.org}`, notice, incident + "/persons");
  });
  const cookies = await plain.cookies();
  await plain.close();
  const context = await contextOf("fr"), seen = await context.newPage(), said = listen(seen);
  await context.addCookies(cookies);
  await step("incidents in every form", async () => {
    for (const at of seenAt) {
      await seen.goto(at);
      await both(seen, said, "provider");
    }
  });
  await context.close();
  const reader = await people.admin.newPage(), heard = listen(reader);
  await step("a client reads its notice and its list", async () => {
    await reader.goto(`${platform.origin}/o/${admin.org}/breaches`);
    await both(reader, heard, "reader");
    await reader.click("main tbody a[href*='/breaches/']");
    expect((await text(reader)).includes(told.facts), "the notice does not say what happened");
    await both(reader, heard, "reader");
  });
  await reader.close();
}
