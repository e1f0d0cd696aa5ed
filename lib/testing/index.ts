export { FakeClock } from './fake-clock.js';
export { startPostgres, type PostgresOptions } from './start-postgres.js';
export { startStandby, type StandbyOptions } from './start-standby.js';
export type { PostgresServer, ShutdownMode } from './postgres-server.js';
export type { Binaries } from './binaries.js';
export type { Settings } from './settings.js';
export { startFaultProxy, type FaultProxy, type FaultProxyOptions } from './fault-proxy.js';
export type { Cut, CutAfterMessageOptions, CutAfterOptions } from './cuts.js';
export type { Direction, ProtocolMessage } from './protocol.js';
