import { TransportError } from '../../../errors.ts';
import { isDevelopment } from '../../../internal/development.ts';
import { isRedirectUri, readRedirectResponse } from '../../../protocol/login/redirect-uri.ts';
import { type PolicyWatch, watchPolicy } from '../../wire/describe-failed-request.ts';

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
  const address = `${url.origin}${url.pathname}`;
  const watch = isDevelopment ? watchPolicy(url.href) : undefined;
  let timers: ReturnType<typeof setTimeout>[] = [];
  return new Promise<URLSearchParams | undefined>((resolve, reject) => {
    const createError = () =>
      new TransportError(
        'timeout',
        isDevelopment
          ? `The silent login at ${address} did not return to ${returnUri} within ${timeout} milliseconds. Check that the provider responds, and that ${returnUri} is an empty page of this origin; or raise the option "timeout".`
          : '',
      );
    timers = [setTimeout(() => reject(createError()), timeout)];
    frame.addEventListener('load', () => {
      const shownAddress = readFrameAddress(frame);
      if (shownAddress && isRedirectUri(shownAddress, returnUri)) {
        resolve(readRedirectResponse(shownAddress, returnUri) ?? new URL(shownAddress).searchParams);
      } else if (shownAddress !== 'about:blank') {
        const finish = () => {
          if (isDevelopment && watch) void reportBlockedFrame(address, { returnUri, watch });
          resolve(undefined);
        };
        timers.push(setTimeout(finish, providerPageTimeout));
      }
    });
    frame.src = url.href;
    document.body.append(frame);
  }).finally(() => {
    timers.forEach(clearTimeout);
    watch?.stop();
    frame.remove();
  });
}

/** With `prompt=none`, a provider shows no page. The user then appears signed out, so that the developer needs the reason. */
async function reportBlockedFrame(
  address: string,
  { returnUri, watch }: { readonly returnUri: string; readonly watch: PolicyWatch },
): Promise<void> {
  const { origin } = new URL(address);
  const directive = await watch.findDirective();
  console.warn(
    directive === undefined
      ? `Countersign: the silent login at ${address} did not return to ${returnUri}, so the user counts as signed out. The provider may forbid frames (X-Frame-Options, or frame-ancestors of its Content-Security-Policy): allow ${location.origin} there. Or it shows an error page: register ${returnUri} as a redirect URI.`
      : `Countersign: the silent login at ${address} was blocked by the directive ${directive} of the Content-Security-Policy of the page, so the user counts as signed out. Add ${origin} to ${directive}.`,
  );
}

/** Returns `undefined` while the frame shows a page of another origin. */
function readFrameAddress(frame: HTMLIFrameElement): string | undefined {
  try {
    return (frame.contentWindow as Window).location.href;
  } catch {
    return undefined;
  }
}
