// What opens when a call comes in: hosts allowed, scripts written, tried with a number, undone, programs signed.
import { listen, step } from "./watch.mjs";
import { join } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const send = (page, form = "main form") => page.click(`${form} button.btn-primary`);

export async function scripts({ platform, people, contextOf, both }) {
  const own = `${platform.origin}/o/${platform.people.admin.org}/recognition`, base = own + "/scripts";
  const plain = await contextOf("fr", { javaScriptEnabled: false }), page = await plain.newPage();
  const context = await contextOf("fr"), seen = await context.newPage(), said = listen(seen);
  // The member got the role of the settings from the administrator, who signs.
  await join(plain, people.member);
  await join(context, people.member);
  const office = await contextOf("fr", { javaScriptEnabled: false }), boss = await office.newPage(), eyes = await people.admin.newPage(), heard = listen(eyes);
  await join(office, people.admin);
  const show = async (at = page.url()) => { await seen.goto(at); await both(seen, said, "writer"); };
  await step("a script is written without scripts", async () => {
    await page.goto(base);
    expect((await text(page)).includes("Aucun script"), "the page without scripts does not say so");
    await show();
    await page.goto(base + "/limits");
    await page.fill("#hosts", "crm.port-sainte.example");
    await show();
    await send(page);
    await page.goto(base + "/new?kind=open");
    await page.fill("#title", "Nouveau contact");
    await page.selectOption("#for", "unknown");
    await page.fill("#url", "https://ailleurs.example/{number}");
    await send(page);
    expect((await text(page)).includes("Cet hôte n'est pas dans la liste"), "a host that nobody allowed is taken");
    await page.fill("#url", "https://crm.port-sainte.example/nouveau?tel={number}");
    await send(page);
    expect((await text(page)).includes("appelants inconnus"), "the script is not shown");
    await show();
    await show(page.url() + "/edit");
    for (const kind of ["open", "call", "program"]) await show(base + "/new?kind=" + kind);
  });
  await step("a number is tried without scripts", async () => {
    await show(base + "/try");
    await page.goto(base + "/try");
    await page.fill("#number", "02 98 00 00 01");
    await send(page);
    expect((await text(page)).includes("https://crm.port-sainte.example/nouveau?tel=%2B33298000001"), "the script's result is not shown");
    await seen.goto(base + "/try");
    await seen.fill("#number", "01 62 00 00 01");
    await send(seen);
    expect((await text(seen)).includes("appel automatisé probable"), "an automated caller is not told");
    await both(seen, said, "writer");
  });
  await step("a program waits for a signature", async () => {
    await page.goto(base + "/new?kind=program");
    await page.fill("#title", "Lancer la gestion");
    await send(page);
    await page.goto(base);
    expect((await text(page)).includes("attend la signature"), "an unsigned program is not flagged");
    await show();
    await boss.goto(base + "/sign");
    await eyes.goto(base + "/sign");
    await both(eyes, heard, "signer");
    await send(boss);
    expect((await text(boss)).includes("Version 1"), "the signature is not shown");
    await page.goto(own + "/workstation");
    await page.click("main a[href$='/workstation/programs']");
    expect((await text(page)).includes("Lancer la gestion") && (await text(page)).includes("Signée par"), "a person does not see what their workstation may start");
    await show();
    await page.goto(base);
    expect(!(await text(page)).includes("attend la signature"), "a signed program still waits");
    await show();
  });
  await step("a script is removed and brought back without scripts", async () => {
    await page.goto(base);
    await page.click("main table a:has-text('Nouveau contact')");
    await page.click("form[action$='/remove'] button");
    expect((await text(page)).includes("retiré"), "a removed script is not said");
    await show();
    await page.click("form[action$='/restore'] button");
    expect((await text(page)).includes("version 1 remise"), "a version is not brought back");
  });
  await step("the directory for telephones", async () => { await show(own + "/directory"); });
  await plain.close();
  await context.close();
  await office.close();
  await eyes.close();
}
