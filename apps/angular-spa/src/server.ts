import type { IncomingMessage, ServerResponse } from 'node:http';
import { AngularNodeAppEngine, writeResponseToNodeResponse } from '@angular/ssr/node';

const engine = new AngularNodeAppEngine({ allowedHosts: ['localhost'] });

/**
 * Renders the page of an address.
 *
 * @param headers what every page carries; what the page itself says comes before it
 * @returns whether there is such a page
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
