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
 * Entries are found by a number made of the end of the text, a signature or tag, and then compared in full: a key that
 * is cut or hashed must never be what decides. Of two texts with the same number the later one is remembered.
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
    young.set(tailOf(text), entry);
    characters += text.length;
  }

  return {
    get(text) {
      const tail = tailOf(text);
      const entry = young.get(tail);
      if (entry?.text === text) return entry;
      const aged = old.get(tail);
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

/** 30 bits of the end of a signature, all but its last character, of which some algorithms fill two bits only. */
function tailOf(text: string): number {
  let tail = 0;
  for (let at = text.length - 9; at < text.length - 1; at++) tail = (tail * 31 + text.charCodeAt(at)) | 0;
  return tail & 0x3fff_ffff;
}
