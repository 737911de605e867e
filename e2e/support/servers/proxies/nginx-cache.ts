import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram, nginx } from '../../../../scripts/lib/programs/system-packages.ts';
import { end } from '../apps/next-web.ts';

/**
 * Starts an nginx that stores each cacheable response with one of these statuses. Its header `x-cache` reports hits and misses.
 */
export async function startNginxCache({
  port,
  upstream,
  statuses = '200 404',
  buffers = '',
}: {
  readonly port: number;
  readonly upstream: string;
  /** Separated by spaces. Default: 200 and 404. */
  readonly statuses?: string;
  /** Directives of the server. Default: none, so that the headers of a response have 4 KiB. */
  readonly buffers?: string;
}): Promise<{ readonly origin: string; readonly stop: () => Promise<void> }> {
  const program = findProgram(nginx);
  if (program === undefined) {
    throw new Error('nginx is missing. Install nginx-light or set NGINX_PATH to its path.');
  }
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  for (const name of ['cache', 'body', 'proxy']) mkdirSync(join(folder, name));
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(folder, port, { upstream, statuses, buffers }));
  const server = spawn(program, ['-p', folder, '-e', join(folder, 'error.log'), '-c', file], {
    stdio: 'ignore',
  });
  const origin = `http://localhost:${port}`;
  const stop = async () => {
    await end(server);
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 300 && server.exitCode === null; tries++) {
    if (await fetch(`${origin}/nginx-is-ready`).catch(() => undefined)) return { origin, stop };
    await delay(50);
  }
  await stop();
  throw new Error(`nginx did not respond at ${origin}.`);
}

const configuration = (
  folder: string,
  port: number,
  {
    upstream,
    statuses,
    buffers,
  }: { readonly upstream: string; readonly statuses: string; readonly buffers: string },
) => `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  proxy_cache_path ${folder}/cache keys_zone=pages:1m inactive=10m use_temp_path=off;
  server {
    listen 127.0.0.1:${port};
    listen [::1]:${port};
    ${buffers}
    location = /nginx-is-ready { return 204; }
    location / {
      proxy_pass ${upstream};
      proxy_set_header Host $http_host;
      proxy_cache pages;
      proxy_cache_key $request_uri;
      proxy_cache_valid ${statuses} 10m;
      add_header X-Cache $upstream_cache_status always;
    }
  }
}
`;
