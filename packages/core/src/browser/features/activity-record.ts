/** Milliseconds between two writes. */
const writeInterval = 1_000;

/** The time of the last activity in all tabs of this origin. */
export interface ActivityRecord {
  /** Milliseconds since the epoch. 0 if it is unknown, or the login has ended. */
  read(): number;
  /** False if no tab has recorded activity. */
  isKnown(): boolean;
  /** Records activity now. */
  record(): void;
  /** Records the end. @returns false if another tab has recorded it before */
  end(): boolean;
}

/**
 * Uses `localStorage`, or memory where the browser denies it: each tab then has its own time.
 *
 * @param name the name of the stored item
 */
export function createActivityRecord(name: string, now: () => number): ActivityRecord {
  const endedMark = 'ended';
  let memory: string | undefined;
  let writtenAt = Number.NEGATIVE_INFINITY;

  function readItem(): string | undefined {
    try {
      return localStorage.getItem(name) ?? undefined;
    } catch {
      return memory;
    }
  }

  function writeItem(value: string): void {
    memory = value;
    try {
      localStorage.setItem(name, value);
    } catch {
      // This tab has its own time.
    }
  }

  return {
    read() {
      const time = Number(readItem());
      // A time in the future: the clock was set back since. The time without activity begins now.
      if (time > now()) writeItem(String(now()));
      return Number.isFinite(time) ? Math.min(time, now()) : 0;
    },
    isKnown: () => readItem() !== undefined,
    record() {
      const time = now();
      const isRecent = Math.abs(time - writtenAt) < writeInterval && readItem() !== endedMark;
      if (isRecent) return;
      writtenAt = time;
      writeItem(String(time));
    },
    end() {
      if (readItem() === endedMark) return false;
      writtenAt = Number.NEGATIVE_INFINITY;
      writeItem(endedMark);
      return true;
    },
  };
}
