import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { eventually } from './settle.js';

/** Of Debian's package prometheus; undefined where it is not installed. */
export function findProgram(name: 'prometheus' | 'promtool'): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin'];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** Runs promtool to its end. */
export function promtool(
  binary: string,
  args: readonly string[],
  input = '',
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(binary, args, { timeout: 60_000 }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, output: stdout + stderr });
    });
    // It may end before it has read all.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
  /** ISO 8601: since when it has been pending. */
  readonly activeAt: string;
}

export interface PrometheusServer {
  readonly url: string;
  alerts(): Promise<Alert[]>;
  /** Of the first series that the query has. */
  valueOf(query: string): Promise<number | undefined>;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** `host:port` that is read each second. */
  readonly target: string;
  /** Default: /metrics. */
  readonly path?: string;
  /** Texts of rule files, by name. */
  readonly rules: Readonly<Record<string, string>>;
}

/** A Prometheus of one's own, with its data in a folder that goes with it. */
export async function startPrometheus(
  binary: string,
  { target, path = '/metrics', rules }: PrometheusOptions,
): Promise<PrometheusServer> {
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const config = join(folder, 'prometheus.yml');
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: Object.keys(rules),
      scrape_configs: [{ job_name: 'app', metrics_path: path, static_configs: [{ targets: [target] }] }],
    }),
  );
  for (const [name, text] of Object.entries(rules)) await writeFile(join(folder, name), text);
  const address = `127.0.0.1:${String(await freePort())}`;
  const child = spawn(
    binary,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-4000)));
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://${address}`;
  try {
    await eventually(() => isReady(url), 20_000, 'Prometheus is ready');
  } catch (error) {
    await stop();
    throw new Error(`Prometheus did not start: ${log}`, { cause: error });
  }
  return {
    url,
    stop,
    alerts: async () => (await ask<{ alerts: Alert[] }>(`${url}/api/v1/alerts`)).alerts,
    valueOf: async (query) => {
      const path = `/api/v1/query?query=${encodeURIComponent(query)}`;
      const { result } = await ask<{ result: { value: [number, string] }[] }>(url + path);
      return result[0] === undefined ? undefined : Number(result[0].value[1]);
    },
  };
}

async function ask<T>(url: string): Promise<T> {
  const { data } = (await (await fetch(url)).json()) as { data: T };
  return data;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/-/ready`);
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
