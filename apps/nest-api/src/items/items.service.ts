import { Injectable } from '@nestjs/common';

export interface Item {
  readonly id: string;
  readonly title: string;
  readonly createdAt: string;
}

/** Items of each user, in memory. */
@Injectable()
export class ItemsService {
  readonly #items = new Map<string, Item[]>();

  list(owner: string): readonly Item[] {
    return this.#items.get(owner) ?? [];
  }

  create(owner: string, title: string): Item {
    const item = { id: crypto.randomUUID(), title, createdAt: new Date().toISOString() };
    // The newest hundred: a demonstration must not fill the memory.
    this.#items.set(owner, [...this.list(owner), item].slice(-100));
    return item;
  }
}
