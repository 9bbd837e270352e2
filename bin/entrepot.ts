#!/usr/bin/env bun

/** The server and the CLI are one program; only the half that is asked for is loaded. */
async function run([command = '', ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case 'serve':
      return (await import('../server/main.ts')).main(rest);
    case 'doctor':
      return (await import('../server/doctor.ts')).main(rest);
    case 'backup':
      return (await import('../server/backup.ts')).main(rest);
    case 'restore':
      return (await import('../server/restore.ts')).main(rest);
    default: {
      const [{ main }, { processIo }] = await Promise.all([import('../cli/main.ts'), import('../cli/io.ts')]);
      return main(process.argv.slice(2), processIo());
    }
  }
}

process.exit(await run(process.argv.slice(2)));
