/** One line that is kept up to date on a terminal; elsewhere nothing but whole lines. */
export class ProgressLine {
  readonly #out = process.stdout;

  update(text: string): void {
    if (this.#out.isTTY) this.#out.write(`\r\u001b[K${text.slice(0, this.#out.columns - 1)}`);
  }

  /** What is worth a line of its own where nothing is updated. */
  note(text: string): void {
    if (!this.#out.isTTY) console.log(text);
  }

  clear(): void {
    if (this.#out.isTTY) this.#out.write('\r\u001b[K');
  }
}
