/**
 * The secrets panel: a list by name, and one form to add or rotate.
 *
 * A typed value lives in the password field only, and leaves it sealed (seal.js, placed before this file in the same
 * module). It is never a trait of the model, never in the page's markup, never in a message in any other form.
 */

const PATIENCE = 15000; // milliseconds before the panel says that the kernel has not answered
const SOURCES = { session: "this session", vault: "vault file", env: "environment variable", ".env": ".env file" };
const REFUSAL =
  "This page is not in a secure context (https, or localhost), so the browser offers no encryption and the panel " +
  "takes no value. Run %flarex_secrets set NAME in a cell instead: it asks with getpass, and the value then crosses " +
  "the connection to the kernel unencrypted.";

const REFUSAL_VAULT = REFUSAL.replace("%flarex_secrets set NAME", "%flarex_secrets persist or unlock");

/** Returns an element; `on…` options are listeners, the others attributes, and false leaves one out. */
function h(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  // JupyterLab would take D, D typed on a focused button for "delete the cell"; it looks at the focused element first.
  if (["button", "input", "select"].includes(tag)) element.setAttribute("data-lm-suppress-shortcuts", "true");
  element.append(...children);
  return element;
}

const field = (label, input) => h("label", { class: "flarex-field" }, h("span", {}, label), input);
const splitHosts = (text) => text.split(/[\s,]+/).filter(Boolean).map((host) => host.toLowerCase());

class Panel {
  constructor(model, el) {
    this.model = model;
    this.job = null; // what the open form is for: {action, name, env, hosts, opener}
    this.waiting = null; // the request sent and not yet answered: {id, timer, after, late}
    this.secure = canSeal();
    this.build(el);
    this.listen();
    this.drawRows();
    if (!this.secure) this.say(REFUSAL, "warning");
  }

  build(el) {
    this.body = h("tbody");
    this.empty = h("p", { class: "flarex-empty" }, "No secrets yet. Add one: code then holds its name, never its value.");
    this.form = h("div", { class: "flarex-form", role: "group", hidden: true, onkeydown: (event) => this.onKey(event) });
    this.status = h("p", { class: "flarex-status", role: "status", "aria-live": "polite" });
    this.badge = h("span", { class: "flarex-pill", title: "The environment new secrets are for" });
    this.addButton = this.button("Add secret", "add", () => this.open({ action: "set", opener: "add" }));
    const heads = ["Name", "State", "From", "Bound to"].map((text) => h("th", { scope: "col" }, text));
    this.table = h("table", { "aria-label": "Secrets" },
      h("thead", {}, h("tr", {}, ...heads, h("th", { scope: "col", "aria-label": "Actions" }))), this.body);
    this.vault = h("div", { class: "flarex-foot flarex-vault" });
    this.root = h("section", { class: "flarex-panel", "aria-label": "FlareX secrets" },
      h("header", {}, h("strong", {}, "Secrets"), this.badge, h("span", { class: "flarex-gap" }),
        this.button("Refresh", "refresh", () => this.ask({ kind: "refresh" })), this.addButton),
      this.form, this.status, this.table, this.empty, this.vault);
    el.append(this.root);
  }

  listen() {
    this.onRows = () => this.drawRows();
    this.onAnswer = (answer) => this.hear(answer);
    this.model.on("change:rows", this.onRows);
    this.model.on("change:environment", this.onRows);
    this.model.on("change:vault", this.onRows);
    this.model.on("msg:custom", this.onAnswer);
  }

  dispose() {
    this.wipe();
    if (this.waiting) clearTimeout(this.waiting.timer);
    this.model.off("change:rows", this.onRows);
    this.model.off("change:environment", this.onRows);
    this.model.off("change:vault", this.onRows);
    this.model.off("msg:custom", this.onAnswer);
  }

  button(text, key, onclick, kind = "") {
    return h("button", { type: "button", class: `flarex-button ${kind}`, "data-key": key, onclick }, text);
  }

  // The list

  drawRows() {
    const rows = this.model.get("rows") ?? [];
    const focused = this.body.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.body.replaceChildren(...rows.map((row) => this.row(row)));
    this.table.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
    this.badge.textContent = this.model.get("environment");
    this.badge.className = `flarex-pill flarex-${this.model.get("environment")}`;
    this.drawVault();
    if (focused) this.focus(focused);
  }

  drawVault() {
    const state = this.model.get("vault") ?? "none";
    const held = this.vault.contains(document.activeElement);
    const [text, label, act] = {
      none: ["Secrets are kept in memory, for this session.", "Make a vault file", () => this.openVault("persist")],
      locked: ["The vault file is locked.", "Unlock", () => this.openVault("unlock")],
      open: ["Secrets are kept in the encrypted vault file.", "Lock", () => this.ask({ kind: "lock" })],
    }[state];
    this.vault.replaceChildren(h("small", {}, text), h("span", { class: "flarex-gap" }),
      this.button(label, "vault", act, "flarex-quiet"));
    if (held) this.focus("vault");
  }

