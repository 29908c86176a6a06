// Caller recognition is set up: subscribed to, a tool linked step by step with a real agent on the other side, a number tried; then ended.
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as path, resolve } from "node:path";
import { promisify } from "node:util";
import { listen, step, until } from "./watch.mjs";
import { join } from "./people.mjs";
import { pause } from "./platform.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const send = (page, form = "main form") => page.click(`${form} button.btn-primary`);
const run = promisify(execFile), binary = resolve(process.env.REMPART || "../../bin/rempart");
const contacts = (n) => "id,nom,societe,tel,ville,note\n" + Array.from({ length: n }, (_, i) => `${i},${i ? "Kerouan" : "Kervarec"} ${i},Port Sainte,06 12 34 56 ${String(78 - i).padStart(2, "0")},Brest,n${i}\n`).join("") + "99,Refusé,,voir Jeanne,,\n";

export async function recognition({ platform, people, contextOf, both }) {
  const base = `${platform.origin}/o/${platform.people.admin.org}`, own = base + "/recognition", folder = await mkdtemp(path(tmpdir(), "rempart-agent-"));
  const plain = await contextOf("fr", { javaScriptEnabled: false }), page = await plain.newPage();
  const context = await contextOf("fr"), seen = await context.newPage(), said = listen(seen);
  await join(plain, people.member);
  await join(context, people.member);
  const office = await contextOf("fr", { javaScriptEnabled: false }), boss = await office.newPage(), eyes = await people.admin.newPage(), heard = listen(eyes);
  await join(office, people.admin);
  const witness = async (at) => { await eyes.goto(at); await both(eyes, heard, "admin"); };
  const show = async (at = page.url()) => { await seen.goto(at); await both(seen, said, "setter"); };
  const agent = ["agent", "sync", "--config", path(folder, "agent.yaml")];
  let program, at;
  await step("the public page of subscription", async () => {
    const nobody = await contextOf("fr"), door = await nobody.newPage(), heard = listen(door);
    await door.goto(platform.origin + "/recognition/subscribe");
    await both(door, heard, "nobody");
    await nobody.close();
  });
  await step("an organization subscribes without scripts", async () => {
    await boss.goto(own);
    if (await boss.$("form[action$='/recognition/subscribe']")) {
      await witness(own);
      await send(boss, "form[action$='/recognition/subscribe']");
    }
    await boss.goto(`${base}/members/${platform.people.member.member}`);
    await boss.goto(platform.origin + (await boss.getAttribute("main a[href*='/habilitations/persons/']", "href")));
    await boss.selectOption("#role", "recognition.manager");
    await boss.fill("#reason", "Règle la reconnaissance d'appels");
    await boss.click("#give button.btn-primary");
    await page.goto(own);
    expect(await page.isVisible("a[href$='/recognition/new']"), "no tool can be linked");
    await show();
  });
  await step("a tool is picked without scripts", async () => {
    await page.goto(own + "/new");
    await send(page);
    expect(await page.isVisible("#problems a[href='#name']"), "the summary does not lead to the name");
    await show(own + "/new");
    await page.fill("#name", "Carnet du port");
    await send(page);
    at = page.url().replace(/\/install$/, "");
    await show();
    await page.fill("#machine", "srv-port");
    await send(page);
    const line = (await text(page)).match(/--enrol (\S+) --server (\S+)/);
    expect(line, "no install line is shown");
    await page.goto(at + "/wait");
    expect(!(await text(page)).includes(line[1]), "the code is shown twice");
    await show();
    await writeFile(path(folder, "contacts.csv"), contacts(10));
    await writeFile(path(folder, "agent.yaml"), "every: 1m\nsource:\n  kind: csv\n  file: contacts.csv\n  key: [id]\n");
    await run(binary, [...agent, "--enrol", line[1], "--server", platform.origin]);
    program = spawn(binary, agent, { stdio: "ignore" });
    await until(page, "srv-port");
    await show();
  });
  await step("fields are mapped with real rows without scripts", async () => {
    await send(page);
    await until(page, "ville");
    expect(!(await page.content()).includes("Kervarec"), "a value left the tool before it was chosen");
    for (const [field, use] of Object.entries({ nom: "name", societe: "company", tel: "number", ville: "shown", note: "both" })) {
      const i = await page.$eval(`input[value='${field}']`, (e) => e.name.split(".")[1]);
      await page.selectOption(`[name='use.${i}']`, use);
    }
    await show();
    await page.click("main form:has(table) button.btn-primary");
    await until(page, "Kervarec");
    expect((await text(page)).includes("du texte, pas un numéro"), "a refused number has no reason");
    expect(!(await page.content()).includes("Jeanne"), "what is no number left the tool");
    await show();
  });
  await step("what is shown is put in order, and a number tried, without scripts", async () => {
    await page.goto(at + "/shown");
    await show();
    await page.fill("[name='shown.0']", "Ville");
    await send(page);
    await page.waitForURL("**/try");
    for (let i = 0; i < 60; i++) {
      await page.fill("#number", "06 12 34 56 78");
      await send(page);
      if (!(await text(page)).includes("Fiche de l'aperçu")) break;
      await pause(1000);
    }
    const notice = await page.innerText("#notification");
    expect(notice.includes("Kervarec 0") && notice.includes("Port Sainte") && notice.includes("Brest"), "the notification is not the card: " + notice);
    expect(!/12.?34.?56/.test(page.url()), "the number is in the address");
    await show();
    await seen.goto(at + "/try");
    await seen.fill("#number", "06 12 34 56 78");
    await send(seen);
    await seen.screenshot({ path: new URL("out/setter_tried.png", import.meta.url).pathname, fullPage: true });
    await page.goto(at);
    await until(page, "Empreintes égales");
    await show();
    await show(at + "/settings");
  });
  await step("an update that takes much away waits for a person", async () => {
    program.kill("SIGTERM");
    await writeFile(path(folder, "contacts.csv"), contacts(2));
    await run(binary, [...agent, "--once"]).catch(() => 0);
    await page.goto(own);
    await until(page, "attend votre accord");
    await show();
    await show(at + "/approve");
    await page.goto(at + "/approve");
    await page.click("main form button.btn-primary");
    expect((await text(page)).includes("Refusée"), "it is not refused");
  });
  await step("a secret is masked, and revealed by an act", async () => {
    await page.goto(at + "/settings");
    await page.fill("#secret", "password: jamais-montré");
    await send(page);
    expect(!(await page.content()).includes("jamais-montré"), "the secret shows by itself");
    await page.click("form[action$='/secret'] button");
    expect((await text(page)).includes("jamais-montré"), "who may see it does not");
  });
  await step("a tool is chosen among what the program sees, without scripts", async () => {
    const there = path(folder, "other"), config = ["agent", "sync", "--config", path(there, "agent.yaml")];
    await mkdir(path(there, "exports"), { recursive: true });
    await page.goto(own + "/new");
    await page.check("input[name='kind'][value='any']");
    await page.fill("#name", "Classeur du quai");
    await send(page);
    const chosen = page.url().replace(/\/install$/, "");
    await page.fill("#machine", "srv-quai");
    await send(page);
    const line = (await text(page)).match(/--enrol (\S+) --server (\S+)/);
    expect((await text(page)).includes("look:"), "the file does not say where the program may look");
    await show(chosen + "/tools");
    await writeFile(path(there, "exports", "quai.csv"), contacts(3));
    await writeFile(path(there, "exports", "lettre.xlsx"), "PK");
    await writeFile(path(there, "agent.yaml"), "every: 1m\nlook: {folder: exports}\n");
    await run(binary, [...config, "--enrol", line[1], "--server", platform.origin]);
    const looking = spawn(binary, config, { stdio: "ignore" });
    try {
      await page.goto(chosen + "/wait");
      await show();
      await page.click("main a[href$='/tools']");
      await until(page, "quai.csv");
      const page1 = await text(page);
      expect(page1.includes("id, nom, societe, tel, ville, note") && page1.includes("lettre.xlsx"), "what it sees is not named: " + page1);
      expect(!page1.includes("Kervarec") && !page1.includes(there), "a value, or a path of the machine, left it");
      await send(page);
      expect((await text(page)).includes("Choisissez un outil"), "no choice is taken for one");
      await show();
      await page.check("input[name='tool'][value='quai.csv']");
      await send(page);
      expect(await page.$eval("select:has(option[value='number'][selected])", (e) => Boolean(e.name)), "no field of numbers is proposed");
      await show();
      await until(page, "99 99 99 99 99");
      await page.click("main form:has(table) button.btn-primary");
      await until(page, "Kervarec");
    } finally { looking.kill("SIGKILL"); }
    await rm(path(there, "exports", "quai.csv"));
    await run(binary, [...config, "--once"]).catch(() => 0);
    await show(chosen);
  });
  await step("a tool is removed, and the subscription ended, in words", async () => {
    await show(at + "/remove");
    await page.goto(at + "/remove");
    await page.click("main form button.btn-danger");
    expect((await page.goto(at)).status() === 404, "the tool is still there");
    await witness(own + "/end");
  });
  await step("the provider names the sites of its form", async () => {
    const desk = await people.staff.newPage(), heard = listen(desk);
    await desk.goto(platform.origin + "/provider/recognition");
    await desk.fill("#origin", "https://www.vitrine.example");
    await desk.click("main form:has(#origin) button.btn-primary");
    expect((await text(desk)).includes("https://www.vitrine.example"), "the site is not named");
    await both(desk, heard, "staff");
    await desk.close();
  });
  program?.kill("SIGKILL");
  await plain.close();
  await office.close();
  await eyes.close();
  await context.close();
  await rm(folder, { recursive: true, force: true });
}
