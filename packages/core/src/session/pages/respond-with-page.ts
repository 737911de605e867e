import type { SessionContext } from '../context.ts';
import type { CookieToSet } from '../cookies/cookies.ts';
import { acceptsHtml } from '../http/request-checks.ts';
import { createJsonResponse } from '../http/responses.ts';
import { getDefaultReturnTo } from '../routes/default-return-to.ts';
import { createOwnPage, type PageContext } from './own-pages.ts';
import { createPage, type PageAction } from './page.ts';
import { type PageLabels, type PageName, resolveMessages } from './page-messages.ts';

/** What a page is about. */
export interface PageSubject {
  readonly page: PageName;
  readonly status: number;
  readonly code?: string;
  readonly reason?: string;
  /** Default: the page after a login. */
  readonly returnTo?: string | undefined;
  readonly cookies?: readonly CookieToSet[];
  /** Members that a JSON response has in addition. Default: none. */
  readonly json?: Readonly<Record<string, string>>;
  /** Responds with JSON although the request accepts HTML. Default: false. */
  readonly isJson?: boolean;
  /** The actions of the built-in page. */
  createActions(page: PageContext, labels: PageLabels): readonly PageAction[];
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
  const returnTo = subject.returnTo ?? getDefaultReturnTo(context);
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
    homeUrl: `${basePath}/`,
  };
  return (
    (await createOwnPage(context, page, cookies)) ??
    createPage({
      status,
      title,
      text,
      ...(code !== undefined && { code: reason === undefined ? code : `${code}: ${reason}` }),
      actions: subject.createActions(page, messages.labels),
      messages,
      cookies,
    })
  );
}
