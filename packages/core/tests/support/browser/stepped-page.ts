import { vi } from 'vitest';
import type { Scheduler } from '../scheduler.ts';

/**
 * Replaces the globals of the page. Frames, locks of workers and messages between tabs are scheduler steps.
 *
 * @param approve returns the address to which the provider redirects a hidden frame
 */
export function showSteppedPage(
  scheduler: Scheduler,
  { origin, approve }: { readonly origin: string; readonly approve: (url: string) => string },
): void {
  const stored = new Map<string, string>();
  vi.stubGlobal('window', { name: '' });
  vi.stubGlobal('location', new URL(`${origin}/`));
  vi.stubGlobal('history', { state: null, replaceState: () => {} });
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => void stored.set(name, value),
    removeItem: (name: string) => void stored.delete(name),
  });
  vi.stubGlobal('document', createDocument(scheduler, { origin, approve }));
  vi.stubGlobal('navigator', { locks: createWorkerLocks(scheduler) });
  vi.stubGlobal('BroadcastChannel', createChannelClass(scheduler));
}

interface Frame {
  readonly src: string;
  readonly contentWindow: { readonly location: { href: string } };
  load(): void;
}

function createDocument(
  scheduler: Scheduler,
  { origin, approve }: { readonly origin: string; readonly approve: (url: string) => string },
) {
  return {
    baseURI: `${origin}/`,
    createElement: () => {
      const frame = {
        src: '',
        contentWindow: { location: { href: 'about:blank' } },
        load: () => {},
        addEventListener: (_: string, load: () => void) => {
          frame.load = load;
        },
        remove: () => {},
      };
      return frame;
    },
    body: {
      append: (frame: Frame) =>
        void scheduler.step('response of the silent login', () => {
          frame.contentWindow.location.href = approve(frame.src);
          frame.load();
        }),
    },
  };
}

/** Creates the locks that workers hold while they exist. No worker ends, so a second request is never granted. */
function createWorkerLocks(scheduler: Scheduler) {
  const held = new Set<string>();
  return {
    request: (name: string, run: () => unknown) =>
      scheduler.step('the lock of a worker is requested', () => {
        if (held.has(name)) return new Promise<never>(() => {});
        held.add(name);
        return run();
      }),
  };
}

/** Delivers the messages to each tab in order. */
function createChannelClass(scheduler: Scheduler) {
  const channels = new Set<Channel>();
  class Channel {
    readonly name: string;
    onmessage?: (event: { data: unknown }) => void;
    readonly waiting: unknown[] = [];
    constructor(name: string) {
      this.name = name;
      channels.add(this);
    }
    postMessage(data: unknown) {
      for (const other of channels) {
        if (other === this || other.name !== this.name) continue;
        other.waiting.push(data);
        void scheduler.step(`a tab receives ${(data as { type: string }).type}`, () =>
          other.onmessage?.({ data: other.waiting.shift() }),
        );
      }
    }
    close() {
      channels.delete(this);
    }
  }
  return Channel;
}
