import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { Router } from 'express';
import { faultWords, isFaultWord } from './faults.js';
import type { Faults } from './faults.js';

/** `POST /faults/kill` and the like, for whoever sits at this machine. */
export function faultRoutes(faults: Faults | undefined): Router {
  const router = Router();
  router.use((req, res, next) => {
    if (!isLocal(req)) res.status(403).json({ error: 'faults are for requests from this machine, to localhost' });
    else if (faults === undefined) res.status(409).json({ error: 'the database of DATABASE_URL is not mine to break' });
    else next();
  });
  router.get('/', (_req, res) => {
    res.json({ now: faults?.state, words: faultWords });
  });
  router.post('/:word', async (req, res) => {
    const { word } = req.params;
    if (!isFaultWord(word)) {
      res.status(404).json({ error: `a fault is one of ${Object.keys(faultWords).join(', ')}` });
      return;
    }
    try {
      await faults?.apply(word);
      res.json({ done: faultWords[word], now: faults?.state });
    } catch (error) {
      res.status(409).json({ error: (error as Error).message, now: faults?.state });
    }
  });
  return router;
}

/** Neither another machine, nor a proxy on this one, nor a web page that this machine's browser shows. */
function isLocal({ socket, headers }: IncomingMessage): boolean {
  if (!isLoopback(socket.remoteAddress ?? '')) return false;
  if (headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined) return false;
  const host = hostName(`http://${headers.host ?? ''}`);
  if (host !== 'localhost' && !isLoopback(host)) return false;
  return headers.origin === undefined || headers.origin === `http://${headers.host ?? ''}`;
}

function hostName(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[(.+)\]$/, '$1') : '';
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, '');
  return isIP(plain) === 4 ? plain.startsWith('127.') : plain === '::1';
}
