import { expect, test } from 'vitest';
import { bindContexts } from './bind-contexts.ts';
import type { Driver } from './graphql-modules.ts';

interface Options {
  context?: unknown;
  server?: { context?: unknown };
}
type CreateContext = (source: object) => Promise<{ req?: object }>;

/** Like the drivers of Nest 11, writes the request into the object of the application. */
async function createContext(option: unknown, req: object) {
  const context = await (option as CreateContext)({ req });
  context.req ??= req;
  return context;
}

test.each(['an object', 'a function'])(
  'N31: the context of a gateway is bound to its request: %s',
  async (kind) => {
    const driver = { mergeDefaultOptions: (options: object) => options } as unknown as Driver;
    bindContexts(driver);
    const shared = { tenant: 'x' };
    const context = kind === 'an object' ? shared : () => shared;
    const { server } = driver.mergeDefaultOptions({ server: { context } }) as Options;
    const requests = ['alice', 'bob'].map((user) => ({ headers: { authorization: user } }));
    for (const req of requests)
      expect(await createContext(server?.context, req)).toMatchObject({ req, tenant: 'x' });
  },
);
