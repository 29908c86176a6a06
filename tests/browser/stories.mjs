// What people do, without scripts where it must work so, and what the script adds where there is one.
import { check, listen, step } from "./watch.mjs";
import { first, letter, totp } from "./platform.mjs";
import { code, prove, signIn } from "./people.mjs";
import { rights } from "./rights.mjs";
import { controls } from "./controls.mjs";
import { attested } from "./attested.mjs";
import { registers } from "./registers.mjs";
import { rightsDesk } from "./rightsdesk.mjs";
import { myData } from "./mydata.mjs";
import { record } from "./record.mjs";
import { incidents } from "./incidents.mjs";
import { blindness } from "./blindness.mjs";
import { consents } from "./consent.mjs";
import { retention } from "./retention.mjs";
import { erasure } from "./erasure.mjs";
import { recognition } from "./recognition.mjs";
import { support } from "./support.mjs";
import { calls } from "./calls.mjs";
import { scripts } from "./scripts.mjs";
import { seldom } from "./seldom.mjs";

const newcomer = { given_name: "Maëlle", family_name: "Kervarec", email: "maelle.kervarec@port-sainte.example", password: "trois-Ardoises-9-mouillées!" };

// stories are told in order: each begins where the one before ended.
export async function stories(stage) {
  await firstDay(stage);
  await choices(stage);
  await wayIn(stage);
  await invitation(stage);
  await seldom(stage);
  await rights(stage);
  await kept(stage);
  await live(stage);
  await journal(stage);
  await controls(stage);
  await attested(stage);
  await registers(stage);
  await rightsDesk(stage);
  await myData(stage);
  await record(stage);
  await incidents(stage);
  await blindness(stage);
  await consents(stage);
  await retention(stage);
  await erasure(stage);
  await step("people prove again who they are", async () => {
    for (const [name, profile] of Object.entries(stage.people)) await prove(profile, stage.platform.origin, stage.platform.people[name === "staff" ? "provider" : name]);
  });
  await recognition(stage);
  await support(stage);
  await calls(stage);
  await scripts(stage);
  await suspension(stage); // the member is out from here on
  await terms(stage); // from here on everybody has terms to accept at sign-in
  await lock(stage);
}

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const send = (page, form = "main form") => page.click(`${form} button.btn-primary`);

// The first administrator is made from the link of the first start, and gets a second factor before anything else.
async function firstDay({ contextOf, see, both }) {
  const fresh = await step("a first start gives its link", first);
  if (!fresh) return;
  const context = await contextOf("fr"), page = await context.newPage(), said = listen(page), password = "quatre-Lanternes-8-au-port!";
  await step("the first administrator is made", async () => {
    await page.goto(fresh.link);
    await both(page, said, "founder");
    await page.setViewportSize({ width: 1280, height: 900 });
    for (const [id, value] of Object.entries({ organization: "Vigie Numérique", family_name: "Monnier", email: "claire@vigie.example", password })) await page.fill("#" + id, value);
    await send(page);
    await page.waitForURL("**/signin/enrol");
    await both(page, said, "founder");
    await page.fill("#code", totp(await page.innerText(".secret code")));
    await send(page);
    await page.waitForSelector(".secret code");
    expect((await page.innerText(".secret code")).trim().split("\n").length >= 8, "no recovery codes are given");
    await see(page, said, "founder", "/signin/enrol#codes");
    await page.goto(fresh.origin + "/signin/continue");
    await both(page, said, "founder");
    await send(page);
    await page.waitForURL(fresh.origin + "/");
    const again = await page.goto(fresh.link);
    expect(again.status() >= 400 || !page.url().includes("/setup/"), "the link serves twice");
  });
  await context.close();
  await fresh.stop();
}

