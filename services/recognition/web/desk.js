// The workstation page made live: calls as they ring, a notification, tel: and sip: links. Without it the page is the same, by hand.
(() => {
  const d = document, id = (i) => d.getElementById(i), desk = id("desk");
  if (!desk) return;
  const { page, asks, yes, no, offline, online } = desk.dataset, say = id("desk-say"), state = id("desk-state");
  const policy = self.trustedTypes?.createPolicy("rempart-worker", { createHTML: (s) => s, createScriptURL: (s) => s });
  const safe = (how, s) => (policy ? policy[how](s) : s);
  const manifest = d.createElement("link");
  manifest.rel = "manifest"; manifest.href = page + "/install.json";
  d.head.append(manifest);

  // What is going on is drawn by the server.
  let drawing, again;
  const draw = async () => {
    if (drawing) { again = 1; return; }
    drawing = 1;
    const a = await fetch(page + "/live").catch(() => 0);
    if (a && a.ok && !a.redirected) {
      const html = new DOMParser().parseFromString(safe("createHTML", await a.text()), "text/html").body;
      id("desk-live").replaceChildren(...html.childNodes);
    }
    drawing = 0;
    if (again) { again = 0; draw(); }
  };

  const ready = "serviceWorker" in navigator && navigator.serviceWorker.register(safe("createScriptURL", page + "/worker.js"), { scope: page }).catch(() => 0);
  const tell = async (c) => {
    const worker = await ready;
    if (!worker || Notification.permission !== "granted") return;
    const open = (c.actions || []).filter((a) => a.kind === "open" && a.url);
    const shown = await worker.getNotifications({ tag: c.call });
    if (!c.pop) return shown.forEach((n) => n.close());
    const links = Object.fromEntries(open.map((a) => [a.script, a.url]));
    worker.showNotification(c.title, {
      body: c.body, tag: c.call, requireInteraction: true, lang: d.documentElement.lang, data: { page, links },
      actions: open.slice(0, 2).map((a) => ({ action: a.script, title: a.title })),
    });
  };
  const live = new EventSource(page + "/stream");
  live.onopen = () => { state.textContent = online; draw(); };
  live.onerror = () => { if (live.readyState === EventSource.CLOSED) state.textContent = say.textContent = offline; };
  live.addEventListener("call", (e) => {
    const c = JSON.parse(e.data);
    if (c.pop) say.textContent = c.title + ". " + c.body;
    tell(c); draw();
  });

  // Buttons that only a script can serve.
  const button = (name, act) => {
    const b = id(name);
    b.hidden = false;
    b.addEventListener("click", async () => { b.nextElementSibling.textContent = (await act()) ? yes : no; });
  };
  if (ready && "Notification" in self && Notification.permission !== "granted") button("desk-notify", async () => (await Notification.requestPermission()) === "granted");
  if (navigator.registerProtocolHandler) button("desk-links", () => {
    try { for (const p of ["tel", "sip"]) navigator.registerProtocolHandler(p, location.origin + page + "#dial=%s"); return 1; } catch { return 0; }
  });

  // A number handed over by a link waits in the field: a person presses, never a page.
  const take = () => {
    const [, raw] = location.hash.match(/^#dial=(.*)/) || [];
    if (!raw) return;
    let given = raw;
    try { given = decodeURIComponent(raw); } catch { /* not encoded: as it is */ }
    history.replaceState(null, "", location.pathname);
    const field = id("number");
    field.value = given.replace(/^(web\+)?(tel|sip|callto):/i, "").slice(0, 64);
    field.focus();
    say.textContent = asks;
  };
  self.addEventListener("hashchange", take);
  take();
})();
