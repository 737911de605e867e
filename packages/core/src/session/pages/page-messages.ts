import { nameForeignError } from '../../errors.ts';
import { writeLine } from '../../internal/console-lines.ts';
import { discardPromise, isTextObject } from './text-values.ts';

/** The pages of the routes. A text can be replaced for each of them. */
export type PageName =
  /** The user or the provider denied the login. */
  | 'denied'
  /** The provider is temporarily unavailable. */
  | 'unavailable'
  /** The session store is temporarily unavailable. */
  | 'storeUnavailable'
  /** The login was started in another browser, was used already, or has expired. */
  | 'loginExpired'
  /** The browser did not send the session cookie after two logins. */
  | 'cookieMissing'
  /** A response of the provider failed its validation. */
  | 'loginRejected'
  /** The login has ended, for example because the provider logged the user out during it. */
  | 'loginEnded'
  /** The provider returned an error that the user cannot remedy. */
  | 'providerRejected'
  /** An option is missing or wrong. */
  | 'notConfigured'
  /** An error that is not of this library. */
  | 'unexpected'
  /** Asks before a logout that was requested by a link. */
  | 'logoutQuestion'
  /** A logout that another site requested. */
  | 'logoutRejected'
  /** The user is logged out in this browser. A session could not be ended: no store, or too many copies of its cookie. */
  | 'logoutIncomplete'
  /** The user is logged out here. The provider has no logout, or cannot be reached. */
  | 'providerStaysSignedIn';

/** Title and text of a page, as plain text. */
export interface PageText {
  readonly title: string;
  /** `{provider}` is replaced by the host of the provider. */
  readonly text: string;
}

/** The texts of links and buttons. */
export interface PageLabels {
  readonly tryAgain: string;
  readonly back: string;
  readonly logOut: string;
  readonly stay: string;
  readonly continue: string;
}

/** Texts of the built-in pages in one language. English texts replace those that are missing. */
export interface PageMessages {
  /** Language of the texts (BCP 47), for the page's `lang`. Default: the key in a record, otherwise `en`. */
  readonly language?: string;
  /** Direction of the text. Default: `ltr`. */
  readonly direction?: 'ltr' | 'rtl';
  readonly pages?: Partial<Readonly<Record<PageName, PageText>>>;
  readonly labels?: Partial<PageLabels>;
}

/**
 * Texts by language tag, chosen by `Accept-Language`; or a function that chooses by the request. `undefined` means English.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4647#section-3.4
 */
export type PageMessagesOption =
  | Readonly<Record<string, PageMessages>>
  | ((request: Request) => PageMessages | undefined);

/** The texts of one response. */
export interface ResolvedMessages {
  readonly language: string;
  readonly direction: 'ltr' | 'rtl';
  readonly labels: PageLabels;
  getPage(name: PageName): PageText;
}

const english: { readonly pages: Readonly<Record<PageName, PageText>>; readonly labels: PageLabels } = {
  pages: {
    denied: {
      title: 'Not logged in',
      text: 'The login was cancelled, or access was not granted. If your account is new, confirm your email address first.',
    },
    unavailable: { title: 'Please try again', text: 'The login service is temporarily unavailable.' },
    storeUnavailable: { title: 'Please try again', text: 'The session store is temporarily unavailable.' },
    loginExpired: {
      title: 'This login cannot be completed',
      text: 'It was started in another browser, has been used already, or has expired. Nothing was changed.',
    },
    cookieMissing: {
      title: 'You could not be signed in',
      text: 'The login succeeded, but this browser did not send the session cookie back. Allow cookies for this site, or delete its cookies, and try again. If this happens again, please contact the operator of this site.',
    },
    loginRejected: {
      title: 'This login was rejected',
      text: 'The response of the login service failed a security check. Nothing was changed.',
    },
    loginEnded: {
      title: 'Please log in again',
      text: 'The login has ended, for example because the login service logged you out.',
    },
    providerRejected: { title: 'Not logged in', text: 'The login service rejected this login.' },
    notConfigured: {
      title: 'Login is not available',
      text: 'This site is not configured correctly. Please contact its operator.',
    },
    unexpected: {
      title: 'Something went wrong',
      text: 'The request failed. If this happens again, please contact the operator of this site.',
    },
    logoutQuestion: { title: 'Log out?', text: 'You will have to log in again to see your data.' },
    logoutRejected: {
      title: 'Not logged out',
      text: 'The request came from another site and was ignored.',
    },
    logoutIncomplete: {
      title: 'Logout is not complete',
      text: 'You are logged out in this browser, but a session could not be ended on the server. Either the session store is temporarily unavailable, and the server tries again, or this browser sent too many session cookies.',
    },
    providerStaysSignedIn: {
      title: 'You are logged out here',
      text: 'You are still signed in at {provider}. On a shared device, log out there too: otherwise the next person can log in here as you.',
    },
  },
  labels: {
    tryAgain: 'Try again',
    back: 'Back',
    logOut: 'Log out',
    stay: 'Stay signed in',
    continue: 'Continue',
  },
};