// Each page of the way in, seen as it comes; then a proof asked again, and the link of who did not come in.
async function wayIn({ platform, contextOf, both }) {
  const { support } = platform.people, context = await contextOf("en"), page = await context.newPage(), said = listen(page);
  await step("the way in is walked page by page", async () => {
    await page.goto(platform.origin + "/signin");
    await page.fill("#email", support.email);
    await send(page);
    await both(page, said, "way");
    await page.fill("#password", support.password);
    await send(page);
    await page.waitForURL("**/signin/factor");
    await both(page, said, "way");
    await page.fill("#code", await code(support));
    await send(page);
    await page.waitForURL(platform.origin + "/");
    await page.goto(platform.origin + "/signin/again");
    await both(page, said, "way");
  });
  await step("the link of who did not come in opens", async () => {
    await page.goto(await letter(platform.mail, support.email, "/not-me/"));
    await both(page, said, "way");
  });
  await context.close();
}

// Language and colours are chosen without a script.
async function choices({ platform, contextOf }) {
  const context = await contextOf("fr", { javaScriptEnabled: false }), page = await context.newPage();
  await step("language and colours are chosen without scripts", async () => {
    await page.goto(platform.origin + "/signin");
    await page.click("button[value=en]");
    await page.click("button[value=dark]");
    expect(await page.getAttribute("html", "lang") === "en", "the language stays French");
    expect(await page.getAttribute("html", "data-theme") === "dark", "the colours stay light");
  });
  await step("a wrong address and an unknown one look the same without scripts", async () => {
    for (const email of ["nobody@port-sainte.example", platform.people.member.email]) {
      await page.goto(platform.origin + "/signin");
      await page.fill("#email", email);
      await send(page);
      await page.fill("#password", "not-the-password-1!");
      await send(page);
      expect(await page.isVisible("#problems"), `no summary for ${email}`);
    }
  });
  await context.close();
}

