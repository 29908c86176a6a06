// Rights are asked for and judged, assignments are reviewed, members leave by a list. Each page is seen in both languages.
import { check, listen, step } from "./watch.mjs";
import { signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");

export async function rights({ platform, contextOf, people, both }) {
  const { admin, auditor, member } = platform.people, org = `${platform.origin}/o/${admin.org}`;
  const desk = await people.admin.newPage(), said = listen(desk);
  await step("a member is given a line manager", async () => {
    await desk.goto(`${org}/members/${member.member}/edit`);
    await desk.selectOption("#manager", auditor.member);
    await desk.click("main form button.btn-primary");
  });
  const own = await people.member.newPage(), heard = listen(own);
  await step("a role is asked for", async () => {
    await own.goto(org + "/requests");
    await own.click("#ask button.btn-primary");
    expect(await own.isVisible("#problems a[href='#role']"), "the summary does not lead to the role");
    await own.selectOption("#role", "security");
    await own.fill("#reason", "Astreinte de nuit pendant le déménagement des archives");
    await own.click("#ask button.btn-primary");
    await both(own, heard, "asker");
  });
  const office = await contextOf("fr", { javaScriptEnabled: false }), boss = await office.newPage(), told = listen(boss);
  await step("the line manager judges without scripts", async () => {
    await signIn(boss, platform.origin, auditor);
    await boss.goto(org + "/requests/judge");
    expect((await text(boss)).includes("Nora Lindqvist"), "the request is not shown");
    await boss.click("main button[name=verdict][value=refuse]");
    expect(await boss.isVisible("#problems"), "a refusal needs no word");
    await boss.click("main button[name=verdict][value=grant]");
    await desk.goto(org + "/requests/judge");
    await both(desk, said, "confirming");
    await desk.click("main button[name=verdict][value=grant]");
    await own.goto(org + "/requests");
    expect(await own.isVisible(".badge-good"), "the answer does not show");
  });
  await step("a review is opened and answered", async () => {
    await desk.goto(org + "/reviews");
    await desk.click("#open button.btn-primary");
    await both(desk, said, "reviewer");
    await desk.goto(org + "/reviews/mine");
    await both(desk, said, "reviewer");
    await desk.fill("main table input[name=word]", "Toujours nécessaire");
    await desk.click("main table button[value=keep]");
    await desk.goto(org + "/reviews");
    await both(desk, said, "reviewer");
  });
  await step("a full list tells who is absent", async () => {
    await desk.goto(org + "/departures");
    await both(desk, said, "leaving");
    await desk.fill("#paste", [admin.email, platform.people.people.email].join("\n"));
    await desk.click("main form button.btn-primary");
    expect((await text(desk)).includes("Nora Lindqvist"), "the absent are not shown");
  });
  check(said.length + heard.length + told.length === 0, "rights: console and policy", [...said, ...heard, ...told].join("\n    "));
  for (const page of [desk, own, boss]) await page.close();
  await office.close();
}
