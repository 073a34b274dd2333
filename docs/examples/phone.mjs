// Sign in by phone: ask for a code, give it, add an e-mail address. No dependencies; browsers and Node 18 or newer.

// region: client
const verifiers = new Map(); // one secret for each number, until its code has been given

async function post(base, path, body, access) {
  const headers = { "Content-Type": "application/json", ...(access && { Authorization: `Bearer ${access}` }) };
  const answer = await fetch(`${base}/api/auth/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const read = answer.status === 204 ? null : await answer.json();
  if (answer.ok) return read;
  throw Object.assign(new Error(read.detail), read, { retryAfter: Number(answer.headers.get("Retry-After")) || null });
}

// Tells nobody whether the number is known. On 429 wait `retryAfter` seconds before you offer another code.
export function askForCode(base, phone, device) {
  if (!verifiers.has(phone)) verifiers.set(phone, crypto.randomUUID());
  return post(base, "phone/code/", { phone, verifier: verifiers.get(phone), ...(device && { device }) });
}

// -> {access, refresh, user, device}, as any log-in. `names` are for somebody new: {first_name, last_name}.
export async function giveCode(base, phone, code, names = {}) {
  const verifier = verifiers.get(phone);
  const signedIn = await post(base, "phone/login/", { phone, code, ...(verifier && { verifier }), ...names });
  verifiers.delete(phone);
  return signedIn;
}

// Lets the browser fill the code in when the SMS arrives (WebOTP: Chrome on Android). Others: autocomplete="one-time-code".
export async function codeFromSms(signal) {
  if (!("OTPCredential" in globalThis)) return null;
  const found = await navigator.credentials.get({ otp: { transport: ["sms"] }, signal });
  return found?.code ?? null;
}

export const verifyNumber = (base, access, phone) => post(base, "phone/verify/", { phone }, access);
export const confirmNumber = (base, access, code) => post(base, "phone/verify/confirm/", { code }, access);
export const addEmail = (base, access, email) => post(base, "email/", { email }, access); // a letter with a link
// endregion

// node docs/examples/phone.mjs http://127.0.0.1:8000 .nexus/sms 0911223344
if (globalThis.process?.argv[1] === (await import("node:url")).fileURLToPath(import.meta.url)) {
  const { readdir, readFile } = await import("node:fs/promises");
  const [base, folder, phone] = process.argv.slice(2);
  const before = new Set(await readdir(folder).catch(() => []));
  await askForCode(base, phone);
  let code = null;
  for (let tries = 0; !code && tries < 300; tries++) {
    await new Promise((done) => setTimeout(done, 100));
    for (const name of (await readdir(folder).catch(() => [])).filter((name) => !before.has(name) && name.endsWith(".json")))
      code ??= JSON.parse(await readFile(`${folder}/${name}`, "utf8")).text.match(/^(\d{6}) is your/)?.[1] ?? null;
  }
  const { access, user } = await giveCode(base, phone, code, { first_name: "Hana" });
  await addEmail(base, access, `hana.${Date.now()}@buyers.shop`);
  console.log(JSON.stringify(user));
}
