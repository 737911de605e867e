import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TokenHolder, TokenSet } from '@countersign/core';
import { CommandError } from './exit.ts';

/** What is kept of one login. */
interface Saved {
  readonly issuer: string;
  readonly clientId: string;
  readonly tokens: TokenSet;
}

export interface TokenFile {
  readonly path: string;
  /** The tokens of this provider and client, if any. */
  read(): Promise<TokenSet | undefined>;
  /** Keeps the tokens of a new login. */
  save(tokens: TokenSet): Promise<void>;
  remove(): Promise<void>;
  /** The file as the refresh coordinator sees it. */
  readonly holder: TokenHolder;
}

/** One file with the tokens of one login; only the user can read it. */
export function openTokenFile(home: string, client: { issuer: string; clientId: string }): TokenFile {
  const path = join(home, 'tokens.json');
  const { issuer, clientId } = client;

  async function read(): Promise<TokenSet | undefined> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new CommandError('tokens_unreadable', `${path} cannot be read.`);
    }
    const saved = parse(text, path);
    // Tokens of another provider or client must not be sent to this one.
    return saved.issuer === issuer && saved.clientId === clientId ? saved.tokens : undefined;
  }

  async function save(tokens: TokenSet): Promise<void> {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await chmod(home, 0o700);
    const temporary = join(home, `.tokens-${randomUUID()}`);
    try {
      // Created with its final mode: at no moment can anybody else open it.
      const file = await open(temporary, 'wx', 0o600);
      try {
        const saved: Saved = { issuer, clientId, tokens };
        await file.writeFile(`${JSON.stringify(saved)}\n`);
        // A rotated refresh token must survive a power cut: the old one is spent.
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  const remove = () => rm(path, { force: true });

  return {
    path,
    read,
    save,
    remove,
    holder: {
      read,
      async write(next, previous) {
        const current = await read();
        if (current === undefined || current.refreshToken !== previous.refreshToken) return false;
        await save(next);
        return {};
      },
      async end(previous) {
        const current = await read();
        if (current?.refreshToken === previous.refreshToken) await remove();
      },
    },
  };
}

function parse(text: string, path: string): Saved {
  try {
    const saved = JSON.parse(text) as Saved;
    if (typeof saved.issuer === 'string' && Array.isArray(saved.tokens.accessTokens)) return saved;
  } catch {
    // Reported below, without the content.
  }
  throw new CommandError('tokens_unreadable', `${path} is damaged. Run "logout", then "login".`);
}
