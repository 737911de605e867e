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
 * is read. In a frame of another site, the channel does not reach this page, because browsers partition it by the site of the
 * tab.
 *
 * @returns the address
 * @throws LoginRequiredError `popup_closed`
 * @see https://developer.mozilla.org/en-US/docs/Web/Privacy/Guides/State_Partitioning
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
      const messages = new BroadcastChannel(channelName);
      channel = messages;
      messages.onmessage = ({ data }) => {
        if (!isResponse(data)) return;
        // This page cannot close a window that a page has separated.
        messages.postMessage('received');
        resolve(data);
      };
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

/** Browsers separate the channels of a frame in another site from those of the window. */
const frameAdvice = isDevelopment
  ? ' If its own page has closed it: in a frame of another site, neither the pages of the provider nor the page of popupRedirectUri may send Cross-Origin-Opener-Policy, and that page must wait a second before it closes the window.'
  : '';

const createClosedError = () =>
  new LoginRequiredError(
    'popup_closed',
    isDevelopment
      ? `The window of the login was closed before the login was complete. Offer the login again.${window.top === window ? '' : frameAdvice}`
      : '',
  );
