import type { VerifiedAccessToken } from '@countersign/nest';
import { BadRequestException, Injectable } from '@nestjs/common';
import { Item } from './item.ts';

/** Items of each user, in memory. */
@Injectable()
export class ItemsService {
  readonly #items = new Map<string, Item[]>();

  list(user: VerifiedAccessToken): readonly Item[] {
    return this.#items.get(ownerOf(user)) ?? [];
  }

  create(user: VerifiedAccessToken, title: unknown): Item {
    if (typeof title !== 'string' || title.trim() === '' || title.length > 200) {
      throw new BadRequestException('title must be a text of 1 to 200 characters');
    }
    const item = new Item(title.trim());
    // The newest hundred: a demonstration must not fill the memory.
    this.#items.set(ownerOf(user), [...this.list(user), item].slice(-100));
    return item;
  }

  clear(user: VerifiedAccessToken): void {
    this.#items.delete(ownerOf(user));
  }
}

/** A user is an issuer and a subject: another issuer may give the same subject to somebody else. */
const ownerOf = ({ issuer, sub }: VerifiedAccessToken): string => JSON.stringify([issuer, sub]);