  row(row) {
    const actions = h("td", { class: "flarex-actions" });
    actions.append(...this.actions(row, actions));
    const pill = row.env === "sandbox" ? [" ", h("span", { class: "flarex-pill flarex-sandbox" }, row.env)] : [];
    return h("tr", {},
      h("th", { scope: "row" }, h("code", {}, row.name), ...pill),
      h("td", {}, h("span", { class: `flarex-state flarex-is-${row.state}` }, row.state)),
      h("td", { class: "flarex-source" }, SOURCES[row.source] ?? (row.source || "–")),
      h("td", { class: "flarex-hosts" }, row.hosts.join(", ") || "–"), actions);
  }

  actions(row, cell) {
    const id = `${row.env}:${row.name}`;
    const held = row.source === "session" || (row.source === "vault" && row.state !== "locked");
    const action = held ? "rotate" : "set";
    const label = { rotate: "Rotate", set: row.state === "missing" ? "Set" : "Override" }[action];
    const change = this.button(label, `change:${id}`, () => this.open({ ...row, action, opener: `change:${id}` }));
    change.setAttribute("aria-label", `${label} ${row.name}`);
    if (!held) return [change];
    const remove = this.button("Delete", `delete:${id}`, () => this.confirm(row, cell), "flarex-quiet");
    remove.setAttribute("aria-label", `Delete ${row.name}`);
    return [change, remove];
  }

  confirm(row, cell) {
    const back = () => {
      cell.replaceChildren(...this.actions(row, cell));
      this.focus(`delete:${row.env}:${row.name}`);
    };
    const after = (ok) => (ok ? this.focus(`change:${row.env}:${row.name}`) : back());
    const yes = this.button("Yes", "yes", () => this.ask({ kind: "delete", name: row.name, env: row.env }, after),
      "flarex-danger");
    const no = this.button("Keep", "no", back);
    const question = h("span", { class: "flarex-question", role: "group", "aria-label": `Delete ${row.name}?`,
      onkeydown: (event) => event.key === "Escape" && back() }, "Delete?", yes, no);
    cell.replaceChildren(question);
    no.focus();
  }

  // The form

  open(job) {
    this.wipe();
    this.say("");
    this.job = job;
    this.again = null;
    const isNew = !job.name;
    const text = { type: "text", autocomplete: "off", spellcheck: "false" };
    const list = isNew && `${this.model.get("entry").panel}-names`;
    this.name = h("input", { ...text, value: job.name ?? "", readonly: !isNew, list, placeholder: "SERVICE_API_KEY",
      onchange: () => this.suggest() });
    this.suggested = ""; // what stands in the field of hosts because we put it there
    this.env = h("select", { disabled: !isNew, onchange: () => this.suggest() }, ...["live", "sandbox"].map((env) =>
      h("option", { value: env, selected: env === (job.env ?? this.model.get("environment")) }, env)));
    this.hosts = h("input", { ...text, value: (job.hosts ?? []).join(", "), readonly: job.action === "rotate",
      placeholder: "the service's own hosts" });
    this.value = h("input", { type: "password", autocomplete: "new-password", spellcheck: "false", disabled: !this.secure,
      class: "flarex-value", "data-1p-ignore": true, "data-lpignore": "true", "data-bwignore": "true" });
    this.save = this.button("Save", "save", () => this.submit(), "flarex-primary");
    this.save.disabled = !this.secure;
    const title = isNew ? "New secret" : job.action === "rotate" ? `New value for ${job.name}` : `Value for ${job.name}`;
    this.form.setAttribute("aria-label", title);
    this.form.replaceChildren(h("strong", {}, title), this.suggestions(),
      h("div", { class: "flarex-fields" }, field("Name", this.name), field("Environment", this.env),
        field("Hosts", this.hosts), field("Value", this.value)),
      h("div", { class: "flarex-foot" },
        h("small", {}, "Encrypted in this page; only the kernel can open it, once."),
        h("span", { class: "flarex-gap" }), this.button("Cancel", "cancel", () => this.shut()), this.save));
    this.form.hidden = false;
    (isNew ? this.name : this.value).focus();
    if (!this.secure) this.say(REFUSAL, "warning");
  }

  openVault(action) {
    this.wipe();
    this.say("");
    this.job = { vault: action, opener: "vault" };
    const secret = { type: "password", spellcheck: "false", disabled: !this.secure, class: "flarex-value",
      "data-1p-ignore": true, "data-lpignore": "true", "data-bwignore": "true" };
    this.value = h("input", { ...secret, autocomplete: action === "persist" ? "new-password" : "off" });
    this.again = action === "persist" ? h("input", { ...secret, autocomplete: "new-password" }) : null;
    this.save = this.button(action === "persist" ? "Encrypt" : "Unlock", "save", () => this.submit(), "flarex-primary");
    this.save.disabled = !this.secure;
    const title = action === "persist" ? "Keep secrets in an encrypted file" : "Unlock the vault file";
    this.form.setAttribute("aria-label", title);
    this.form.replaceChildren(h("strong", {}, title),
      h("div", { class: "flarex-fields" }, field("Passphrase", this.value), ...(this.again ? [field("Again", this.again)] : [])),
      h("div", { class: "flarex-foot" },
        h("small", {}, "Encrypted in this page; only the kernel can open it, once."),
        h("span", { class: "flarex-gap" }), this.button("Cancel", "cancel", () => this.shut()), this.save));
    this.form.hidden = false;
    this.value.focus();
    if (!this.secure) this.say(REFUSAL_VAULT, "warning");
  }

