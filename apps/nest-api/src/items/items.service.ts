import type { VerifiedAccessToken } from '@countersign/nest';
import { BadRequestException, Injectable } from '@nestjs/common';
import { Item } from './item.ts';

/** Stores the items of each user in memory. */
@Injectable()
export class ItemsService {
  readonly #items = new Map<string, Item[]>();

  list(user: VerifiedAccessToken): readonly Item[] {
    return this.#items.get(formatOwner(user)) ?? [];
  }

  create(user: VerifiedAccessToken, title: unknown): Item {
    if (typeof title !== 'string' || title.trim() === '' || title.length > 200) {
      throw new BadRequestException('title must be a string of 1 to 200 characters');
    }
    const item = new Item(title.trim());
    // Keeps the latest 100 items, to limit the memory of the demo.
    this.#items.set(formatOwner(user), [...this.list(user), item].slice(-100));
    return item;
  }

  clear(user: VerifiedAccessToken): void {
    this.#items.delete(formatOwner(user));
  }
}

/** Issuer and subject identify a user: another issuer may assign the same subject to another user. */
const formatOwner = ({ issuer, sub }: VerifiedAccessToken): string => JSON.stringify([issuer, sub]);
