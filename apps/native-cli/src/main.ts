#!/usr/bin/env node
import { runCli } from './cli.ts';
import { openBrowser } from './open-browser.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  openBrowser,
  signal: interrupted.signal,
});
