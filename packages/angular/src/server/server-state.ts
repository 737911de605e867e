import { makeStateKey, type StateKey } from '@angular/core';
import type { BrowserAuthSnapshot } from '@countersign/core/browser';

/** Creates the key of the rendered login state. The state contains claims and scopes, never a token. */
export const createServerStateKey = (clientName: string): StateKey<BrowserAuthSnapshot | undefined> =>
  makeStateKey(`countersign ${clientName}`);
