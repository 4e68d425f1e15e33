/**
 * One batch, one request, one plain word for what came of it.
 *
 * @typedef {"kept"|"closed"|"signed-out"|"invalid"|"busy"|"lost"} Outcome
 */
const TIME_OUT = 15_000;

/**
 * @param {{url: string, token: string}} door
 * @param {{device: string, notices: number, edits: object[]}} batch
 * @returns {Promise<{outcome: Outcome, body: any, wait: number}>} `wait`: milliseconds the server asks for
 */
export async function postBatch({ url, token }, batch, { keepalive = false } = {}) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIME_OUT);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify(batch),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: abort.signal,
      keepalive,
    });
    const body = await response.json().catch(() => null);
    return { outcome: outcomeOf(response.status, body), body, wait: waitAskedFor(response) };
  } catch {
    return { outcome: "lost", body: null, wait: 0 };
  } finally {
    clearTimeout(timer);
  }
}

/** A network's own log-in page may answer anything with 200: only our own body counts. */
function outcomeOf(status, body) {
  if (status === 200 && Array.isArray(body?.edits)) return "kept";
  if (status === 403 && body?.code === "paper_closed") return "closed";
  if (status === 401) return "signed-out";
  if (status === 400 && body?.code === "invalid_batch") return "invalid";
  if (status === 429 || status >= 500) return "busy";
  return "lost";
}

function waitAskedFor(response) {
  const asked = response.headers.get("Retry-After");
  if (!asked) return 0;
  const seconds = /^\d+$/.test(asked) ? Number(asked) : (Date.parse(asked) - Date.now()) / 1000;
  return Math.max(0, Math.min(seconds || 0, 300)) * 1000;
}

/** Full jitter: anything up to 1 s, 2 s, 4 s ... 30 s, so that a whole school does not come back at once. */
export function backOff(failures) {
  return Math.random() * Math.min(30_000, 1000 * 2 ** (failures - 1));
}
