import { makeStateKey, type StateKey } from '@angular/core';
import type { BrowserAuthSnapshot } from '@countersign/core/browser';

/** Where a rendered page keeps what the server knew of the user: claims and scope, never a token. */
export const serverState = (clientName: string): StateKey<BrowserAuthSnapshot | undefined> =>
  makeStateKey(`countersign ${clientName}`);
