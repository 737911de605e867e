import type { Scheduler } from '../../simulation/scheduler.ts';

interface FrameElement {
  src: string;
  readonly contentWindow: { readonly location: { href: string } };
  load(): void;
}

/**
 * Creates the `document` of a page, which opens hidden frames.
 *
 * @param respond returns the address to which the provider redirects a frame; `undefined` if its response is lost
 */
export function createDocument(scheduler: Scheduler, respond: (url: string) => string | undefined): object {
  async function open(frame: FrameElement): Promise<void> {
    const address = await scheduler.step('the request of a hidden frame arrives', () => respond(frame.src));
    if (address === undefined) return scheduler.note('(its response is lost)');
    await scheduler.step('a hidden frame is redirected', () => {});
    frame.contentWindow.location.href = address;
    frame.load();
  }
  return {
    createElement: () => {
      const frame = {
        src: '',
        contentWindow: { location: { href: 'about:blank' } },
        load: () => {},
        addEventListener: (_: string, listener: () => void) => {
          frame.load = listener;
        },
        remove: () => {},
      };
      return frame;
    },
    body: { append: (frame: FrameElement) => void open(frame) },
  };
}
