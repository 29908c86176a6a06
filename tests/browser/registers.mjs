// The registers: an asset leaves with its record, clients read the sub-processors, a finding is entrusted.
import { listen, step } from "./watch.mjs";
import { signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const send = (page, form = "main form") => page.click(`${form} button.btn-primary`);
const day = (days) => new Date(Date.now() + days * 864e5).toISOString().slice(0, 10);
const txt = { name: "certificat.txt", mimeType: "text/plain", buffer: Buffer.from("effacé") };

// Everything is written without scripts, then seen in every form.
export async function registers({ platform, people, contextOf, both }) {
  const base = platform.origin + "/provider";
  const plain = await contextOf("fr", { javaScriptEnabled: false }), page = await plain.newPage();
  const seenAt = [];
  await step("an asset leaves with its record without scripts", async () => {
    await signIn(page, platform.origin, platform.people.provider);
    await page.goto(base + "/assets/new");
    await page.fill("#label", "Portable de l'accueil");
    await page.selectOption("#kind", "computer");
    await page.selectOption("#encrypted", "yes");
    await page.selectOption("#state", "disposed");
    await send(page);
    expect((await text(page)).includes("sortie sans trace complète"), "an asset without a record is not flagged");
    await page.click("a[href$='/edit']");
    await page.fill("#disposed_on", day(-1));
    await page.selectOption("#method", "wiped");
    await page.fill("#disposed_by", "Atelier");
    await page.setInputFiles("#files", [txt]);
    await send(page);
    const shown = await text(page);
    expect(!shown.includes("sortie sans trace complète") && shown.includes("certificat.txt"), "the record is not taken");
    seenAt.push(page.url(), page.url() + "/edit");
  });
  await step("an evaluation has a finding without scripts", async () => {
    await page.goto(base + "/evaluations/new");
    await send(page);
    expect((await text(page)).includes("Remplissez ce champ"), "what is missing is not said");
    await page.fill("#label", "Application");
    await page.fill("#who", "Cabinet");
    await page.fill("#done", day(-3));
    await page.fill("#next", day(300));
    await page.selectOption("#owner", { index: 1 });
    await send(page);
    const evaluation = page.url();
    await page.click("a[href*='/findings/new']");
    const finding = page.url();
    await page.fill("#label", "Un en-tête manque");
    await page.selectOption("#severity", "medium");
    await page.selectOption("#owner", { index: 1 });
    await page.fill("#due", day(-1));
    await send(page);
    seenAt.push(page.url(), page.url() + "/edit", finding);
    await page.goto(evaluation);
    expect((await text(page)).includes("constat en retard"), "an overdue finding is not flagged");
    seenAt.push(evaluation, evaluation + "/edit");
  });
  await step("a document and a sub-processor are written without scripts", async () => {
    const lines = {
      documents: { label: "Politique de sécurité", version: "3", review: day(200), owner: 1, state: "in_force" },
      subprocessors: { label: "Hébergeur Aubade", service: "Hébergement", country: "États-Unis", region: "outside", data: "Sauvegardes chiffrées", terms: "no", starts: day(40), owner: 1 },
    };
    for (const [register, line] of Object.entries(lines)) {
      await page.goto(`${base}/${register}/new`);
      for (const [name, value] of Object.entries(line)) {
        if (await page.$(`select#${name}`)) await page.selectOption("#" + name, typeof value === "number" ? { index: value } : value);
        else await page.fill("#" + name, value);
      }
      await send(page);
      expect((await text(page)).includes("À régler"), `what a line of ${register} lacks is not said`);
      seenAt.push(page.url(), page.url() + "/edit");
    }
  });
  const cookies = await plain.cookies();
  await plain.close();
  const context = await contextOf("fr"), seen = await context.newPage(), said = listen(seen);
  await context.addCookies(cookies);
  await step("the registers in every form", async () => {
    for (const at of [...seenAt, ...["assets", "assets?show=over", "assets/new", "subprocessors", "subprocessors/new", "documents", "documents/new", "evaluations", "evaluations/new", "findings"].map((p) => `${base}/${p}`)]) {
      await seen.goto(at);
      await both(seen, said, "provider");
    }
  });
  await context.close();
  const reader = await people.admin.newPage(), heard = listen(reader);
  await step("a client reads the sub-processors", async () => {
    await reader.goto(`${platform.origin}/o/${platform.people.admin.org}/subprocessors`);
    expect((await text(reader)).includes("Hébergeur Aubade"), "the sub-processor is not shown to a client");
    await both(reader, heard, "reader");
  });
  await reader.close();
}