/**
 * Finds the texts for a request. English texts replace those of a function that fails, and those with a wrong type. The
 * function must return the texts themselves: a promise counts as a failure.
 */
export function resolveMessages(option: PageMessagesOption | undefined, request: Request): ResolvedMessages {
  try {
    return readMessages(findMessages(option, request));
  } catch (error) {
    const text = `the function "messages" failed: ${nameForeignError(error)}`;
    writeLine('error', { kind: text, text });
    return readMessages({});
  }
}

/** Copies the texts, so that no later access runs code of the application. */
function readMessages(messages: PageMessages): ResolvedMessages {
  const { language, direction, labels, pages } = messages;
  const texts = new Map(Object.entries(readObject(pages)).map(([name, text]) => [name, pickTexts(text)]));
  return {
    language: isText(language) ? language : 'en',
    direction: isText(direction) ? direction : 'ltr',
    labels: { ...english.labels, ...pickTexts(labels) },
    getPage: (name) => ({ ...english.pages[name], ...texts.get(name) }),
  };
}

function findMessages(option: PageMessagesOption | undefined, request: Request): PageMessages {
  if (typeof option !== 'function')
    return findByLanguage(option ?? {}, request.headers.get('accept-language'));
  const messages: unknown = option(request) ?? {};
  if (discardPromise(messages)) throw new TypeError('The function returned a promise.');
  if (!isTextObject(messages)) throw new TypeError('The function returned no object.');
  return messages;
}

/** A text that is not a string is left out, and the English one is shown. */
const pickTexts = (texts: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(readObject(texts)).filter((entry): entry is [string, string] => isText(entry[1])),
  );

const readObject = (value: unknown): object => (!discardPromise(value) && isTextObject(value) ? value : {});

const isText = (value: unknown): value is string => !discardPromise(value) && typeof value === 'string';

/** Maximum characters of `Accept-Language` that are read. */
const maxHeader = 500;

function findByLanguage(
  available: Readonly<Record<string, PageMessages>>,
  header: string | null,
): PageMessages {
  const languages = Object.keys(available);
  for (const range of parseLanguages((header ?? '').slice(0, maxHeader))) {
    const language = findLanguage(languages, range);
    if (language !== undefined) return { language, ...available[language] };
    if (range === 'en' || range.startsWith('en-')) return {};
  }
  return {};
}

/** Returns the language ranges in the order of their weights (RFC 9110 section 12.5.4). */
function parseLanguages(header: string): readonly string[] {
  const ranges = header.split(',').map((part) => {
    const [range = '', weight] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*q=/);
    return { range, weight: weight === undefined ? 1 : Number(weight) };
  });
  return ranges
    .filter(({ range, weight }) => /^[a-z0-9-]+$/.test(range) && weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ range }) => range);
}

/** Removes subtags from the end until a language matches (RFC 4647 section 3.4). `de` also finds `de-AT`. */
function findLanguage(languages: readonly string[], range: string): string | undefined {
  const find = (matches: (language: string) => boolean) =>
    languages.find((language) => matches(language.toLowerCase()));
  for (let tag = range; tag !== ''; tag = tag.slice(0, Math.max(tag.lastIndexOf('-'), 0))) {
    const exactMatch = find((language) => language === tag);
    if (exactMatch !== undefined) return exactMatch;
  }
  const [primary] = range.split('-');
  return find((language) => language.startsWith(`${primary}-`));
}