  suggestions() {
    const options = (this.model.get("services") ?? []).map(({ name, service }) => h("option", { value: name }, service));
    return h("datalist", { id: `${this.model.get("entry").panel}-names` }, ...options);
  }

  suggest() {
    this.name.value = this.name.value.trim().toUpperCase().replace(/[^A-Z0-9]+/g, "_");
    const known = (this.model.get("services") ?? []).find(({ name }) => name === this.name.value);
    const hosts = known && this.env.value === "live" ? known.hosts.join(", ") : ""; // the sandbox knows its own place
    if (!this.hosts.value || this.hosts.value === this.suggested) this.hosts.value = this.suggested = hosts;
  }

  onKey(event) {
    if (event.key === "Escape") this.shut();
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    this.submit();
  }

  shut() {
    const opener = this.job?.opener;
    this.wipe();
    this.job = null;
    this.form.hidden = true;
    this.form.replaceChildren();
    if (opener) this.focus(opener);
  }

  wipe() {
    if (this.value) this.value.value = "";
    if (this.again) this.again.value = "";
  }

  async submit() {
    if (!this.job.vault) this.suggest();
    const lack = this.job.vault ? this.lackVault() : this.lack();
    if (lack) return this.say(`${lack} Nothing was sent.`, "error");
    const value = this.value.value;
    this.wipe();
    const { panel, public: publicKey, nonce } = this.model.get("entry");
    const { vault } = this.job;
    const entry = vault ? { name: `vault ${vault}`, env: "live", hosts: [], nonce }
      : { name: this.name.value, env: this.env.value, hosts: splitHosts(this.hosts.value), nonce };
    this.save.disabled = true;
    try {
      const sealed = toBase64(await seal(fromBase64(publicKey), entryInfo({ panel, ...entry }), padded(value)));
      if (vault) this.ask({ kind: "vault", action: vault, nonce, sealed }, (ok) => this.stored(ok));
      else this.ask({ kind: "store", action: this.job.action, ...entry, sealed }, (ok) => this.stored(ok));
    } catch (error) {
      this.save.disabled = false;
      this.say(`The browser could not encrypt the value (${error.name}). Nothing was sent.`, "error");
    }
  }

  lack() {
    if (!this.secure) return REFUSAL;
    if (this.waiting && !this.waiting.late) return "The kernel has not answered the last request yet.";
    if (!this.name.value) return this.point(this.name, "Give the secret a name, such as SERVICE_API_KEY.");
    if (!this.value.value) return this.point(this.value, "The value is empty.");
    return "";
  }

  lackVault() {
    if (!this.secure) return REFUSAL_VAULT;
    if (this.waiting && !this.waiting.late) return "The kernel has not answered the last request yet.";
    if (!this.value.value) return this.point(this.value, "The passphrase is empty.");
    if (this.again && this.again.value !== this.value.value) return this.point(this.again, "The two passphrases differ.");
    return "";
  }

  point(input, text) {
    input.focus();
    return text;
  }

  stored(ok) {
    if (ok) return this.shut();
    this.save.disabled = false;
    this.value.focus();
  }

  // Requests and answers

  ask(request, after = () => {}) {
    if (this.waiting && !this.waiting.late) return this.say("The kernel has not answered the last request yet.", "warning");
    const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
    const timer = setTimeout(() => this.late(), PATIENCE);
    this.waiting = { id, timer, after, late: false };
    this.say("Waiting for the kernel…");
    this.model.send({ ...request, id });
  }

  late() {
    this.waiting.late = true; // an answer is still welcome, and another request may be sent
    if (this.save) this.save.disabled = !this.secure;
    this.say("The kernel has not answered: it is busy with a cell, or was restarted. When it is idle, press Refresh; " +
      "if that stays silent, run the cell again.", "warning");
  }

  hear(answer) {
    if (answer?.kind !== "answer" || answer.id !== this.waiting?.id) return;
    clearTimeout(this.waiting.timer);
    const { after } = this.waiting;
    this.waiting = null;
    after(answer.ok);
    this.say([answer.text, answer.hint].filter(Boolean).join(" "), answer.ok ? "done" : "error");
  }

  say(text, kind = "") {
    this.status.textContent = text;
    this.status.className = `flarex-status flarex-${kind || "plain"}`;
  }

  focus(key) {
    const found = [...this.root.querySelectorAll("[data-key]")].find((element) => element.dataset.key === key);
    (found ?? this.addButton).focus();
  }
}

function render({ model, el }) {
  const panel = new Panel(model, el);
  return () => panel.dispose();
}

export default { render };
