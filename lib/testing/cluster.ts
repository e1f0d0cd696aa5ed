import { spawn } from 'node:child_process';
import { appendFile, chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeRemains } from './cluster-remains.js';
import { guard, unguard } from './guard.js';
import { settingLines, type Settings } from './settings.js';
import { testCertificate, testCertificateKey } from './tls-certificate.js';
import type { Account } from './user.js';

export interface ClusterPlan {
  readonly bin: string;
  readonly account: Account | undefined;
  readonly password: string;
  readonly tls: boolean;
  readonly settings: Settings;
}

/** An initialised data folder and what is needed to run a server on it. */
export interface Cluster {
  readonly bin: string;
  readonly account: Account | undefined;
  /** Holds everything of this cluster, and goes with it. */
  readonly folder: string;
  readonly dataFolder: string;
  readonly logFile: string;
  /** The major version, 18 for instance. */
  readonly version: number;
}

/** What the server and initdb see of this process's environment: no setting of a user's shell may change a test. */
export const serverEnvironment = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

/** Makes a cluster in a new temporary folder. @throws what initdb said, when it failed; nothing is left then. */
export async function createCluster(plan: ClusterPlan): Promise<Cluster> {
  const settings = settingLines(plan.settings);
  const folder = await mkdtemp(join(tmpdir(), 'express-db-resilience-pg-'));
  guard(folder);
  try {
    await own(folder, plan.account);
    const dataFolder = join(folder, 'data');
    await initialise(plan, folder, dataFolder);
    await appendFile(join(dataFolder, 'postgresql.conf'), settings + (plan.tls ? await tlsSettings(plan, folder) : ''));
    const version = Number.parseInt(await readFile(join(dataFolder, 'PG_VERSION'), 'latin1'), 10);
    return { bin: plan.bin, account: plan.account, folder, dataFolder, logFile: join(folder, 'server.log'), version };
  } catch (error) {
    removeRemains(folder, undefined);
    unguard(folder);
    throw error;
  }
}

export async function own(path: string, account: Account | undefined): Promise<void> {
  if (account !== undefined) await chown(path, account.uid, account.gid);
}

async function writePrivately(path: string, text: string, account: Account | undefined): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  await own(path, account);
}

async function initialise(plan: ClusterPlan, folder: string, dataFolder: string): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writePrivately(passwordFile, `${plan.password}\n`, plan.account);
  await run(plan, folder, 'initdb', [
    `--pgdata=${dataFolder}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth-host=scram-sha-256',
    '--auth-local=reject',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]);
  await rm(passwordFile);
}

function run(plan: ClusterPlan, folder: string, program: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(plan.bin, program), args, {
      ...plan.account,
      cwd: folder,
      env: serverEnvironment,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    guard(folder, child.pid);
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2000)));
    child.on('error', (cause) => {
      reject(new Error(`${join(plan.bin, program)} could not be run: ${cause.message}`, { cause }));
    });
    child.on('close', (code, signal) => {
      guard(folder);
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${signal ?? `status ${String(code)}`}: ${complaint.trim()}`));
    });
  });
}

async function tlsSettings(plan: ClusterPlan, folder: string): Promise<string> {
  const tlsFolder = join(folder, 'tls');
  await mkdir(tlsFolder);
  await chmod(tlsFolder, 0o755);
  const certificate = join(tlsFolder, 'server.crt');
  const key = join(tlsFolder, 'server.key');
  await writePrivately(certificate, testCertificate, plan.account);
  await writePrivately(key, testCertificateKey, plan.account);
  return settingLines({ ssl: true, ssl_cert_file: certificate, ssl_key_file: key });
}
