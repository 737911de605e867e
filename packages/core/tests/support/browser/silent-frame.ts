import { vi } from 'vitest';

/** Stubs the frame of silent logins: `respond` receives the URL of the frame and returns its final URL. */
export function stubSilentFrame(respond: (url: string) => string): void {
  vi.stubGlobal('document', createFrameDocument(respond));
}

/** Creates a document with the frame of silent logins. */
export function createFrameDocument(respond: (url: string) => string) {
  const createElement = () => {
    const frame = {
      src: '',
      load: () => {},
      addEventListener: (_: string, load: () => void) => {
        frame.load = load;
      },
      remove: () => {},
      contentWindow: { location: { href: '' } },
    };
    return frame;
  };
  const append = (frame: ReturnType<typeof createElement>) => {
    frame.contentWindow.location.href = respond(frame.src);
    queueMicrotask(() => frame.load());
  };
  return { createElement, body: { append } };
}
