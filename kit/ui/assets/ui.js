// The one script of the product: it makes forms live. Everything works without it.
(() => {
  const d = document, on = (...a) => d.addEventListener(...a), $ = (s, r = d) => [...r.querySelectorAll(s)], id = (i) => d.getElementById(i);
  const policy = self.trustedTypes?.createPolicy("rempart", { createHTML: (s) => s });
  const parse = (s) => new DOMParser().parseFromString(policy ? policy.createHTML(s) : s, "text/html").body;
  const start = (root) => $("[data-copy],[data-reveal],[data-all]", root).forEach((e) => (e.hidden = false));

  // Password rules, one by one, in words.
  const kinds = { upper: /\p{Lu}/u, lower: /\p{Ll}/u, digit: /\p{Nd}/u, special: /[^\p{L}\p{Nd}\s]/u };
  const holds = ({ min, set, class: k }, v) =>
    min ? [...v].length >= min : set ? [...v].some((c) => set.includes(c)) : k ? kinds[k].test(v) : null;
  let later;
  const judge = (i) => {
    const list = id(i.name + "-rules"), asked = i.value, { check } = i.dataset;
    if (!list) return;
    for (const r of list.children) {
      const ok = holds(r.dataset, asked), say = r.lastElementChild, word = !asked ? "" : list.dataset[ok ? "met" : "missing"];
      if (ok === null) continue;
      r.className = "rule" + (asked ? ok ? " rule-met" : " rule-missing" : "");
      if (say.textContent !== word) say.textContent = word;
    }
    clearTimeout(later);
    if (check && asked) later = setTimeout(async () => {
      const html = await get(check, { method: "POST", body: new URLSearchParams([[i.name, asked]]) });
      if (html && asked === i.value) list.replaceChildren(...html.querySelectorAll("li"));
    }, 400);
  };
  const get = async (url, how) => {
    const a = await fetch(url, how).catch(() => 0);
    return a && a.ok && !a.redirected && parse(await a.text());
  };

  // Ticked rows.
  const boxes = (name) => $(`input[name="${name}"]`);
  const count = (name) => {
    const all = boxes(name), n = all.filter((c) => c.checked).length;
    $(`[data-bulk="${name}"]`).forEach((b) => { b.toggleAttribute("data-none", !n); b.querySelector("output").value = n; });
    $(`[data-all="${name}"]`).forEach((c) => { c.checked = n && n === all.length; c.indeterminate = n && n < all.length; });
  };
  on("input", (e) => judge(e.target));
  on("change", ({ target: t }) => {
    const { all } = t.dataset;
    if (all) boxes(all).forEach((c) => (c.checked = t.checked));
    count(all || t.name);
  });

  on("click", async (e) => {
    $(".drop[open]").forEach((m) => m.contains(e.target) || (m.open = false));
    const b = e.target.closest("button");
    if (!b) return;
    const { copy, reveal, confirm: ask, done, other } = b.dataset;
    if (ask && !confirm(ask)) e.preventDefault();
    if (copy) {
      await navigator.clipboard.writeText(id(copy).textContent);
      b.lastElementChild.textContent = done;
    }
    if (reveal) {
      const i = id(reveal), shown = i.type === "text";
      i.type = shown ? "password" : "text";
      b.dataset.other = b.textContent; b.textContent = other;
      b.setAttribute("aria-pressed", !shown);
    }
  });
  // One press sends once.
  on("submit", (e) => {
    const f = e.target.dataset;
    if (f.sent) return e.preventDefault();
    f.sent = 1; setTimeout(() => delete f.sent, 2000);
  });

  // Keys: ? help, / search, j k line, x tick, g then a letter.
  let g = 0;
  const keys = {
    "?": () => id("keys").togglePopover(),
    "/": () => d.querySelector("main [type=search]")?.focus(),
    j: () => move(1), k: () => move(-1),
    x: () => d.querySelector("tr.on .pick input")?.click(),
  };
  const move = (by) => {
    const rows = $("[data-rows] tbody tr"), at = rows.indexOf(d.querySelector("tr.on")), r = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    rows.forEach((o) => o.classList.toggle("on", o === r));
    (r?.querySelector("a") || r?.querySelector("input"))?.focus();
  };
  on("keydown", (e) => {
    const k = e.key;
    if (k === "Escape") $(".drop[open]").forEach((m) => { m.open = false; m.firstElementChild.focus(); });
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches("input:not([type=checkbox]),textarea,select")) return;
    const link = g && $("[data-go]").find((a) => a.dataset.go === k), act = link ? () => link.click() : keys[k];
    g = k === "g";
    if (act) { e.preventDefault(); act(); }
  });

  // Parts of a page that the server draws again.
  $("[data-src]").forEach((f) => {
    const { src, every } = f.dataset, load = async () => {
      const html = !d.hidden && await get(src);
      html && (f.replaceChildren(...html.childNodes), start(f));
    };
    if (+every) setInterval(load, every * 1000); else load();
  });
  start(d);
  $("[data-bulk]").forEach((b) => count(b.dataset.bulk));
  $("[data-rules]").forEach((l) => judge(id(l.dataset.rules)));
  id("problems")?.focus();
})();
