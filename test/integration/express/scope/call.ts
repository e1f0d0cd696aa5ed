import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

export interface CallOptions {
  method?: string;
  headers?: Record<string, string>;
  /** Is told of every piece of the body as it comes. */
  onText?: (text: string) => void;
  /** Is told when the answer begins. */
  onHead?: () => void;
  /** Takes nothing of the body for so many milliseconds. */
  pausesFor?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body came to its end; false where the connection was closed before. */
  readonly complete: boolean;
  /** From the call to the end of the answer. */
  readonly ms: number;
}

/** One request on a connection of its own. */
export interface Call {
  /** Rejects where there was none. */
  readonly answer: Promise<Answer>;
  /** Closes the connection, as a browser does whose user goes elsewhere. */
  readonly leave: () => void;
}

export function call(url: string, { method = 'GET', headers = {}, onText, onHead, pausesFor }: CallOptions = {}): Call {
  const started = performance.now();
  const sent = request(url, { method, headers, agent: false });
  const answer = new Promise<Answer>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      onHead?.();
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
        onText?.(piece);
      });
      if (pausesFor !== undefined) {
        response.pause();
        setTimeout(() => response.resume(), pausesFor);
      }
      // A body that is cut off; 'close' follows.
      response.on('error', () => undefined);
      response.on('close', () => {
        const { statusCode: status = 0, headers: told, complete } = response;
        resolve({ status, headers: told, text, complete, ms: performance.now() - started });
      });
    });
  });
  // Of a call that is left, nobody looks at the answer.
  answer.catch(() => undefined);
  sent.end();
  return { answer, leave: () => void sent.destroy() };
}
