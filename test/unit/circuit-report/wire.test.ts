import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { statement, Wire } from '../../../bench/circuit/load/wire.js';

describe('the statements of callers on the wire', () => {
  it('are counted, however they are written, and those that are sent while the circuit is open', async () => {
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    let isOpen = false;
    const wire = new Wire(() => isOpen);
    const socket = wire.stream().connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(Buffer.from(`Q....${statement}\0`));
    socket.write('-- probe');
    socket.cork();
    for (let written = 0; written < 3; written++) socket.write(Buffer.from(statement));
    socket.uncork();
    expect(wire).to.include({ sent: 4, sentWhileOpen: 0 });
    isOpen = true;
    socket.write(statement);
    socket.end();
    await once(socket, 'close');
    expect(wire).to.include({ sent: 5, sentWhileOpen: 1 });
    server.close();
  });
});
