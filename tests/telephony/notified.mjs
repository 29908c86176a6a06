// One workstation in a real browser: it signs in, leaves the page of calls open, and notes each notification the moment that it is shown.
// It says READY once it listens, and writes what it saw when its input ends.
import { signIn } from "../browser/people.mjs";
import { open } from "../browser/watch.mjs";

const { ORIGIN: origin, ORG: org, EMAIL: email, PASSWORD: password } = process.env;
const browser = await open(), context = await browser.newContext({ locale: "en" });
await context.grantPermissions(["notifications"], { origin });
const seen = [];
await context.exposeFunction("noted", (n) => seen.push(n));
await context.addInitScript(() => {
  const show = ServiceWorkerRegistration.prototype.showNotification;
  ServiceWorkerRegistration.prototype.showNotification = async function (title, options) {
    await show.call(this, title, options);
    window.noted({ at: performance.timeOrigin + performance.now(), title, body: options.body });
  };
});
const page = await context.newPage();
await signIn(page, origin, { email, password });
await page.goto(`${origin}/o/${org}/calls`);
await page.waitForFunction(() => document.getElementById("desk-state")?.textContent);
await page.evaluate(() => navigator.serviceWorker.ready);
console.log("READY");
for await (const _ of process.stdin);
console.log(JSON.stringify(seen));
await browser.close();
