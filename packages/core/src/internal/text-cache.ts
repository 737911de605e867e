/** A cache of values, by the text that they were created from. */
export interface TextCache<T extends { readonly text: string }> {
  get(text: string): T | undefined;
  set(entry: T): void;
  readonly size: number;
}

/**
 * Creates a cache with two generations. When the young generation is full, it becomes the old one. A hit in the old
 * generation moves the entry to the young one. The cache is limited in entries and characters, without work on each hit.
 *
 * Entries are found by a hash of a part of the text, and then compared in full, because two texts may have the same hash.
 * In that case the later entry replaces the earlier one.
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
      const oldEntry = old.get(hash);
      if (oldEntry?.text !== text) return undefined;
      set(oldEntry);
      return oldEntry;
    },
    set,
    get size() {
      return young.size + old.size;
    },
  };
}

/** Count of hashed characters from the middle of a text. */
const spread = 32;
/** Count of hashed characters from each end of a text. */
const edge = 8;

/**
 * Calculates a hash of 30 bits from the length, the last characters, and, of a text that is not a JWS, the first characters
 * and characters at equal distances between them. The signature of a JWS differs at its end, but opaque tokens may differ
 * anywhere. The last character is excluded, because some signature algorithms use only two of its bits.
 */
function hashText(text: string): number {
  const { length } = text;
  let hash = length;
  for (let at = Math.max(length - edge - 1, 0); at < length - 1; at++) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  }
  // The first characters of each JOSE header, `{"`.
  if (text.charCodeAt(0) === 0x65 && text.charCodeAt(1) === 0x79) return hash & 0x3fff_ffff;
  const distance = length < 2 * spread ? 1 : Math.floor(length / spread);
  const end = Math.min(edge, length);
  for (let at = 0; at < end; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  for (let at = end; at < length; at += distance) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash & 0x3fff_ffff;
}
