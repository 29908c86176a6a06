// The record of processing activities: read, added to, approved, stopped and started again.
import { listen, step } from "./watch.mjs";
import { signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const send = (page, form = "main form") => page.click(`${form} button.btn-primary`);
const own = { title: "Facturation", about: "Facturer les clients", purposes: "facturation", persons: "contacts des clients", data: "noms, adresses", retention: "dix ans" };

// Everything is written without scripts, then seen in every form.
export async function record({ platform, people, contextOf, both }) {
  const base = platform.origin + "/provider/register", { admin } = platform.people;
  const plain = await contextOf("fr", { javaScriptEnabled: false }), page = await plain.newPage();
  const seenAt = [base, base + "?form=processor", base + "/new", base + "/card", base + "/activities/attestation.duties"];
  await step("an activity is added to the record without scripts", async () => {
    await signIn(page, platform.origin, platform.people.provider);
    await page.goto(base + "/new");
    await send(page);
    expect((await text(page)).includes("Remplissez ce champ"), "what is missing is not said");
    for (const [name, value] of Object.entries(own)) await page.fill("#" + name, value);
    await page.selectOption("#part", "controller");
    await page.selectOption("#basis", "contract");
    await send(page);
    expect((await text(page)).includes("écrit à la main"), "the activity is not marked as written by hand");
    seenAt.push(page.url());
    await page.click("a[href*='/hands/']");
    seenAt.push(page.url());
  });
  const cookies = await plain.cookies();
  await plain.close();
  const context = await contextOf("fr"), seen = await context.newPage(), said = listen(seen);
  await context.addCookies(cookies);
  await step("the record in every form", async () => {
    for (const at of seenAt) {
      await seen.goto(at);
      await both(seen, said, "provider");
    }
  });
  await context.close();
  const reader = await people.admin.newPage(), heard = listen(reader), at = `${platform.origin}/o/${admin.org}/register`;
  await step("an organization reads and adds to its record", async () => {
    await reader.goto(at + "/card");
    await reader.fill("#name", "Ville de Port-Sainte");
    await send(reader);
    expect((await text(reader)).includes("Ville de Port-Sainte"), "who answers is not shown");
    await both(reader, heard, "admin");
    for (const path of ["/card", "/new", "/activities/identity.accounts"]) {
      await reader.goto(at + path);
      await both(reader, heard, "admin");
    }
    await reader.goto(at + "/new");
    for (const [name, value] of Object.entries(own)) await reader.fill("#" + name, value);
    await reader.selectOption("#basis", "contract");
    await send(reader);
    await reader.click("a[href*='/hands/']");
    await both(reader, heard, "admin");
  });
  await reader.close();
}
