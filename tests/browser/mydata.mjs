// A person's own data: seen, taken in one archive, restricted, and used again.
import { listen, step } from "./watch.mjs";
import { letter, pause } from "./platform.mjs";
import { join, signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");

// Everything is done without scripts, then seen in every form.
export async function myData({ platform, people, contextOf, both }) {
  const { origin } = platform, { member, support } = platform.people;
  const plain = await contextOf("fr", { javaScriptEnabled: false }), page = await plain.newPage();
  let archive = "";
  await step("a member asks for their archive without scripts", async () => {
    await join(plain, people.member);
    await page.goto(origin + "/me/data");
    expect((await page.textContent("main")).includes("aussi longtemps que le compte existe"), "until when is not said");
    await page.click("form[action='/me/archives'] button.btn-primary");
    archive = page.url();
    for (let i = 0; i < 60 && !(await page.$("a[href$='/file']")); i++) {
      await pause(500);
      await page.reload();
    }
    expect(await page.$("a[href$='/file']"), "the archive is never ready");
    expect((await letter(platform.mail, member.email, "/me/archives/")) === archive, "the message leads elsewhere");
    const answer = await page.request.get(archive + "/file");
    expect(answer.status() === 200 && (await answer.body()).subarray(0, 2).toString() === "PK", "the archive is no archive");
  });
  const officer = await contextOf("fr"), desk = await officer.newPage(), heard = listen(desk);
  await step("the officer restricts the member's data", async () => {
    const staff = await people.staff.newPage();
    await staff.goto(origin + "/provider");
    const given = await staff.request.post(origin + "/api/v1/organizations/platform/assignments", { data: { person: support.person, role: "provider.dpo", reason: "Protection des données" } });
    expect(given.status() === 201, `the role is not given: ${given.status()} ${await given.text()}`);
    await staff.close();
    await signIn(desk, origin, support);
    await desk.goto(origin + "/provider/restraints");
    await both(desk, heard, "officer");
    await desk.fill("#email", "personne@ailleurs.example");
    await desk.click("#place button.btn-primary");
    expect((await text(desk)).includes("Aucune personne n'a cette adresse"), "an unknown address is not refused");
    await desk.fill("#email", member.email);
    await desk.click("#place button.btn-primary");
    expect((await text(desk)).includes("en vigueur"), "the restriction is not shown");
    await both(desk, heard, "officer");
  });
  await step("the member sees it, and gives it up without scripts", async () => {
    await page.goto(origin + "/me/data");
    expect((await text(page)).includes("gardées et ne servent pas"), "the restriction is not shown to the member");
  });
  const seen = await people.member.newPage(), said = listen(seen);
  await step("one's own data in every form", async () => {
    for (const at of ["/me/data", "/me/data/seen", "/me/data/erasure", "/me/data/tables/identity_person", "/me/register"]) {
      await seen.goto(origin + at);
      await both(seen, said, "member");
    }
    await seen.goto(archive);
    await both(seen, said, "member");
  });
  await step("what was restricted is used again", async () => {
    await page.click("form[action$='/give-up'] button");
    expect(!(await text(page)).includes("gardées et ne servent pas"), "the restriction stands after it was given up");
  });
  await seen.close();
  await officer.close();
  await plain.close();
}
