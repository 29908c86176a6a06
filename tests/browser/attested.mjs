// What a person answers for: signed with its evidence, renewed, withdrawn; what the staff owes.
import { listen, step } from "./watch.mjs";
import { signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const send = (page, form = "main form") => page.click(`${form} button.btn-primary`);
const pdf = { name: "alarme.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7 alarme") };

// Everything is signed without scripts, then seen in every form.
export async function attested({ platform, contextOf, both }) {
  const base = platform.origin + "/provider/attestations";
  const plain = await contextOf("fr", { javaScriptEnabled: false }), page = await plain.newPage();
  let address;
  await step("a site is attested with its evidence without scripts", async () => {
    await signIn(page, platform.origin, platform.people.provider);
    await page.goto(base + "/new?kind=site-security");
    await page.check("input[name=reach][value=site]");
    await page.fill("#place", "Lyon");
    await page.fill("#details", "Vu sur place avec le gardien.");
    await page.check("#agree");
    await send(page);
    expect((await text(page)).includes("Joignez au moins une pièce"), "evidence is not asked for");
    await page.setInputFiles("#files", [pdf]);
    await page.check("#agree");
    await send(page);
    address = page.url();
    expect((await text(page)).includes("alarme.pdf"), "the evidence is not listed");
    const file = await plain.request.get(await page.getAttribute("a[href*='/evidence/']", "href").then((at) => platform.origin + at));
    expect((await file.body()).equals(pdf.buffer), "the evidence does not come back as it was");
  });
  await step("a member of staff signs the charter without scripts", async () => {
    await page.goto(platform.origin + "/me/duties");
    await page.check("#read");
    await send(page);
    expect((await text(page)).includes("charte de confidentialité"), "the signature is not listed");
  });
  const cookies = await plain.cookies();
  await plain.close();
  const context = await contextOf("fr"), seen = await context.newPage(), said = listen(seen);
  await context.addCookies(cookies);
  await step("attestations and duties in every form", async () => {
    for (const at of [address, base, base + "/new", base + "/new?kind=workstation", platform.origin + "/provider/duties", platform.origin + "/me/duties"]) {
      await seen.goto(at);
      await both(seen, said, "provider");
    }
    await seen.goto(address);
    await seen.fill("#why", "Déménagement");
    await seen.click("main form button.btn-danger");
    await seen.waitForSelector("text=Attestation retirée");
    await both(seen, said, "provider");
  });
  await context.close();
}