// Somebody is invited, comes in by the mail and chooses a password, all without scripts.
async function invitation({ platform, contextOf, both }) {
  const { people: clerk } = platform.people, office = await contextOf("fr", { javaScriptEnabled: false }), page = await office.newPage();
  await step("a member is invited without scripts", async () => {
    await signIn(page, platform.origin, clerk);
    await page.goto(`${platform.origin}/o/${clerk.org}/members/new`);
    await page.fill("#email", "not an address");
    await send(page);
    expect(await page.isVisible("#problems a[href='#email']"), "the summary does not lead to the field");
    for (const name of ["given_name", "family_name", "email"]) await page.fill("#" + name, newcomer[name]);
    await send(page);
    expect((await text(page)).includes("Maëlle Kervarec"), "the new member is not shown");
  });
  await office.close();
  const home = await contextOf("fr", { javaScriptEnabled: false }), door = await home.newPage();
  await step("the invited person comes in without scripts", async () => {
    await door.goto(await letter(platform.mail, newcomer.email, "/invitation/"));
    await send(door);
    for (let i = 0; i < 6 && !new URL(door.url()).pathname.match(/^\/$|^\/o\//); i++) {
      if (await door.$("#email:not([readonly])")) await door.fill("#email", newcomer.email);
      for (const field of await door.$$("main input[type=password]")) await field.fill(newcomer.password);
      for (const box of await door.$$("main input[type=checkbox]")) await box.check();
      await send(door);
    }
    await door.goto(platform.origin + "/");
    expect((await text(door)).includes("Ville de Port-Sainte"), "the home page does not show the organization");
  });
  await home.close();
  const mail = await contextOf("fr"), letters = await mail.newPage(), said = listen(letters);
  await step("a password is asked again by mail", async () => {
    await letters.goto(platform.origin + "/reset");
    await letters.fill("#email", newcomer.email);
    await send(letters);
    await letters.goto(await letter(platform.mail, newcomer.email, "/reset/"));
    await both(letters, said, "nobody");
  });
  await mail.close();
}

// A suspension is declared without scripts; the person's open page dies and says why.
async function suspension({ platform, contextOf, people }) {
  const { security, member } = platform.people, desk = await contextOf("fr", { javaScriptEnabled: false }), page = await desk.newPage();
  await step("a member is suspended without scripts", async () => {
    await signIn(page, platform.origin, security);
    await page.goto(`${platform.origin}/o/${security.org}/suspensions`);
    await page.fill("#email", member.email);
    await page.selectOption("#reason", "presumed_compromise");
    await page.fill("#text", "Connexions depuis deux pays en une heure.");
    await page.click("#declare button.btn-danger");
    if (await page.$("#confirm1, #confirm")) {
      await page.check("#confirm1, #confirm");
      await page.click("#declare button.btn-danger");
    }
    expect((await text(page)).includes("Nora Lindqvist"), "the suspension is not shown");
  });
  await desk.close();
  await step("the suspended person is out at the next page", async () => {
    const open = await people.member.newPage();
    await open.goto(`${platform.origin}/o/${member.org}`);
    expect(!(await text(open)).includes("Records office"), "the page still opens");
    await open.close();
  });
}

// What the script adds: rules as they are met, keys, copying, ticking.
async function live({ platform, people }) {
  const { admin } = platform.people, page = await people.admin.newPage(), said = listen(page), org = `${platform.origin}/o/${admin.org}`;
  await step("password rules are told as one types", async () => {
    await page.goto(platform.origin + "/me/password");
    const field = await page.$("input[autocomplete=new-password]"), rule = ".rules [data-min]";
    await field.type("short");
    expect((await page.getAttribute(rule, "class")).includes("rule-missing"), "a short password is not told");
    await field.type(" and then much longer");
    expect((await page.getAttribute(rule, "class")).includes("rule-met"), "the length is not told once met");
    expect(await page.getAttribute(".rules", "aria-live") === "polite", "the rules are not said aloud");
    await page.click("[data-reveal=" + (await field.getAttribute("id")) + "]");
    expect(await field.getAttribute("type") === "text", "the password cannot be shown");
  });
  await step("keys open the help, the search, the pages and the lines", async () => {
    await page.goto(org + "/members");
    await page.keyboard.press("?");
    expect(await page.isVisible("#keys"), "? opens no help");
    await page.keyboard.press("Escape");
    expect(!(await page.isVisible("#keys")), "Escape does not close the help");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    expect(await page.evaluate(() => document.querySelectorAll("tr.on").length === 1 && document.activeElement.closest("tr.on") !== null), "j moves to no line");
    await page.keyboard.press("x");
    expect(await page.isChecked("tr.on .pick input"), "x does not tick the line");
    expect(await page.isVisible(".bulk"), "the bulk bar does not show");
    await page.keyboard.press("/");
    expect(await page.evaluate(() => document.activeElement.type === "search"), "/ does not reach the search");
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.waitForURL("**/roles");
  });
  check(said.length === 0, "the script says nothing to the console and breaks no policy", said.join("\n    "));
  await page.close();
}

// The journal opens with a reason.
async function journal({ platform, people, both }) {
  const { admin } = platform.people, page = await people.admin.newPage(), said = listen(page);
  await step("the journal opens with a reason and shows an entry with its proof", async () => {
    await page.goto(`${platform.origin}/o/${admin.org}/journal`);
    await page.fill("#reason", "Revue mensuelle des refus");
    await send(page);
    await both(page, said, "reader");
    await page.click("main tbody a[href*='/entries/']");
    await page.waitForURL("**/entries/*");
    await both(page, said, "reader");
  });
  await step("a service account is made", async () => {
    await page.goto(`${platform.origin}/o/${admin.org}/services/new`);
    await page.fill("#name", "Synchronisation RH");
    await send(page);
    await page.goto(`${platform.origin}/o/${admin.org}/services`);
    await page.click("main tbody a");
    await both(page, said, "admin");
    const make = await page.$("a[href$='/tokens/new']");
    expect(make, "no token can be made");
    await make.click();
    await both(page, said, "admin");
  });
  await page.close();
}

// New terms are published; whoever signs in next accepts them first.
async function terms({ platform, contextOf, people, both }) {
  const { neighbour } = platform.people, page = await people.staff.newPage(), said = listen(page);
  await step("terms are published", async () => {
    await page.goto(platform.origin + "/provider/terms/new");
    for (const lang of ["fr", "en"]) {
      await page.fill("#title_" + lang, lang === "fr" ? "Conditions d'utilisation" : "Terms of use");
      await page.fill("#text_" + lang, lang === "fr" ? "## Objet\n\nCe que la plateforme **fait**.\n\n- journal\n- droits" : "## Subject\n\nWhat the platform **does**.\n\n- journal\n- rights");
    }
    await send(page);
    await page.waitForURL((u) => !u.pathname.endsWith("/new"));
    await page.goto(platform.origin + "/provider/terms");
    await page.click("main a[href*='/provider/terms/']:not([href$='/new'])");
    await page.waitForURL(/\/provider\/terms\/[^/]+$/);
    await both(page, said, "staff");
  });
  await page.close();
  const context = await contextOf("fr"), door = await context.newPage(), heard = listen(door);
  await step("terms are accepted at the next sign-in", async () => {
    await door.goto(platform.origin + "/signin");
    await door.fill("#email", neighbour.email);
    await send(door);
    await door.fill("#password", neighbour.password);
    await send(door);
    await door.waitForURL("**/signin/terms");
    await both(door, heard, "way");
    for (const box of await door.$$("main input[type=checkbox]")) await box.check();
    await send(door);
    await door.waitForURL(platform.origin + "/");
  });
  await context.close();
}

// What was typed in a form that is sent under a lock waits for the proof, and comes back into the form: with scripts and without.
async function kept({ platform, contextOf, see }) {
  const { member } = platform.people;
  const fr = ["pas encore envoyée", "est revenue dans le formulaire"], en = ["not sent yet", "is back in the form"];
  for (const [lang, javaScriptEnabled, [waits, back]] of [["fr", true, fr], ["en", true, en], ["fr", false, fr]]) {
    const context = await contextOf(lang, { javaScriptEnabled }), page = await context.newPage(), other = await context.newPage(), said = listen(page);
    await step(`what was typed comes back after the proof (${lang}${javaScriptEnabled ? "" : ", without scripts"})`, async () => {
      await signIn(page, platform.origin, member);
      await page.goto(platform.origin + "/me/profile");
      await page.fill("#family_name", "Saisie-entre-temps");
      await other.goto(platform.origin + "/");
      await other.click(".account summary");
      await other.click("form[action='/lock/now'] button");
      await page.click("form:has(#family_name) button.btn-primary");
      expect((await text(page)).includes(waits) && !(await page.content()).includes("Saisie-entre-temps"), "the page does not say that the form waits, or shows it");
      if (javaScriptEnabled) await see(page, said, "held", "/lock#held");
      await page.fill("input[type=password]", member.password);
      await send(page);
      expect((await text(page)).includes(back), "the page does not say that the form is back");
      expect(await page.inputValue("#family_name") === "Saisie-entre-temps", "what was typed is lost");
      if (javaScriptEnabled) await see(page, said, "held", "/me/profile#back");
      await page.goto(platform.origin + "/me/profile");
      expect(await page.inputValue("#family_name") !== "Saisie-entre-temps", "the form was sent by itself");
    });
    check(said.length === 0, `kept: console and policy (${lang})`, said.join("\n    "));
    await context.close();
  }
}

// A session is locked, and opened again with the password.
async function lock({ platform, people, both }) {
  const { admin } = platform.people, page = await people.admin.newPage(), said = listen(page);
  await step("a session is locked and opened again", async () => {
    await page.goto(platform.origin + "/");
    await page.click(".account summary");
    await page.click("form[action='/lock/now'] button");
    await page.goto(platform.origin + "/me/profile");
    expect(new URL(page.url()).pathname === "/lock", "a locked session still opens pages");
    await both(page, said, "locked");
    await page.fill("input[type=password]", admin.password);
    await send(page);
    expect(new URL(page.url()).pathname !== "/lock", "the right password does not open");
  });
  await page.close();
}
