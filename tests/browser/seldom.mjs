// Pages that one seldom meets: at the end of a mailed link, on the way back into a compromised account, behind a role or a
// document that somebody made first. Each is seen in both languages.
import { listen, step } from "./watch.mjs";
import { letter, mailed } from "./platform.mjs";
import { code } from "./people.mjs";

const host = "port-sainte.example";
const late = { given_name: "Goulven", family_name: "Abgrall", email: "goulven.abgrall@" + host, password: "cinq-Hirondelles-4-au-quai!" };
const founder = { organization: "Atelier des Marées", given_name: "Solveig", family_name: "Riou", email: "solveig.riou@marees.example" };

// A picture of 96 x 96 pixels.
const face = "iVBORw0KGgoAAAANSUhEUgAAAGAAAABgCAIAAABt+uBvAAAAlklEQVR42u3QMQ0AMAgAMNRNxERwI2IiJhUH/CRNqqBx8jEIBYIECRIkSJAgQQgSJEiQIEGCBCFIkCBBggQJEoQgQYIECRIkSJAgBAkSJEiQIEGCECRIkCBBS4J+XQaCBAkSJEiQIEGCECRIkCBBggQJQpAgQYIECRIkCEGCBAkSJEiQIEEIEiRIkCBBggQhSJAgQYKWaEprhtHI4FIFAAAAAElFTkSuQmCC";

const send = (page, form = "main form") => page.click(`${form} button.btn-primary`);
const fill = async (page, values) => { for (const [id, value] of Object.entries(values)) await page.fill("#" + id, value); };
const leads = (page, part) => page.waitForURL((u) => u.pathname.includes(part));

// seldom goes to them in order.
export async function seldom(stage) {
  await invited(stage);
  await compromised(stage);
  await moved(stage);
  await photo(stage);
  await signUp(stage);
  await role(stage);
  await documents(stage);
  await entry(stage);
}

// An invitation is followed to the end, then a second factor is set up by the newcomer alone.
async function invited({ platform, contextOf, people, both }) {
  const { admin } = platform.people, office = await people.admin.newPage();
  await step("somebody is invited", async () => {
    await office.goto(`${platform.origin}/o/${admin.org}/members/new`);
    const { password, ...profile } = late;
    await fill(office, profile);
    await send(office);
  });
  await office.close();
  const context = await contextOf("fr"), page = await context.newPage(), said = listen(page);
  await step("an invitation leads to a first password", async () => {
    await page.goto(await letter(platform.mail, late.email, "/invitation/"));
    await both(page, said, "invited");
    await send(page);
    await leads(page, "/signin/first/");
    await both(page, said, "invited");
    await send(page);
    await leads(page, "/signin/change");
    await both(page, said, "invited");
    await page.fill("#password", late.password);
    await send(page);
    await page.waitForURL(platform.origin + "/");
  });
  await step("a second factor is being set up", async () => {
    await page.goto(platform.origin + "/me/second-factor");
    await send(page);
    await leads(page, "/confirm");
    await both(page, said, "invited");
  });
  await context.close();
}

// An account is marked as compromised: its owner proves the mailbox, then chooses another password.
async function compromised({ platform, contextOf, people, both }) {
  const { admin } = platform.people, office = await people.admin.newPage();
  await step("an account is marked as compromised", async () => {
    await office.goto(`${platform.origin}/o/${admin.org}/members`);
    await office.click(`main tbody a:text("${late.family_name}")`);
    await office.click("main a[href*='/accounts/']");
    await office.fill("#reason", "Mot de passe vu sur un mur.");
    await office.click("form[action$='/compromised'] button");
    await office.waitForSelector(".notice, [role=status]");
  });
  await office.close();
  const context = await contextOf("fr"), page = await context.newPage(), said = listen(page);
  await step("a compromised account is taken back", async () => {
    await page.goto(platform.origin + "/signin");
    await page.fill("#email", late.email);
    await send(page);
    await page.fill("#password", late.password);
    await send(page);
    await leads(page, "/signin/mailbox");
    await both(page, said, "compromised");
    await send(page);
    await page.waitForSelector("#code");
    await both(page, said, "compromised");
    await page.fill("#code", (await mailed(platform.mail, late.email, /: ([A-Z0-9]{4}-[A-Z0-9]{4})\b/))[1]);
    await send(page);
    await leads(page, "/signin/change");
    await both(page, said, "compromised");
  });
  await context.close();
}

// A sign-in address is changed through the new mailbox, and taken back through the former one.
async function moved({ platform, people, both }) {
  const { admin } = platform.people, elsewhere = "amel.haddad@ailleurs.example", page = await people.admin.newPage(), said = listen(page);
  await step("a sign-in address is changed, and taken back", async () => {
    await page.goto(platform.origin + "/me/profile");
    await page.click("main a[href='/me/address']");
    await page.waitForURL((u) => !u.pathname.endsWith("/profile"));
    if (page.url().includes("/signin/again")) {
      await page.fill("#answer", (await page.$("#answer[type=password]")) ? admin.password : await code(admin));
      await send(page);
    }
    await leads(page, "/me/address");
    await both(page, said, "admin");
    await page.fill("#email", elsewhere);
    await send(page);
    await leads(page, "/me/profile");
    await page.goto(await letter(platform.mail, elsewhere, "/address/"));
    await both(page, said, "admin");
    await send(page);
    await page.goto(await letter(platform.mail, admin.email, "/address-back/"));
    await both(page, said, "admin");
  });
  await page.goto(platform.origin + "/me/profile");
  await step("the new address is shown", async () => {
    if ((await page.inputValue("#email")) !== elsewhere) throw new Error(await page.inputValue("#email"));
  });
  await page.close();
}

