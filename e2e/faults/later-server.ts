/** The server, with one addition: told anything on standard input, it lives two weeks later, by all of its clocks. */
import { oddServer } from './odd-server.ts';

/** Longer than everything that is kept for some time is kept. */
const LATER_MS = 14 * 24 * 3_600_000;

let ahead = 0;
const { app, serving } = await oddServer({
  now: () => Date.now() + ahead,
  monotonic: () => performance.now() + ahead,
});
process.once('SIGTERM', () => {
  void serving
    .stop()
    .then(() => app[Symbol.asyncDispose]())
    .then(() => process.exit(0));
});

for await (const _ of console) {
  ahead += LATER_MS;
  await app.tidy();
  process.stdout.write('two weeks later\n');
}
