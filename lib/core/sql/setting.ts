/**
 * Whether a place in a text is the value of a setting, which needs no quotes: SET app.token = abc, ALTER ROLE r SET
 * app.token TO abc.
 */
export class Setting {
  #state: 'begin' | 'maySet' | 'name' | 'value' | 'other' = 'begin';

  get isValue(): boolean {
    return this.#state === 'value';
  }

  /** @param piece a word in lower case, an operator or a sign */
  take(piece: string): void {
    if (piece === ';') this.#state = 'begin';
    else if (this.#state === 'begin') this.#state = piece === 'set' ? 'name' : piece === 'alter' ? 'maySet' : 'other';
    else if (this.#state === 'maySet' && piece === 'set') this.#state = 'name';
    else if (this.#state === 'name' && (piece === '=' || piece === 'to')) this.#state = 'value';
  }
}
