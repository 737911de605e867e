import { LoginRequiredError } from '../../errors.ts';
import { isDevelopment } from '../../internal/development.ts';
import { isRedirectUri } from '../../protocol/login/redirect-uri.ts';

/** The channel to which the page of the window sends its address. */
const channelName = 'countersign popup';

/** Milliseconds between two checks of the window. */
const pollInterval = 200;

/** Checks after the window was closed, during which a message of its page may still arrive. */
const closedLooks = 5;

interface PopupLogin {
  readonly redirectUri: string;
  readonly state: string;
  /** Aborts the login. */
  readonly signal: AbortSignal;
}

/**
 * Waits until a window shows the redirect URI with the state of the login. The address is read from the window, which the
 * browser reveals only for a page of this origin, or received through a channel of this origin. No message of another origin
 * is read.
 *
 * @returns the address
 * @throws LoginRequiredError `popup_closed`
 */
export function waitForPopup(popup: Window, { redirectUri, state, signal }: PopupLogin): Promise<string> {
  let timer: ReturnType<typeof setInterval> | undefined;
  let channel: BroadcastChannel | undefined;
  let looksAfterClose = 0;
  const isResponse = (address: unknown): address is string =>
    typeof address === 'string' &&
    isRedirectUri(address, redirectUri) &&
    new URL(address).searchParams.get('state') === state;
  return new Promise<string>((resolve, reject) => {
    const accept = (address: unknown) => {
      if (isResponse(address)) resolve(address);
    };
    const fail = () => reject(createClosedError());
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail);
    try {
      channel = new BroadcastChannel(channelName);
      channel.onmessage = ({ data }) => accept(data);
    } catch {
      // The address of the window is enough, unless a page separates the window.
    }
    timer = setInterval(() => {
      accept(readPopupAddress(popup));
      // A window that a page has separated counts as closed while the user works in it: this page then has no focus.
      looksAfterClose = popup.closed && document.hasFocus() ? looksAfterClose + 1 : 0;
      if (looksAfterClose >= closedLooks) fail();
    }, pollInterval);
  }).finally(() => {
    clearInterval(timer);
    channel?.close();
  });
}

/** Returns `undefined` while the window shows a page of another origin. */
function readPopupAddress(popup: Window): string | undefined {
  try {
    return popup.location.href;
  } catch {
    return undefined;
  }
}

const createClosedError = () =>
  new LoginRequiredError(
    'popup_closed',
    isDevelopment
      ? 'The window of the login was closed before the login was complete. Offer the login again.'
      : '',
  );
