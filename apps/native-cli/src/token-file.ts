import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TokenHolder, TokenSet } from '@countersign/core';
import { CommandError } from './exit.ts';

/** The content of the file. */
interface SavedLogin {
  readonly issuer: string;
  readonly clientId: string;
  readonly tokens: TokenSet;
}

export interface TokenFile {
  readonly path: string;
  /** Returns the tokens of this provider and client, if any. */
  read(): Promise<TokenSet | undefined>;
  /** Stores the tokens of a new login. */
  save(tokens: TokenSet): Promise<void>;
  remove(): Promise<void>;
  /** The interface to the refresh coordinator. */
  readonly holder: TokenHolder;
}

/** Creates access to the file with the tokens of one login. Only the user can read it. */
export function createTokenFile(home: string, client: { issuer: string; clientId: string }): TokenFile {
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
    const saved = parseSavedLogin(text, path);
    // Tokens of another provider or client must not be sent to this provider.
    return saved.issuer === issuer && saved.clientId === clientId ? saved.tokens : undefined;
  }

  async function save(tokens: TokenSet): Promise<void> {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await chmod(home, 0o700);
    const temporary = join(home, `.tokens-${randomUUID()}`);
    try {
      // The file is created with its final mode, so that no other user can open it at any time.
      const file = await open(temporary, 'wx', 0o600);
      try {
        const saved: SavedLogin = { issuer, clientId, tokens };
        await file.writeFile(`${JSON.stringify(saved)}\n`);
        // A rotated refresh token must survive a power failure: the previous one is already used.
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

function parseSavedLogin(text: string, path: string): SavedLogin {
  try {
    const saved = JSON.parse(text) as SavedLogin;
    if (typeof saved.issuer === 'string' && Array.isArray(saved.tokens.accessTokens)) return saved;
  } catch {
    // The error below does not contain the content.
  }
  throw new CommandError('tokens_unreadable', `${path} is damaged. Run "logout", then "login".`);
}
