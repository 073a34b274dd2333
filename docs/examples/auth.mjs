// Accounts for a front end: sign up, log in, stay signed in silently, log out. No dependencies.
// Runs as it is in browsers (also several tabs at once) and in Node 18 or newer.

// region: client
const REFRESH = "nexus.refresh"; // where the refresh token is in the store
const DEVICE = "nexus.device"; // and what keeps guessers elsewhere from keeping you out: not a secret
const MARGIN = 30_000; // renew an access token this many milliseconds before it runs out
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Problem extends Error {
  // What the shop refuses: .status, .code (branch on this one), .errors (one per field), .request_id
  constructor(body, retryAfter) {
    super(body.detail);
    Object.assign(this, body, { retryAfter }); // seconds, or null
  }
}

export class SignedOut extends Error {} // show the log-in form

export class Shop {
  #access = null; // in memory only, one per tab
  #renewAt = 0;
  #renewing = null;
  #channel = null;
  #store;

  constructor(base, { store = defaultStore(), onSignedOut = () => {} } = {}) {
    this.base = base;
    this.#store = store;
    this.onSignedOut = onSignedOut;
    this.renewals = 0;
    if (globalThis.document && globalThis.BroadcastChannel) {
      this.#channel = new BroadcastChannel("nexus");
      this.#channel.onmessage = ({ data }) => (data ? this.#use(data) : this.#left());
    }
  }

  // --- signing up ---------------------------------------------------------------------------

  register(person) { return this.#post("register/", person); } // always fine: read the letter
  verifyEmail(token) { return this.#post("verify-email/", { token }); } // of the letter's link
  resendVerification(email) { return this.#post("verify-email/resend/", { email }); }

  // --- in and out ---------------------------------------------------------------------------

  async login(email, password, otp) {
    const device = this.#store.getItem(DEVICE);
    const body = { email, password, ...(otp && { otp }), ...(device && { device }) };
    return this.#signedIn(await this.#post("login/", body));
  }

  async logout() {
    const refresh = this.#store.getItem(REFRESH);
    this.#forget(refresh);
    if (refresh) await this.#post("logout/", { refresh });
  }

  // --- every other call ---------------------------------------------------------------------

  async call(path, { method = "GET", body, headers } = {}) {
    if (!this.#access || Date.now() >= this.#renewAt) await this.#renew(this.#access);
    for (let attempt = 1; ; attempt++) {
      const access = this.#access;
      const all = { ...headers, Authorization: `Bearer ${access}` };
      try {
        return await this.#send(path, { method, body, headers: all });
      } catch (problem) {
        if (problem.status !== 401 || problem.code !== "invalid_token" || attempt > 1) throw problem;
        await this.#renew(access); // somebody changed the clock, or the shop its keys
      }
    }
  }

  // --- passwords and sessions ---------------------------------------------------------------

  forgotPassword(email) { return this.#post("password/forgot/", { email }); }
  resetPassword(token, new_password) { return this.#post("password/reset/", { token, new_password }); }

  async changePassword(old_password, new_password) {
    const body = { old_password, new_password };
    return this.#signedIn(await this.call("/api/auth/password/change/", { method: "POST", body }));
  }

  reauthenticate(password) {
    return this.call("/api/auth/reauthenticate/", { method: "POST", body: { password } });
  }

  sessions() { return this.call("/api/auth/sessions/"); }
  endSession(id) { return this.call(`/api/auth/sessions/${id}/`, { method: "DELETE" }); }
  endOtherSessions() { return this.call("/api/auth/sessions/", { method: "DELETE" }); }

  // --- one renewal at a time: in this tab by a promise, between tabs by a lock ----------------

  #renew(used) {
    this.#renewing ??= this.#locked(() => this.#renewUnless(used)).finally(() => { this.#renewing = null; });
    return this.#renewing;
  }

  #locked(work) {
    const locks = globalThis.navigator?.locks;
    return locks ? locks.request(REFRESH, work) : work();
  }

  async #renewUnless(used) {
    if (this.#access && this.#access !== used) return; // another tab did it while we waited
    let lost = 0;
    for (;;) {
      const refresh = this.#store.getItem(REFRESH);
      if (!refresh) return this.#signOut(refresh);
      try {
        this.renewals++;
        this.#use(this.#keep(await this.#post("refresh/", { refresh })));
        this.#channel?.postMessage({ access: this.#access });
        return;
      } catch (problem) {
        if (this.#store.getItem(REFRESH) !== refresh) continue; // there is a newer one: use that
        if (problem.status === 401 && !problem.retryAfter) return this.#signOut(refresh);
        // 401 refresh_superseded, 429, 503: when to try again. No answer at all: the same token once more;
        // if the shop had got it, it says refresh_superseded, and afterwards repeats the answer we missed.
        if (problem.status && !problem.retryAfter) throw problem;
        if (++lost > 3) throw problem;
        await pause((problem.retryAfter ?? lost) * 1000);
      }
    }
  }

  #signOut(refresh) {
    this.#forget(refresh);
    throw new SignedOut("Sign in again.");
  }

  #signedIn(body) {
    this.#use(this.#keep(body));
    if (body.device) this.#store.setItem(DEVICE, body.device);
    this.#channel?.postMessage({ access: this.#access });
    return body.user;
  }

  #keep(pair) {
    this.#store.setItem(REFRESH, pair.refresh); // before the access token is used
    return pair;
  }

  #use({ access }) {
    const [iat, exp] = lifetime(access); // the shop's clock: only their difference counts here
    this.#access = access;
    this.#renewAt = Date.now() + (exp - iat) * 1000 - MARGIN;
  }

  #forget(refresh) {
    if (this.#store.getItem(REFRESH) === refresh) this.#store.removeItem(REFRESH); // not a newer log-in's
    this.#channel?.postMessage(null); // the other tabs
    this.#left();
  }

  #left() {
    this.#access = null;
    this.onSignedOut();
  }

