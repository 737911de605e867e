import { spawn } from 'node:child_process';

const openCommands: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/**
 * Opens the user's default browser, never an embedded one (RFC 8252 section 6). Resolves to false if there is no
 * browser.
 */
export function openBrowser(url: string): Promise<boolean> {
  const [command, ...args] = openCommands[process.platform] ?? ['xdg-open'];
  return new Promise((resolve) => {
    // The URL is passed as one argument, without a shell.
    const child = spawn(command, [...args, url], { detached: true, stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
