#!/usr/bin/env bun
const [command = '', ...rest] = process.argv.slice(2);

/** The server and the CLI are one program; only the half that is asked for is loaded. */
async function run(): Promise<number> {
  if (command === 'serve') return (await import('../server/main.ts')).main(rest);
  return 2;
}

process.exit(await run());

export {};
