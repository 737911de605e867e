/** Values by the texts that they were made from. */
export interface TextCache<T extends { readonly text: string }> {
  get(text: string): T | undefined;
  set(entry: T): void;
  readonly size: number;
}

/**
 * What was found out about texts that are known to be good, in two generations: when the young one is full it becomes
 * the old one, and what is asked for again moves up. Bounded in entries and in characters, without bookkeeping on a hit.
 *
 * Entries are found by a hash of a part of the text, and then compared in full: a key that is cut or hashed must never
 * be what decides. Of two texts with the same hash the later one is remembered.
 */
export function createTextCache<T extends { readonly text: string }>(limits: {
  readonly maxEntries: number;
  readonly maxCharacters: number;
}): TextCache<T> {
  const entriesPerGeneration = Math.ceil(limits.maxEntries / 2);
  const charactersPerGeneration = Math.ceil(limits.maxCharacters / 2);
  let young = new Map<number, T>();
  let old = new Map<number, T>();
  let characters = 0;

  function set(entry: T): void {
    const { text } = entry;
    if (entriesPerGeneration === 0 || text.length > charactersPerGeneration) return;
    if (young.size >= entriesPerGeneration || characters + text.length > charactersPerGeneration) {
      old = young;
      young = new Map();
      characters = 0;
    }
    young.set(hashText(text), entry);
    characters += text.length;
  }

  return {
    get(text) {
      const hash = hashText(text);
      const entry = young.get(hash);
      if (entry?.text === text) return entry;
      const aged = old.get(hash);
      if (aged === undefined || aged.text !== text) return undefined;
      set(aged);
      return aged;
    },
    set,
    get size() {
      return young.size + old.size;
    },
  };
}

/** Characters that are taken from the whole of a text, and from each of its ends. */
const [spread, edge] = [32, 8];

/**
 * 30 bits of a text: its length, its first and last characters, and characters at equal distances between. A short text
 * is taken as a whole. Signatures differ at their ends, but opaque tokens may have one beginning and one ending, with
 * what differs anywhere between. The very last character is left out of the end, since some signature algorithms use
 * only two of its bits.
 */
function hashText(text: string): number {
  const { length } = text;
  const distance = length < 2 * spread ? 1 : Math.floor(length / spread);
  let hash = length;
  const end = Math.min(edge, length);
  for (let at = 0; at < end; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  for (let at = end; at < length; at += distance) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  for (let at = Math.max(length - edge - 1, 0); at < length - 1; at++) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  }
  return hash & 0x3fff_ffff;
}
