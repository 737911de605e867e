/** A browser that breaks one guarantee. The model must find each of them. */
export const tabDefects = [
  /** Two tabs hold one lock. */
  'lock of tabs',
  /** Another tab can write between the read and the write of an update. */
  'storage of tabs',
  /** The other tabs learn of no logout, by a message or by the record in `localStorage`. One of them is sufficient. */
  'logouts of tabs',
] as const;

export type TabDefect = (typeof tabDefects)[number];