// A photo is sent and taken away without scripts.
async function photo({ platform, people, both }) {
  const { admin } = platform.people, page = await people.admin.newPage(), said = listen(page);
  await step("a photo is sent, seen by others, and taken away", async () => {
    await page.goto(platform.origin + "/me/profile");
    await page.setInputFiles("#photo", { name: "me.png", mimeType: "image/png", buffer: Buffer.from(face, "base64") });
    await page.click("form[action='/me/photo'] button");
    await page.waitForSelector("img.portrait-large");
    await both(page, said, "pictured");
    await page.goto(`${platform.origin}/o/${admin.org}/members`);
    const drawn = await page.$eval("img.portrait", (i) => i.decode().then(() => i.naturalWidth));
    if (drawn !== 256) throw new Error(`the list shows a photo of ${drawn} pixels`);
    await both(page, said, "pictured");
    await page.goto(platform.origin + "/me/profile");
    await page.click("form[action='/me/photo/remove'] button");
    await page.waitForSelector("span.portrait-large");
  });
  await page.close();
}

// An organization is signed up.
async function signUp({ platform, contextOf, both, see }) {
  const context = await contextOf("fr"), page = await context.newPage(), said = listen(page);
  await step("an organization is signed up", async () => {
    await page.goto(platform.origin + "/signup");
    await fill(page, founder);
    await send(page);
    await see(page, said, "founder", "/signup#sent");
    await page.goto(await letter(platform.mail, founder.email, "/signup/"));
    await both(page, said, "founder");
    await send(page);
    await leads(page, "/signin/first/");
  });
  await context.close();
}

// A role is made, then edited.
async function role({ platform, people, both }) {
  const { admin } = platform.people, page = await people.admin.newPage(), said = listen(page);
  await step("a role is made and edited", async () => {
    await page.goto(`${platform.origin}/o/${admin.org}/roles/new`);
    await page.fill("#name", "Référent");
    await page.check("#permissions input[type=checkbox] >> nth=0");
    await send(page);
    await page.waitForURL((u) => !u.pathname.endsWith("/new"));
    await page.click("main a[href$='/edit'], header a[href$='/edit']");
    await both(page, said, "admin");
  });
  await page.close();
}

// Documents of an organization and of the provider, their versions, and who accepted them.
async function documents({ platform, contextOf, people, both }) {
  const { admin } = platform.people;
  for (const [who, context, base] of [["admin", people.admin, `/o/${admin.org}/terms`], ["staff", people.staff, "/provider/terms"]]) {
    const page = await context.newPage(), said = listen(page);
    await step(`${who} publishes a document, then a version of it`, async () => {
      await page.goto(platform.origin + base + "/new");
      await fill(page, { title_fr: "Charte d'usage", title_en: "Charter of use", text_fr: "# Règles\n\nUne **règle**.", text_en: "# Rules\n\nOne **rule**." });
      await page.uncheck("#required");
      await send(page);
      await page.waitForURL((u) => !u.pathname.endsWith("/new"));
      await page.goto(platform.origin + base);
      await page.click(`main a[href*='${base}/']:not([href$='/new'])`);
      await page.waitForURL((u) => u.pathname.startsWith(base + "/"));
      await both(page, said, who);
      const document = page.url();
      await page.goto(document + "/new");
      await both(page, said, who);
      await fill(page, { text_fr: "# Règles\n\nDeux **règles**.", text_en: "# Rules\n\nTwo **rules**.", summary_fr: "Une règle de plus.", summary_en: "One more rule." });
      await send(page);
      await page.waitForURL((u) => !u.pathname.endsWith("/new"));
      await page.goto(document + "/accepted");
      await both(page, said, who);
    });
    await page.close();
  }
  const context = await contextOf("fr"), page = await context.newPage(), said = listen(page);
  await step("anybody reads the documents in force", async () => {
    await page.goto(platform.origin + "/terms");
    await both(page, said, "nobody");
    await page.click("main a[href^='/terms/']");
    await both(page, said, "nobody");
    await page.click("main a[href^='/terms/'][href$='/1']");
    await page.waitForURL("**/1");
    await both(page, said, "nobody");
  });
  await context.close();
}

// Staff opens the journal of the platform with a reason, and one of its entries.
async function entry({ platform, people, both }) {
  const page = await people.staff.newPage(), said = listen(page);
  await step("staff reads an entry of the platform's journal", async () => {
    await page.goto(platform.origin + "/provider/journal");
    await page.fill("#reason", "Revue des entrées du mois");
    await send(page);
    await page.click("main tbody a[href*='/entries/']");
    await page.waitForURL("**/entries/*");
    await both(page, said, "staff");
  });
  await page.close();
}
