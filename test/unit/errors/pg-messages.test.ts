import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { classify } from '../../../lib/errors/classify.js';

const folders = ['pg/lib', 'pg/lib/crypto', 'pg-min/lib', 'pg-min/lib/crypto', 'pg-pool', 'pg-protocol/dist'];

/** Why a message is left to be `other`. */
const left: Record<string, string> = {
  'callback is not a function': 'too common to be told from an application’s own',
  'unexpected condition': 'too common, and the pool’s own fault',
  'Binary mode not supported yet': 'of an option that pg does not set',
  'first argument must be a Buffer': 'never reached: of a function that pg calls with Buffers',
  'second argument must be a Buffer': 'the same',
  'Buffer lengths must match': 'the same',
  'Buffers cannot be empty': 'the same',
};

/** The texts of the errors that a source file makes, with something in the place of what it fills in. */
function messagesOf(source: string): string[] {
  const made = /(?:new (?:\w+\.)?\w*Error|x509Error)\(\s*(['"`])((?:\\.|(?!\1).)*)\1(\s*\+)?/g;
  return [...source.matchAll(made)].map(([call, , text = '', more]) => {
    const start = call.startsWith('x509Error') ? 'SASL channel binding: ' : '';
    const filled = text.replace('${portalQuery}', 'The `rows` option is').replace(/\$\{[^}]*\}/g, '1');
    return start + filled + (more === undefined ? '' : '1');
  });
}

function sources(folder: string): string[] {
  const path = join('node_modules', folder);
  const files = readdirSync(path).filter((file) => file.endsWith('.js') && !file.endsWith('.test.js'));
  return files.map((file) => readFileSync(join(path, file), 'utf8'));
}

describe('the messages of pg', () => {
  for (const folder of folders) {
    it(`that ${folder} may give are all known`, () => {
      const messages = sources(folder).flatMap(messagesOf);
      expect(messages).not.to.deep.equal([]);
      const unknown = messages.filter((message) => classify(new Error(message), 'statement').kind === 'other');
      expect(unknown.filter((message) => !Object.hasOwn(left, message))).to.deep.equal([]);
    });
  }

  it('that are left out are still there', () => {
    const all = new Set(folders.flatMap(sources).flatMap(messagesOf));
    expect(all.size).to.be.above(50);
    expect(Object.keys(left).filter((message) => !all.has(message))).to.deep.equal([]);
  });
});
