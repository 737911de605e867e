import { sanitizeReturnTo } from '../../protocol/login/return-to.ts';
import type { SessionContext } from '../context.ts';
import type { CookieToSet } from '../cookies/cookies.ts';
import { acceptsHtml } from '../http/request-checks.ts';
import { createJsonResponse } from '../http/responses.ts';
import { getDefaultReturnTo } from '../routes/login/default-return-to.ts';
import type { DeveloperNotes } from './developer-notes.ts';
import { createOwnPage, type PageContext } from './own-pages.ts';
import { createPage, type PageAction } from './page.ts';
import { type PageLabels, type PageName, resolveMessages } from './page-messages.ts';

/** What a page is about. */
export interface PageSubject {
  readonly page: PageName;
  readonly status: number;
  readonly code?: string;
  readonly reason?: string;
  /** For the built-in page of a development server. */
  readonly developerNotes?: DeveloperNotes | undefined;
  /** For an error it may come from the request: anything but a path of the application is ignored. Default: the page after a login. */
  readonly returnTo?: string | undefined;
  /** The address for "Try again". As `returnTo`, it may come from the request. Default: the login. */
  readonly retry?: string | undefined;
  readonly cookies?: readonly CookieToSet[];
  /** Members that a JSON response has in addition. Default: none. */
  readonly json?: Readonly<Record<string, string>>;
  /** Fields of the form that repeats a logout. Default: none. */
  readonly logoutFields?: Readonly<Record<string, string>>;
  /** Responds with JSON although the request accepts HTML. Default: false. */
  readonly isJson?: boolean;
  /**
   * The actions of the built-in page.
   *
   * @param page with the sanitized `retry`
   */
  createActions(page: PageContext & { readonly retry: string }, labels: PageLabels): readonly PageAction[];
}

/** Responds with the application's page, or with the built-in one. A request that does not accept HTML gets an error as JSON. */
export async function respondWithPage(
  context: SessionContext,
  request: Request,
  subject: PageSubject,
): Promise<Response> {
  const { page: name, status, code, reason, cookies = [] } = subject;
  const messages = resolveMessages(context.options.messages, request);
  const { title, text: template } = messages.getPage(name);
  const text = template.replaceAll('{provider}', new URL(context.client.issuer).host);
  // A page is also the response to a link. An error can be the response to a script.
  if (code !== undefined && (subject.isJson || !acceptsHtml(request)))
    return createJsonResponse({ error: code, message: text, ...subject.json }, { status, cookies });
  const { paths, basePath } = context;
  const returnTo = readReturnTo(context, subject);
  const loginUrl = `${paths.login}?${new URLSearchParams({ returnTo })}`;
  const page: PageContext = {
    request,
    page: name,
    status,
    ...(code !== undefined && { code }),
    ...(reason !== undefined && { reason }),
    title,
    text,
    returnTo,
    loginUrl,
    logoutUrl: paths.logout,
    ...(subject.logoutFields && { logoutFields: subject.logoutFields }),
    homeUrl: `${basePath}/`,
  };
  return (
    (await createOwnPage(context, page, cookies)) ??
    createPage({
      status,
      title,
      text,
      ...(code !== undefined && { code: reason === undefined ? code : `${code}: ${reason}` }),
      developerNotes: subject.developerNotes,
      actions: subject.createActions(
        { ...page, retry: readRetry(context, subject, loginUrl) },
        messages.labels,
      ),
      messages,
      cookies,
    })
  );
}

/** The targets of a logout are URLs from the options, including URLs of other origins. They need no check. */
function readReturnTo(context: SessionContext, { code, returnTo }: PageSubject): string {
  const fallback = getDefaultReturnTo(context);
  if (code === undefined) return returnTo ?? fallback;
  return sanitizeReturnTo(returnTo, { origin: context.baseUrl.origin, fallback });
}

/** The path of a request, for example `//evil.example/a`, can be an address of another site. */
const readRetry = ({ baseUrl }: SessionContext, { retry }: PageSubject, loginUrl: string): string =>
  sanitizeReturnTo(retry, {
    origin: baseUrl.origin,
    fallback: loginUrl,
    maxLength: Number.POSITIVE_INFINITY,
  });
