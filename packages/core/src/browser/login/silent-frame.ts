import { TransportError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { isRedirectUri, readRedirectResponse } from '../../protocol/login/redirect-uri.ts';

/** The name of the hidden frame. A page in this frame does not start a login. */
const frameName = 'countersign silent login';

/**
 * Whether this page is in the hidden frame. Any site can choose the name of a window or frame in which it opens the
 * application, so the parent must be a page of this origin too.
 */
export function isSilentFrame(): boolean {
  if (window.name !== frameName || window.parent === window) return false;
  try {
    return window.parent.location.origin === location.origin;
  } catch {
    return false;
  }
}

/** Milliseconds for which the frame may show a page of the provider. With `prompt=none`, it must redirect immediately. */
const providerPageTimeout = 3_000;

/**
 * Opens a URL in a hidden frame and waits for the redirect to `returnUri`. The response is read from the address of the
 * frame, which the browser reveals only for a page of this origin. No messages are used, so none can be forged.
 *
 * @param timeout milliseconds
 * @returns the query of the response, or `undefined` if the provider showed a page
 * @throws TransportError `timeout`
 */
export function openSilentFrame(
  url: URL,
  returnUri: string,
  timeout: number,
): Promise<URLSearchParams | undefined> {
  const frame = document.createElement('iframe');
  frame.name = frameName;
  frame.hidden = true;
  frame.title = 'Sign-in check';
  let timers: ReturnType<typeof setTimeout>[] = [];
  return new Promise<URLSearchParams | undefined>((resolve, reject) => {
    const createError = () =>
      new TransportError(
        'timeout',
        isDevelopment ? `The silent login did not finish within ${timeout} milliseconds.` : '',
      );
    timers = [setTimeout(() => reject(createError()), timeout)];
    frame.addEventListener('load', () => {
      const address = readFrameAddress(frame);
      if (address && isRedirectUri(address, returnUri)) {
        resolve(readRedirectResponse(address, returnUri) ?? new URL(address).searchParams);
      } else if (address !== 'about:blank') {
        timers.push(setTimeout(resolve, providerPageTimeout, undefined));
      }
    });
    frame.src = url.href;
    document.body.append(frame);
  }).finally(() => {
    timers.forEach(clearTimeout);
    frame.remove();
  });
}

/** Returns `undefined` while the frame shows a page of another origin. */
function readFrameAddress(frame: HTMLIFrameElement): string | undefined {
  try {
    return (frame.contentWindow as Window).location.href;
  } catch {
    return undefined;
  }
}
