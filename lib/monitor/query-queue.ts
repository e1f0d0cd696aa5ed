import type { QueryGroup } from './query-group.js';

/** Groups by their fingerprint, in the order in which they came. */
export class QueryQueue {
  readonly #groups = new Map<string, QueryGroup>();
  // Kept from one call to the next: a new iterator would pass by all that was deleted at the front, each time.
  #oldest = this.#groups.values();

  get size(): number {
    return this.#groups.size;
  }

  get(id: string): QueryGroup | undefined {
    return this.#groups.get(id);
  }

  add(group: QueryGroup): void {
    this.#groups.set(group.id, group);
  }

  takeOldest(): QueryGroup | undefined {
    const { value } = this.#oldest.next();
    // An iterator that has come to the end never goes on.
    if (value === undefined) this.#oldest = this.#groups.values();
    else this.#groups.delete(value.id);
    return value;
  }

  values(): Iterable<QueryGroup> {
    return this.#groups.values();
  }
}
