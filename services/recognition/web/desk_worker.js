// Shows who is calling, and leads to the page, or to what the organization opens for a caller. It keeps nothing and fetches nothing.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));
self.addEventListener("notificationclick", (e) => {
  e.notification.close();
  const { page, links } = e.notification.data, link = links[e.action];
  e.waitUntil((async () => {
    if (link) return self.clients.openWindow(link);
    const open = await self.clients.matchAll({ type: "window" });
    const there = open.find((c) => new URL(c.url).pathname === page);
    return there ? there.focus() : self.clients.openWindow(page);
  })());
});
