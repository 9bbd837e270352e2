import { dlopen } from 'bun:ffi';
import type { Transfer } from './curl.ts';
import type { DiscardPlan } from './discard.ts';

const AF_INET = 2;
const SOCK_STREAM = 1;
const MSG_PEEK = 0x2;
const MSG_TRUNC = 0x20;
const MSG_WAITALL = 0x100;
const HEAD_LIMIT = 16_384;
const PIECE = 4 * 1024 * 1024;

const libc = dlopen('libc.so.6', {
  socket: { args: ['int', 'int', 'int'], returns: 'int' },
  connect: { args: ['int', 'ptr', 'u32'], returns: 'int' },
  send: { args: ['int', 'ptr', 'u64', 'int'], returns: 'i64' },
  recv: { args: ['int', 'ptr', 'u64', 'int'], returns: 'i64' },
}).symbols;

const plan = JSON.parse(process.argv[2] ?? '{}') as DiscardPlan;
const url = new URL(plan.url);
const lines = Object.entries({ host: url.host, ...plan.headers }).map(
  ([name, value]) => `${name}: ${value}\r\n`,
);
const request = Buffer.from(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`);

const cpuBefore = process.cpuUsage();
const begun = performance.now();
const socket = connectTo(url);
let bytes = 0;
for (let time = 0; time < plan.times; time += 1) bytes += getOnce(socket);
const seconds = (performance.now() - begun) / 1000;
const cpu = process.cpuUsage(cpuBefore);
const transfer: Transfer = { bytes, seconds, clientCpu: (cpu.user + cpu.system) / 1e6 };
process.stdout.write(JSON.stringify(transfer));

function connectTo({ hostname, port }: URL): number {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(Number(port), 2);
  Buffer.from(hostname.split('.').map(Number)).copy(address, 4);
  const connection = libc.socket(AF_INET, SOCK_STREAM, 0);
  if (libc.connect(connection, address, 16) !== 0) throw new Error(`cannot connect to ${hostname}:${port}`);
  return connection;
}

/** Answers the length of the body. */
function getOnce(connection: number): number {
  check(libc.send(connection, request, request.byteLength, 0));
  const head = readHead(connection);
  if (!/^HTTP\/1\.1 20[06] /.test(head)) throw new Error(`answer: ${head}`);
  const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(length)) throw new Error(`answer without a length: ${head}`);
  const unused = Buffer.alloc(1);
  for (let left = length; left > 0;)
    left -= check(libc.recv(connection, unused, Math.min(left, PIECE), MSG_TRUNC | MSG_WAITALL));
  return length;
}

/** Takes exactly the head off the connection, which may arrive in several pieces, and leaves the body. */
function readHead(connection: number): string {
  const buffer = Buffer.alloc(HEAD_LIMIT);
  for (;;) {
    const seen = check(libc.recv(connection, buffer, HEAD_LIMIT, MSG_PEEK));
    const end = buffer.subarray(0, seen).indexOf('\r\n\r\n');
    if (end === -1) continue;
    check(libc.recv(connection, buffer, end + 4, 0));
    return buffer.toString('latin1', 0, end + 2);
  }
}

function check(result: number | bigint): number {
  if (result > 0) return Number(result);
  throw new Error('the connection broke');
}
