import { rmSync } from 'node:fs';

/** `dist/entrepot`: the runtime, the server and the CLI in one file. */
const OUT = 'dist/entrepot';

rmSync('dist', { recursive: true, force: true });
const built = await Bun.build({
  entrypoints: ['bin/entrepot.ts'],
  compile: { outfile: OUT },
  minify: { syntax: true, whitespace: true, identifiers: false },
  sourcemap: 'inline',
});
for (const message of built.logs) console.error(message);
if (!built.success) process.exit(1);
console.log(`${OUT}: ${(Bun.file(OUT).size / 2 ** 20).toFixed(0)} MiB`);
