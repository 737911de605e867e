import type { IncomingMessage, ServerResponse } from 'node:http';
import { AngularNodeAppEngine, writeResponseToNodeResponse } from '@angular/ssr/node';

const engine = new AngularNodeAppEngine({ allowedHosts: ['localhost'] });

/**
 * Renders the page of a request.
 *
 * @param headers default headers, which headers of the page override
 * @returns false if there is no page for the URL
 */
export async function render(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Promise<boolean> {
  const page = await engine.handle(request);
  if (!page) return false;
  for (const [name, value] of Object.entries(headers)) {
    if (!page.headers.has(name)) page.headers.set(name, value);
  }
  await writeResponseToNodeResponse(page, response);
  return true;
}
