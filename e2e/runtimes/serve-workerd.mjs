import { Miniflare } from 'miniflare';

const { PORT, ISSUER, ORIGIN, AUDIENCE } = process.env;
const miniflare = new Miniflare({
  modules: true,
  scriptPath: 'worker.bundle.mjs',
  compatibilityDate: '2026-04-01',
  host: 'localhost',
  port: Number(PORT),
  bindings: { ISSUER, ORIGIN, AUDIENCE },
});
await miniflare.ready;
