import { TransportError } from '../../errors.ts';

/** Name of the hidden frame; a page that finds itself in it does not start a login of its own. */
export const frameName = 'countersign silent login';

/** Milliseconds that a page of the provider may stand in the frame: with `prompt=none` it must send us back at once. */
const patience = 3_000;

/**
 * Opens a URL in a hidden frame and waits until it has come back to `returnUri`. The answer is read from the frame's
 * own address, which the browser gives out only when the frame shows a page of this very origin. No message is ever
 * listened to, so none can be forged.
 *
 * @returns the query of the answer, or `undefined` when the provider showed a page instead
 * @throws TransportError `timeout`
 */
export function runInFrame(
  url: URL,
  returnUri: string,
  timeout: number,
): Promise<URLSearchParams | undefined> {
  const expected = new URL(returnUri);
  const frame = document.createElement('iframe');
  frame.name = frameName;
  frame.hidden = true;
  frame.title = 'Sign-in check';
  let timers: ReturnType<typeof setTimeout>[] = [];
  return new Promise<URLSearchParams | undefined>((resolve, reject) => {
    timers = [setTimeout(() => reject(new TransportError('timeout', 'The login took too long.')), timeout)];
    frame.addEventListener('load', () => {
      const address = addressOf(frame);
      if (address?.origin === expected.origin && address.pathname === expected.pathname) {
        resolve(address.searchParams);
      } else if (address?.href !== 'about:blank') {
        timers.push(setTimeout(resolve, patience, undefined));
      }
    });
    frame.src = url.href;
    document.body.append(frame);
  }).finally(() => {
    timers.forEach(clearTimeout);
    frame.remove();
  });
}

/** `undefined` while the frame shows a page of another origin. */
function addressOf(frame: HTMLIFrameElement): URL | undefined {
  try {
    return new URL((frame.contentWindow as Window).location.href);
  } catch {
    return undefined;
  }
}
