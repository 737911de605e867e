#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { WebSocket, WebSocketServer } from 'ws';

// Starts Firefox for Playwright, which sends a command at the start that the ESR releases of Firefox do not know yet
// (docs/decisions/0017). Forwards messages between the two, and reports success for these commands, unless Firefox
// knows them. Playwright runs this file as the executable of the browser.

/** Commands that change only the appearance of pages. */
const optionalCommands = new Set(['emulation.setMediaFeaturesOverride']);

const announcement = /WebDriver BiDi listening on (ws:\/\/\S+)/;

const firefox = spawn(process.env.FIREFOX_PATH ?? 'firefox', process.argv.slice(2), {
  stdio: ['ignore', 'inherit', 'pipe'],
});
firefox.on('error', (error) => {
  console.error(`Firefox cannot be started: ${error.message}`);
  process.exit(1);
});
firefox.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => firefox.kill(signal));

let output = '';
firefox.stderr.setEncoding('utf8').on('data', (text) => {
  output += text;
  const lines = output.split('\n');
  output = lines.pop() ?? '';
  for (const line of lines) {
    const url = announcement.exec(line)?.[1];
    if (url === undefined) console.error(line);
    else listen(url);
  }
});

/** Accepts the connection of Playwright, and announces it as Firefox does. */
function listen(firefoxUrl) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 0 });
  server.on('connection', (client, { url }) => connect(client, new URL(url, firefoxUrl).href));
  server.on('listening', () =>
    console.error(`WebDriver BiDi listening on ws://127.0.0.1:${server.address().port}`),
  );
}

function connect(client, firefoxUrl) {
  const browser = new WebSocket(firefoxUrl, { perMessageDeflate: false, maxPayload: 0 });
  const waiting = [];
  const optional = new Set();
  client.on('message', (data) => {
    const message = data.toString();
    const { id, method } = JSON.parse(message);
    if (optionalCommands.has(method)) optional.add(id);
    if (browser.readyState === WebSocket.OPEN) browser.send(message);
    else waiting.push(message);
  });
  browser.on('open', () => {
    for (const message of waiting.splice(0)) browser.send(message);
  });
  browser.on('message', (data) => {
    const message = data.toString();
    if (optional.size === 0) return client.send(message);
    const { id, error } = JSON.parse(message);
    const isUnknown = optional.delete(id) && error === 'unknown command';
    client.send(isUnknown ? JSON.stringify({ type: 'success', id, result: {} }) : message);
  });
  browser.on('error', () => client.close());
  browser.on('close', () => client.close());
  client.on('close', () => browser.close());
}
