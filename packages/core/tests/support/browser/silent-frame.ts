import { vi } from 'vitest';

/** Stubs the frame of silent logins: `respond` receives the URL of the frame and returns its final URL. */
export function stubSilentFrame(respond: (url: string) => string): void {
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
  vi.stubGlobal('document', { createElement, body: { append } });
}
