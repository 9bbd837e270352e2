/**
 * Another process that fetches, for several-processes.test.ts: `fetch-crash-child.ts <root> <bytes>`. It says `half` when half
 * of the bytes have come, waits for a line, takes the rest and says `kept`.
 */
import { noise } from './contracts/bodies.ts';
import { DownloadProcess } from './download-lab.ts';
import { ScriptedUpstream, tap } from './scripted-fetch.ts';

// Nobody stops it when the test itself is stopped.
setTimeout(() => process.exit(1), 120_000);

const [root = '', length = ''] = process.argv.slice(2);
const bytes = noise(Number(length));
const half = bytes.byteLength / 2;
const { body, give, end } = tap();
const here = await DownloadProcess.open(root, Date.now);
const upstream = new ScriptedUpstream({ body, size: bytes.byteLength });
const download = await here.downloads.fetch(here.wanting(upstream));
const reader = download?.follow().getReader();
give(bytes.slice(0, half));
for (let got = 0; got < half;) got += (await reader?.read())?.value?.byteLength ?? half;
await reader?.cancel();
process.stdout.write('half\n');
for await (const _ of Bun.stdin.stream()) break;
give(bytes.slice(half));
end();
await download?.kept;
await here[Symbol.asyncDispose]();
process.stdout.write('kept\n');
process.exit();
