export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** CPU seconds of the program, user and system. */
  readonly cpuSeconds: number;
  readonly seconds: number;
}

export interface RunLimits {
  /** Killed after this long. */
  readonly seconds: number;
  readonly stdin?: ReadableStream<Uint8Array>;
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Ends it too. */
  readonly signal?: AbortSignal;
}

/** Runs a program to its end. A non-zero exit, or running out of time, is an error with its standard error in it. */
export async function run(command: readonly string[], limits: RunLimits): Promise<Ran> {
  const begun = performance.now();
  const child = Bun.spawn([...command], {
    env: { ...process.env, ...limits.env },
    ...(limits.cwd !== undefined && { cwd: limits.cwd }),
    ...(limits.signal && { signal: limits.signal }),
    stdin: limits.stdin ?? 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: limits.seconds * 1000,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (child.exitCode !== 0) {
    const ended = child.signalCode === null ? `exit code ${child.exitCode}` : `killed by ${child.signalCode}`;
    throw new Error(`${command[0]}: ${ended}\n${stderr || stdout}`);
  }
  const cpu = child.resourceUsage()?.cpuTime.total ?? 0n;
  return { stdout, stderr, cpuSeconds: Number(cpu) / 1e6, seconds: (performance.now() - begun) / 1000 };
}

/** What a program says about its version, on either output; undefined when it is not installed. */
export async function versionOf(program: string, ...args: readonly string[]): Promise<string | undefined> {
  if (Bun.which(program) === null) return undefined;
  const child = Bun.spawn([program, ...args], { stdout: 'pipe', stderr: 'pipe', timeout: 10_000 });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return `${stdout}${stderr}`.trim().split('\n')[0];
}
