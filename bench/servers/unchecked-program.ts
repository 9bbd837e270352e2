import { buildApp } from '../../server/app.ts';
import { parseConfig } from '../../server/config.ts';
import { LineLog } from '../../server/ops/log.ts';
import { serve } from '../../server/serve.ts';
import { DataDirectory } from '../../server/stores/data-directory.ts';

/** `entrepot serve` without what asks who is calling and whether they may. For measuring; it is no way to run a registry. */
const config = parseConfig({ argv: process.argv.slice(2), env: {}, readFile: () => '' });
using directory = new DataDirectory(config.data);
directory.lock();
const now = Date.now;
const log = new LineLog({ sink: (text) => process.stderr.write(text), human: false, now, delayMs: 200 });
await using app = await buildApp({
  config,
  directory,
  log,
  now,
  unchecked: {
    caller: { principal: { kind: 'user', id: 'admin', belongsTo: [] } },
    authorizer: {
      check: () => ({ allow: true }),
      extent: () => 'all',
      visible: async (_who, _what, names) => new Set(names),
    },
  },
});
const stopped = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.resolve());
const serving = serve({ app, config, log, now, shared: false });
process.stdout.write(`entrepot listening on ${serving.url}\n`);
await stopped.promise;
await serving.stop();
