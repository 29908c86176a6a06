// Fields that the provider cannot read: an organization makes its own key, unlocks them for a session and locks them again.
import { listen, step } from "./watch.mjs";

const expect = (ok, what) => { if (!ok) throw new Error(what); };
const text = (page) => page.innerText("main");
const phrase = "cinq mots sans aucun lien", next = "six autres mots choisis ailleurs";

export async function blindness({ platform, people, see, both }) {
  const { admin } = platform.people, at = `${platform.origin}/o/${admin.org}/settings/blindness`;
  const page = await people.admin.newPage(), said = listen(page);
  const post = (action, fields) => async () => {
    const form = `main form[action$='${action}']`;
    for (const [name, value] of Object.entries(fields)) await page.fill(`${form} [name='${name}']`, value);
    await page.click(`${form} button:not([data-reveal])`);
  };
  await step("an organization makes its own key", async () => {
    await page.goto(at);
    await both(page, said, "admin");
    await post("/blindness", { phrase: "court", again: "court" })();
    expect(await page.isVisible("#problems"), "a short passphrase is taken");
    await see(page, said, "admin", "/o/blindness-refused");
    await post("/blindness", { phrase, again: phrase })();
    expect(/([A-Z2-7]{4}-){7}[A-Z2-7]{4}/.test(await page.content()), "the recovery key is not shown");
    await see(page, said, "admin", "/o/blindness-made");
  });
  await step("its fields are unlocked for a session, and locked", async () => {
    await page.goto(at);
    await both(page, said, "admin");
    await post("/unlock", { secret: "une phrase qui n'est pas la bonne" })();
    expect(/ni la phrase secrète|neither the passphrase/.test(await text(page)), "a wrong passphrase unlocks");
    await post("/unlock", { secret: phrase })();
    expect(/déverrouillé|unlocked/.test(await text(page)), "the right passphrase does not unlock");
    await both(page, said, "admin");
    await post("/lock", {})();
    expect(/Verrouillé\.|Locked\./.test(await page.content()), "it does not lock");
    await post("/phrase", { secret: phrase, phrase: next, again: next })();
    expect(/n.ouvre plus rien|opens nothing any more/.test(await page.content()), "the passphrase does not change");
  });
  await page.close();
}
