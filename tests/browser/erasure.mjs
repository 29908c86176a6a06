// Erasure: an officer sees what would go before ordering; the order tells its steps and its receipt; the organization is told.
import { listen, step } from "./watch.mjs";
import { signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");

// Somebody is invited for it, and erased without scripts; then the pages are seen in every form.
export async function erasure({ platform, people, contextOf, both }) {
  const base = platform.origin + "/provider/erasures";
  const leaver = { given_name: "Odilon", family_name: "Passelac", email: "odilon.passelac@port-sainte.example" };
  const { people: clerk } = platform.people, office = await contextOf("fr", { javaScriptEnabled: false }), desk = await office.newPage();
  await step("somebody is invited who will be erased", async () => {
    await signIn(desk, platform.origin, clerk);
    await desk.goto(`${platform.origin}/o/${clerk.org}/members/new`);
    for (const [name, value] of Object.entries(leaver)) await desk.fill("#" + name, value);
    await desk.click("main form button.btn-primary");
  });
  await office.close();
  const plain = await contextOf("fr", { javaScriptEnabled: false }), page = await plain.newPage();
  let order = "";
  await step("an erasure is weighed, ordered and certified without scripts", async () => {
    await signIn(page, platform.origin, platform.people.provider);
    await page.goto(base + "/new");
    await page.fill("#person", "personne@nulle-part.example");
    await page.click("main form button.btn-primary");
    expect((await text(page)).includes("Personne ne correspond"), "an address that nobody has is not refused in words");
    await page.fill("#person", leaver.email);
    await page.click("main form button.btn-primary");
    const said = await text(page);
    expect(said.includes("identity_person") && said.includes("Cela ne s'annule pas"), "what would go is not said");
    await page.fill("#why", "demande par lettre");
    await page.click("main form button.btn-danger");
    order = page.url();
    for (let i = 0; i < 40 && !(await text(page)).includes("Reçu signé"); i++) {
      await page.waitForTimeout(500);
      await page.goto(order);
    }
    expect((await text(page)).includes("rempart erasure receipt 1"), "the order does not end with a signed receipt");
    expect(!(await text(page)).includes(leaver.email), "the order shows the address of an erased person");
  });
  const cookies = await plain.cookies();
  await plain.close();
  const context = await contextOf("fr"), seen = await context.newPage(), said = listen(seen);
  await context.addCookies(cookies);
  await step("the orders of erasure in every form", async () => {
    for (const at of [base, base + "/new", order]) {
      await seen.goto(at);
      await both(seen, said, "provider");
    }
  });
  await context.close();
  const reader = await people.admin.newPage(), heard = listen(reader);
  await step("an organization reads which erasures to carry on", async () => {
    await reader.goto(`${platform.origin}/o/${platform.people.admin.org}/erasures`);
    await both(reader, heard, "admin");
  });
  await reader.close();
}
