/**
 * The shape of an access key, as apps/access/rules/keys.py explains it: the same sums, in the browser,
 * so that a mistyped key is noticed before any request.
 */
const ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
const MODULUS = ALPHABET.length;
const GROUPS = ["first", "second", "third", "fourth"];
const GROUP_SIZE = 4;
const LENGTH = GROUPS.length * GROUP_SIZE;
const SEPARATORS = /[\s\-_.·\u00ad\u2010-\u2015\u2212\u200b-\u200f\u2060\ufeff]+/;

/** The typed parts between separators, in capitals; look-alikes are not guessed. */
function parts(text) {
  const narrow = text.normalize("NFKC").replace(/[a-z]/g, (letter) => letter.toUpperCase());
  return narrow.split(SEPARATORS).filter((part) => part !== "");
}

/** Symbols as people count them: some take two places in a JavaScript string. */
function inFours(symbols) {
  const all = [...symbols];
  const groups = [];
  for (let start = 0; start < all.length; start += GROUP_SIZE) groups.push(all.slice(start, start + GROUP_SIZE).join(""));
  return groups;
}

const size = (text) => [...text].length;

/** What was typed as the slip shows it, or as it is if that is no sixteen symbols. */
export function printed(text) {
  const symbols = parts(text).join("");
  return size(symbols) === LENGTH ? inFours(symbols).join("-") : text;
}

/** `{ group, sentence }`: what is wrong and in which group (1 to 4, or null); null if it may be a key. */
export function findMistake(text) {
  const typed = parts(text);
  const symbols = typed.join("");
  const groups = typed.length === GROUPS.length ? typed : inFours(symbols);
  const impossible = groups.slice(0, GROUPS.length).findIndex((group) => [...group].some((one) => !ALPHABET.includes(one)));
  if (impossible >= 0) return inGroup(impossible + 1, " A key has no 0, O, 1, I or L.");
  if (size(symbols) !== LENGTH) return wrongLength(typed, size(symbols));
  const [a, b] = checksums(symbols);
  if (a === 0 && b === 0) return null;
  const suspect = GROUPS.findIndex((_, index) => a !== 0 && ((index + 1) * a) % MODULUS === b) + 1;
  return suspect ? inGroup(suspect) : { group: null, sentence: "This is not right yet. Compare every group with your slip." };
}

function wrongLength(typed, count) {
  const odd = typed.filter((part) => size(part) !== GROUP_SIZE);
  if (typed.length === GROUPS.length && odd.length === 1) return inGroup(typed.indexOf(odd[0]) + 1);
  return { group: null, sentence: `A key has ${LENGTH} symbols in four groups of four. You typed ${count}.` };
}

function inGroup(number, more = "") {
  return { group: number, sentence: `Check the ${GROUPS[number - 1]} group of four.${more}` };
}

function checksums(symbols) {
  let [a, b] = [0, 0];
  inFours(symbols).forEach((group, index) => {
    const sum = [...group].reduce((total, one, place) => total + (place + 1) * ALPHABET.indexOf(one), 0);
    a += sum;
    b += (index + 1) * sum;
  });
  return [a % MODULUS, b % MODULUS];
}
