/** A browser that breaks one guarantee. The model must find each of them. */
export const tabDefects = [
  /** Two tabs hold one lock. */
  'lock of tabs',
  /** Another tab can write between the read and the write of an update. */
  'storage of tabs',
  /** The other tabs receive no message of a logout. */
  'messages of tabs',
] as const;

export type TabDefect = (typeof tabDefects)[number];