  // --- HTTP -----------------------------------------------------------------------------------

  #post(path, body) { return this.#send(`/api/auth/${path}`, { method: "POST", body }); }

  async #send(path, { method, body, headers }) {
    const response = await fetch(this.base + path, {
      method,
      headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }), ...headers },
      body: body && JSON.stringify(body),
      credentials: "omit",
    });
    if (response.status === 204) return null;
    const answer = await response.json();
    if (response.ok) return answer;
    throw new Problem(answer, Number(response.headers.get("Retry-After")) || null);
  }
}

function lifetime(jwt) {
  const { iat, exp } = JSON.parse(atob(jwt.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
  return [iat, exp];
}

function defaultStore() {
  if (globalThis.document) return globalThis.localStorage;
  const memory = new Map();
  return {
    getItem: (key) => memory.get(key) ?? null,
    setItem: (key, value) => memory.set(key, value),
    removeItem: (key) => memory.delete(key),
  };
}
// endregion

// region: demo
async function demo(base, mail) {
  const email = `abebe.${Date.now()}@buyers.shop`;
  const password = "seven goats on a hill";
  const shop = new Shop(base);

  await shop.register({ email, password, first_name: "Abebe" });
  console.log("registered", email);
  await shop.login(email, password).catch((problem) => console.log("not yet:", problem.code));

  await shop.verifyEmail(await tokenInLetter(mail, email)); // on your page: from location.search
  const user = await shop.login(email, password);
  console.log("signed in as", user.email);

  const restored = new Shop(base, { store: storeWith(await refreshTokenOf(base, email, password)) });
  const answers = await Promise.all(Array.from({ length: 10 }, () => restored.call("/api/auth/me/")));
  console.log(`${answers.length} calls at once, ${restored.renewals} silent refresh`);

  const { results } = await shop.sessions();
  console.log("sessions:", results.map(({ device, current }) => `${device.name}${current ? " (this one)" : ""}`).join(", "));
  await shop.endOtherSessions();
  await restored.call("/api/auth/me/").catch((error) => console.log("the other one:", error.constructor.name));

  await shop.logout();
  await shop.call("/api/auth/me/").catch((error) => console.log("signed out:", error.constructor.name));
}

// A page that is opened anew has a refresh token in its store, and no access token.
const storeWith = (refresh) => {
  const store = defaultStore();
  store.setItem(REFRESH, refresh);
  return store;
};

async function refreshTokenOf(base, email, password) {
  const store = defaultStore();
  await new Shop(base, { store }).login(email, password);
  return store.getItem(REFRESH);
}

// In development every letter is a file. Elsewhere the person opens the link.
async function tokenInLetter(folder, email) {
  const { readdir, readFile } = await import("node:fs/promises");
  for (let wait = 0; wait < 100; wait++, await pause(200)) {
    for (const name of await readdir(folder).catch(() => [])) {
      const letter = await readFile(`${folder}/${name}`, "utf8").catch(() => "");
      const link = letter.match(/account\/verify\/\?token=([\w-]+)/);
      if (letter.includes(`To: ${email}`) && link) return link[1];
    }
  }
  throw new Error(`no letter to ${email} in ${folder}`);
}

const started = globalThis.process?.argv?.[1]?.endsWith("auth.mjs");
if (started) {
  const [base = "http://127.0.0.1:8000", mail = ".nexus/mail"] = process.argv.slice(2);
  await demo(base, mail);
}
// endregion
