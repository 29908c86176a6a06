// The desk of rights: somebody without account asks and proves who they are, a member asks, the officer answers.
import { listen, step } from "./watch.mjs";
import { letter } from "./platform.mjs";
import { join, signIn } from "./people.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const passport = { name: "piece.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7 piece") };

// Everything is done without scripts, then seen in every form.
export async function rightsDesk({ platform, people, contextOf, both }) {
  const { admin, member, provider } = platform.people, desk = `${platform.origin}/o/${admin.org}/rights`;
  const rose = "rose.aubry@ailleurs.example";
  const plain = () => contextOf("fr", { javaScriptEnabled: false });
  const outside = await contextOf("fr"), guest = await outside.newPage(), heard = listen(guest);
  let link = "";
  await step("somebody without account exercises a right", async () => {
    await guest.goto(`${platform.origin}/rights/${admin.org}`);
    await both(guest, heard, "guest");
    await guest.click("main form button.btn-primary");
    expect((await text(guest)).includes("Choisissez un droit"), "what is missing is not said");
    await both(guest, heard, "guest");
    await guest.check("input[name=kind][value=erasure]");
    await guest.fill("#name", "Rose Aubry");
    await guest.fill("#email", rose);
    await guest.click("main form button.btn-primary");
    expect((await text(guest)).includes("Consultez votre boîte"), "the receipt is not announced");
    link = await letter(platform.mail, rose, "/rights/follow/");
    await guest.goto(link);
    await both(guest, heard, "guest");
  });

  const office = await plain(), officer = await office.newPage(), seenAt = [desk, desk + "?state=open", desk + "-new", desk + "-systems"];
  let request = "";
  await step("an officer doubts an identity without scripts", async () => {
    await join(office, people.admin);
    await officer.goto(desk);
    await officer.click("main a:has-text('effacer')");
    request = officer.url();
    expect(!(await officer.$("form[action$='/answer']")) && !(await officer.$("form[action$='/carry']")), "acts are offered before identity");
    await officer.fill("#why", "Deux personnes portent ce nom.");
    await officer.click("form[action$='/doubt'] button");
    expect((await text(officer)).includes("en doute"), "the doubt is not shown");
    seenAt.push(request);
  });
  await step("the document is sent, checked and destroyed", async () => {
    await guest.goto(await letter(platform.mail, rose, "/rights/follow/"));
    await both(guest, heard, "guest");
    await guest.setInputFiles("#files", [passport]);
    await guest.click("form[action$='/document'] button");
    expect((await text(guest)).includes("Pièce reçue"), "the document is not acknowledged");
    await both(guest, heard, "guest");
    await officer.goto(request);
    expect((await text(officer)).includes("piece.pdf"), "the document is not shown to the officer");
    await officer.fill("#how", "Le nom et l'adresse concordent.");
    await officer.click("form[action$='/identity'] button[value=yes]");
    expect((await text(officer)).includes("détruite"), "the document is not said to be destroyed");
    await officer.fill("#text", "Votre courrier a été détruit.");
    await officer.click("form[action$='/answer'] button");
    expect((await text(officer)).includes("répondue"), "the answer is not shown as sent");
    await guest.goto(await letter(platform.mail, rose, "/rights/follow/"));
    expect((await text(guest)).includes("Commission nationale"), "the answer does not name the authority");
    await both(guest, heard, "guest");
  });
  await outside.close();

  await step("outside systems and requests received otherwise are written without scripts", async () => {
    await officer.goto(desk + "-systems");
    await officer.fill("#name", "Ancienne messagerie");
    await officer.check("input[name=way][value=desk]");
    await officer.fill("#address", "Accueil");
    await officer.click("form[action$='-systems'] button.btn-primary");
    expect((await text(officer)).includes("Ancienne messagerie"), "the system is not shown");
    await officer.goto(desk + "-new");
    await officer.check("input[name=kind][value=access]");
    await officer.fill("#name", "Paul Lenoir");
    await officer.fill("#email", "paul.lenoir@ailleurs.example");
    await officer.click("main form button.btn-primary");
    expect((await text(officer)).includes("Paul Lenoir"), "the request is not written down");
    seenAt.push(officer.url());
  });

  const own = await plain(), page = await own.newPage(), mine = platform.origin + "/me/rights", mineAt = [mine, mine + "/new"];
  await step("a member asks from their own space without scripts", async () => {
    await join(own, people.member);
    await page.goto(mine + "/new");
    await page.selectOption("#desk", admin.org);
    await page.check("input[name=kind][value=rectification]");
    await page.fill("#field_phone", "+33 2 97 00 00 01");
    await page.click("main form button.btn-primary");
    expect((await text(page)).includes("Référence"), "the request is not shown");
    mineAt.push(page.url());
    await officer.goto(desk);
    await officer.click("main a:has-text('corriger')");
    seenAt.push(officer.url());
  });

  for (const [who, from, at] of [["officer", office, seenAt], ["member", own, mineAt]]) {
    const context = await contextOf("fr"), seen = await context.newPage(), said = listen(seen);
    await join(context, from);
    await from.close();
    await step(`the desk of rights in every form, as ${who}`, async () => {
      for (const one of at) {
        await seen.goto(one);
        await both(seen, said, who);
      }
    });
    await context.close();
  }

  const staff = await contextOf("fr"), console = await staff.newPage(), said = listen(console);
  await step("the provider has a desk of its own", async () => {
    await signIn(console, platform.origin, provider);
    await console.goto(platform.origin + "/provider/rights-new");
    await both(console, said, "provider");
    await console.check("input[name=kind][value=information]");
    await console.fill("#name", "Jeanne Ferry");
    await console.fill("#email", "jeanne.ferry@ailleurs.example");
    await console.click("main form button.btn-primary");
    await both(console, said, "provider");
    for (const one of ["", "-systems"]) {
      await console.goto(platform.origin + "/provider/rights" + one);
      await both(console, said, "provider");
    }
  });
  await staff.close();
}
