/** A line and a column in a file, both from 1, as one goes through its text. Characters are counted, not UTF-16 units. */
export class Place {
  #line: number;
  #column = 1;

  constructor(firstLine: number) {
    this.#line = firstLine;
  }

  get line(): number {
    return this.#line;
  }

  get column(): number {
    return this.#column;
  }

  pass(text: string): void {
    for (const character of text) {
      if (character === '\n') {
        this.#line += 1;
        this.#column = 1;
      } else this.#column += 1;
    }
  }
}
