/**
 * Seals the journal with AES-GCM under a key that the server makes for each submission, so that the
 * next person at a shared computer finds no readable answer in the browser's storage.
 *
 * Browsers offer this cipher only on https and on localhost. On plain http there is no vault and the
 * journal is readable on the device: losing an answer would be worse, and the page says so.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param {string} keyText 32 bytes in base64url; @returns {Promise<CryptoKey|null>} */
export async function importKey(keyText) {
  if (!globalThis.crypto?.subtle) return null;
  const raw = Uint8Array.from(atob(keyText.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** @param {CryptoKey} key @param {string} owner what the sealed text belongs to; checked on opening */
export async function seal(key, owner, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const options = { name: "AES-GCM", iv, additionalData: encoder.encode(owner) };
  const sealed = await crypto.subtle.encrypt(options, key, encoder.encode(JSON.stringify(value)));
  return { iv, sealed };
}

/** @returns {Promise<any|null>} null where the key does not fit */
export async function unseal(key, owner, { iv, sealed }) {
  const options = { name: "AES-GCM", iv, additionalData: encoder.encode(owner) };
  try {
    return JSON.parse(decoder.decode(await crypto.subtle.decrypt(options, key, sealed)));
  } catch {
    return null;
  }
}
