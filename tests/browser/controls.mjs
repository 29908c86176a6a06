// The clauses and their proof: published, probed, promised, signed, given as an annex, shown to an auditor and to the public.
import { check, listen, step, until } from "./watch.mjs";
import { signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const send = (page, form = "main form") => page.click(`${form} button.btn-primary`);

// The provider publishes a policy without scripts, probes one clause, and sees the proof down to the journal.
async function published({ platform, contextOf, both }) {
  const context = await contextOf("fr"), page = await context.newPage(), said = listen(page), base = platform.origin + "/provider/controls";
  await step("a policy is published after its preview", async () => {
    await signIn(page, platform.origin, platform.people.provider);
    await page.goto(base + "/policies");
    await both(page, said, "provider");
    await page.goto(base + "/policies/callcenterrate/publish");
    await both(page, said, "provider");
    await page.fill("#reason", "Annexe du contrat 2026");
    await send(page);
    await page.waitForURL((u) => !u.pathname.endsWith("/publish"));
    await until(page, "Ville de Port-Sainte"); // it is promised to everybody in the background
    await both(page, said, "provider");
    await page.click("table a[href*='/annexes/']");
    await both(page, said, "provider");
  });
  await step("a clause is probed and its evidence opened down to the journal", async () => {
    await page.goto(base + "/clauses/callcenterrate/ACC-14.1");
    await page.click("button:has-text('Sonder maintenant')");
    await page.waitForSelector("table a[href*='/observations/']");
    await both(page, said, "provider");
    await page.click("table a[href*='/observations/']");
    expect((await text(page)).includes("rempart/observation/1"), "the signed text is not shown");
    await both(page, said, "provider");
    for (const at of ["", "/alerts", "/observations", "/webhooks", "/auditors", "/policies/callcenterrate/withdraw"]) {
      await page.goto(base + at);
      await both(page, said, "provider");
    }
  });
  await step("a break names the organizations that were promised", async () => {
    await page.goto(base + "/alerts");
    await page.click("table a[href*='/alerts/']");
    expect((await text(page)).includes("Ville de Port-Sainte"), "the organizations concerned are not named");
    await both(page, said, "provider");
  });
  await step("the public page opens and closes", async () => {
    const visitor = await contextOf("en"), door = await visitor.newPage(), heard = listen(door);
    expect((await door.goto(platform.origin + "/trust")).status() === 404, "the page is open by itself");
    await page.goto(base + "/auditors");
    await page.click("button:has-text('Ouvrir au public')");
    expect((await door.goto(platform.origin + "/trust")).status() === 200, "the page does not open");
    await both(door, heard, "nobody");
    await door.goto(platform.origin + "/contacts");
    await both(door, heard, "nobody");
    await page.goto(base + "/auditors");
    await page.click("button:has-text('Fermer')");
    await visitor.close();
  });
  await context.close();
}

// The client reads what it was promised, signs it, makes its annex and lets an auditor in, all without scripts.
async function promised({ platform, contextOf, both }) {
  const { outsider: admin } = platform.people, base = `${platform.origin}/o/${admin.org}/controls`;
  const context = await contextOf("fr", { javaScriptEnabled: false }), page = await context.newPage();
  let address;
  await step("a client signs, makes its annex and gives an auditor a link without scripts", async () => {
    await signIn(page, platform.origin, admin);
    await page.goto(base + "/policies");
    await send(page);
    expect(!(await page.$("input[name=hash]")), "a signed version asks for a signature");
    await page.goto(base + "/annex");
    await page.click("button:has-text('Établir une version')");
    expect((await text(page)).includes("Version 1 établie") || await page.isVisible(".note"), "no annex is made");
    for (const form of ["html", "pdf", "odt"]) {
      const file = await context.request.get(`${base}/annex/1/${form}?lang=en`);
      check(file.status() === 200 && (await file.body()).length > 2000, `the annex is given as ${form}`, file.status());
    }
    await page.goto(base + "/auditors");
    await page.fill("#label", "Audit annuel 2026");
    await send(page);
    address = (await page.innerText(".secret code")).trim();
  });
  await context.close();
  const again = await contextOf("fr"), seen = await again.newPage(), heard = listen(seen);
  await step("a client sees its promises in every form", async () => {
    await signIn(seen, platform.origin, admin);
    for (const at of ["", "/clauses/callcenterrate/ACC-8.2", "/policies", "/annex", "/auditors"]) {
      await seen.goto(base + at);
      await both(seen, heard, "admin");
    }
  });
  await again.close();
  const outside = await contextOf("en"), door = await outside.newPage(), said = listen(door);
  await step("an auditor reads the controls by the link and nothing else", async () => {
    await door.goto(address);
    await both(door, said, "auditor");
    await send(door);
    await door.waitForURL("**/audit");
    await both(door, said, "auditor");
    await door.click("table a");
    await both(door, said, "auditor");
    await door.goto(base);
    expect(door.url().includes("/signin"), "a link opens the pages of members");
  });
  await outside.close();
}

export async function controls(stage) {
  await published(stage);
  await promised(stage);
}
