/** Listeners of which one that throws harms neither the others nor whoever tells them. */
export class Listeners<Events extends Record<string, unknown>> {
  readonly #of = new Map<keyof Events, Set<(event: never) => void>>();

  add<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): void {
    let listeners = this.#of.get(name);
    if (listeners === undefined) this.#of.set(name, (listeners = new Set()));
    listeners.add(listener);
  }

  remove<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): void {
    this.#of.get(name)?.delete(listener);
  }

  clear(): void {
    this.#of.clear();
  }

  /** @param onThrown is given what one of them throws, or its promise rejects with */
  tell<Name extends keyof Events>(name: Name, event: Events[Name], onThrown: (error: unknown) => void): void {
    const report = (error: unknown) => {
      try {
        onThrown(error);
      } catch {
        // A log that fails is not to fail what is logged.
      }
    };
    for (const listener of [...(this.#of.get(name) ?? [])]) {
      try {
        const returned: unknown = (listener as (event: Events[Name]) => unknown)(event);
        if (returned instanceof Promise) returned.catch(report);
      } catch (error) {
        report(error);
      }
    }
  }
}
