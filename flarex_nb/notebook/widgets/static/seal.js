/**
 * Seals one value to the kernel's one-use public key, in the browser, with nothing but WebCrypto.
 *
 * HPKE base mode of RFC 9180: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, one message. Nothing here touches
 * the page, the network or the widget's model.
 */

const KEM_P256 = 0x0010;
const KDF_HKDF_SHA256 = 0x0001;
const AEAD_AES_256_GCM = 0x0002;
const PAD = 256; // the sealed text's length tells the value's only to the next multiple of this

const utf8 = (text) => new TextEncoder().encode(text);
const uint16 = (number) => Uint8Array.of(number >> 8, number & 0xff);
const NOTHING = new Uint8Array(0);
const VERSION = utf8("HPKE-v1");
const KEM_SUITE = join(utf8("KEM"), uint16(KEM_P256));
const HPKE_SUITE = join(utf8("HPKE"), uint16(KEM_P256), uint16(KDF_HKDF_SHA256), uint16(AEAD_AES_256_GCM));

/** Returns the parts as one array of bytes. */
function join(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Returns HMAC-SHA256; an empty key stands for 32 zero bytes (RFC 5869 2.2), which WebCrypto will not import. */
async function hmac(key, message) {
  const raw = key.length ? key : new Uint8Array(32);
  const imported = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

/** LabeledExtract of RFC 9180 4. */
const extract = (suite, salt, label, material) => hmac(salt, join(VERSION, suite, utf8(label), material));

/** LabeledExpand of RFC 9180 4, for at most 32 bytes: one block of HKDF-Expand. */
async function expand(suite, key, label, info, length) {
  const block = await hmac(key, join(uint16(length), VERSION, suite, utf8(label), info, Uint8Array.of(1)));
  return block.slice(0, length);
}

/** Encap of RFC 9180 4.1: {shared, enc}, a fresh secret and what the kernel needs to find it again. */
async function encapsulate(publicKey) {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const theirs = await crypto.subtle.importKey("raw", publicKey, curve, false, []);
  const ours = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const enc = new Uint8Array(await crypto.subtle.exportKey("raw", ours.publicKey));
  const agreed = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, ours.privateKey, 256);
  const key = await extract(KEM_SUITE, NOTHING, "eae_prk", new Uint8Array(agreed));
  return { enc, shared: await expand(KEM_SUITE, key, "shared_secret", join(enc, publicKey), 32) };
}

/** KeySchedule of RFC 9180 5.1 in base mode: {key, nonce} of the one message. */
async function schedule(shared, info) {
  const context = join(
    Uint8Array.of(0),
    await extract(HPKE_SUITE, NOTHING, "psk_id_hash", NOTHING),
    await extract(HPKE_SUITE, NOTHING, "info_hash", info),
  );
  const secret = await extract(HPKE_SUITE, shared, "secret", NOTHING);
  return {
    key: await expand(HPKE_SUITE, secret, "key", context, 32),
    nonce: await expand(HPKE_SUITE, secret, "base_nonce", context, 12),
  };
}

/** Returns enc||ct: `plain` sealed to the raw P-256 point `publicKey`, openable only with the same `info`. */
export async function seal(publicKey, info, plain) {
  const { enc, shared } = await encapsulate(publicKey);
  const { key, nonce } = await schedule(shared, info);
  const cipher = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  return join(enc, new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, cipher, plain)));
}

/** Returns the bytes both sides bind a value to: "flarex/1", then each part behind its length in two bytes. */
export function entryInfo({ panel, name, env, hosts, nonce }) {
  const parts = [panel, name, env, hosts.join(","), nonce].map(utf8);
  return join(utf8("flarex/1"), ...parts.flatMap((part) => [uint16(part.length), part]));
}

/** Returns {value} as JSON, filled with blanks to a round length so that the sealed text does not tell the value's. */
export function padded(value) {
  const json = utf8(JSON.stringify({ value }));
  const filled = new Uint8Array(Math.ceil(json.length / PAD) * PAD).fill(0x20);
  filled.set(json);
  return filled;
}

export const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
export const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** Returns whether this page may encrypt at all: browsers offer crypto.subtle in secure contexts only. */
export const canSeal = () => Boolean(globalThis.crypto?.subtle);
