// Solves the proof of work of the page off its main thread, while the person types.
(() => {
  const challenge = document.getElementsByName("challenge")[0], nonce = document.getElementsByName("nonce")[0];
  if (!challenge || !self.Worker) return;
  const form = challenge.form, path = "/signin/worker.js";
  const policy = self.trustedTypes && trustedTypes.createPolicy("rempart-worker", { createScriptURL: (u) => (u === path ? u : "") });
  const worker = new Worker(policy ? policy.createScriptURL(path) : path);
  let waiting = null, failed = false;
  worker.onmessage = ({ data }) => {
    nonce.value = data;
    worker.terminate();
    if (waiting) form.requestSubmit(waiting);
  };
  worker.onerror = () => { failed = true; if (waiting) form.requestSubmit(waiting); }; // the mailed code takes over
  worker.postMessage({ challenge: challenge.value, bits: +challenge.dataset.bits });
  form.addEventListener("submit", (e) => {
    if (nonce.value || failed) return;
    e.preventDefault();
    e.stopPropagation();
    waiting = e.submitter || form.querySelector("button[type=submit],button:not([type])");
  }, true);
})();
