// A problem with calls is reported, read by the support staff named for it, closed; a workstation is installed and seen by security.
import { listen, step } from "./watch.mjs";
import { code, join, signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const send = (page, form = "main form") => page.click(`${form} button.btn-primary`);

export async function support({ platform, people, contextOf, both }) {
  const base = `${platform.origin}/o/${platform.people.admin.org}`, own = base + "/recognition", logs = platform.origin + "/provider/support-logs";
  const plain = await contextOf("fr", { javaScriptEnabled: false }), page = await plain.newPage();
  const context = await contextOf("fr"), seen = await context.newPage(), said = listen(seen);
  await join(plain, people.member);
  await join(context, people.member);
  const office = await contextOf("fr", { javaScriptEnabled: false }), boss = await office.newPage();
  await join(office, people.admin);
  const guard = await contextOf("fr"), watched = await guard.newPage(), told = listen(watched);
  await join(guard, people.admin);
  const show = async (at, who = "caller") => { await seen.goto(at); await both(seen, said, who); };
  await step("a person may use caller recognition", async () => {
    await boss.goto(own);
    if (await boss.$("form[action$='/recognition/subscribe']")) await send(boss, "form[action$='/recognition/subscribe']");
    for (const role of ["recognition.user", "recognition.manager"]) {
      await boss.goto(`${base}/habilitations/persons/${platform.people.member.person}`);
      if (!(await boss.$(`#role option[value='${role}']`))) continue;
      await boss.selectOption("#role", role);
      await boss.fill("#reason", "Répond au téléphone");
      await boss.click("main form:has(#role) button.btn-primary");
    }
  });
  await step("a problem is reported without scripts", async () => {
    await page.goto(own + "/problems");
    await show(own + "/problems");
    await send(page, "form[action$='/recognition/problems']");
    expect((await text(page)).includes("Décrivez le problème"), "what is missing is not said");
    await page.fill("#problem", "Aucun nom ne s'affiche");
    await send(page, "form[action$='/recognition/problems']");
    expect((await text(page)).includes("noté en ce moment"), "the problem is not noted");
    await show(own + "/problems");
    await show(own + "/support");
  });
  const staff = await contextOf("fr", { javaScriptEnabled: false }), desk = await staff.newPage();
  await join(staff, people.staff);
  const helper = await contextOf("fr", { javaScriptEnabled: false }), reader = await helper.newPage();
  await signIn(reader, platform.origin, platform.people.support);
  const shown = await contextOf("fr"), wide = await shown.newPage(), heard = listen(wide);
  await step("support is named, reads and closes without scripts", async () => {
    await reader.goto(logs);
    expect((await text(reader)).includes("Aucun problème ne vous est confié"), "support sees a problem that nobody entrusted to it");
    await desk.goto(logs);
    await desk.click(`button[name='person'][value='${platform.people.support.person}']`);
    expect((await text(desk)).includes("Retirer"), "nobody is named");
    await join(shown, staff);
    await wide.goto(logs);
    await both(wide, heard, "provider");
    await shown.clearCookies();
    await join(shown, helper);
    await reader.goto(logs);
    await reader.click("main a[href*='/provider/support-logs/']");
    expect((await text(reader)).includes("Aucun nom ne s'affiche"), "the problem is not read");
    await wide.goto(reader.url());
    await both(wide, heard, "support");
    await reader.click("form[action$='/settle'] button");
    expect((await text(reader)).includes("Aucun problème ne vous est confié"), "the problem is not closed");
    await page.goto(own + "/problems");
    expect((await text(page)).includes("résolu par le support, détruit"), "the client does not see that it is closed");
  });
  await step("a workstation is installed and seen without scripts", async () => {
    await page.goto(own + "/workstation");
    await show(own + "/workstation");
    await send(page, "form[action$='/recognition/workstation']");
    if (await page.$("form[action='/signin/again']")) { // the proof of identity was too old
      await page.fill("#answer", (await page.$("#answer[type=password]")) ? platform.people.member.password : await code(platform.people.member));
      await send(page);
      await page.goto(own + "/workstation");
      await send(page, "form[action$='/recognition/workstation']");
    }
    const shownCode = /\b[A-HJ-NP-Z2-9]{4}(-[A-HJ-NP-Z2-9]{4}){3}\b/.exec(await page.content());
    expect(shownCode, "no code is shown");
    const answer = await fetch(platform.origin + "/api/v1/workstations/enrolments", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code: shownCode[0] }) });
    expect(answer.ok, `the code is answered ${answer.status}`);
    const { organization, token } = await answer.json();
    const now = Date.now().toString(16).padStart(12, "0"), device = `${now.slice(0, 8)}-${now.slice(8)}-7000-8000-000000000001`;
    const report = await fetch(`${platform.origin}/api/v1/organizations/${organization}/workstations`, {
      method: "PUT", headers: { "Content-Type": "application/json", Authorization: "Bearer " + token },
      body: JSON.stringify({ device: device, name: "poste-accueil", system: "Debian 12", states: { disk: "bad", firewall: "good" } }),
    });
    expect(report.ok, `the workstation is answered ${report.status}`);
    await boss.goto(base + "/devices");
    const list = await text(boss);
    expect(list.includes("poste-accueil") && list.includes("manque depuis") && list.includes("inconnu"), "security does not see the workstation");
    await show(own + "/workstation");
    await watched.goto(base + "/devices");
    await both(watched, told, "guard");
    await shown.clearCookies();
    await join(shown, staff);
    for (const at of ["/provider/devices", "/provider/workstation"]) {
      await wide.goto(platform.origin + at);
      await both(wide, heard, "provider");
    }
  });
  for (const c of [plain, context, office, guard, staff, helper, shown]) await c.close();
}
