import { cpus, loadavg, release, totalmem } from 'node:os';
import { nodeProgram } from '../e2e/harness/run.ts';
import { VERDACCIO } from '../e2e/harness/verdaccio.ts';
import { run, versionOf } from './load/run-program.ts';
import { peerProgram, pythonPeer } from './servers/peer-programs.ts';

/** Where the figures come from. Without it they mean nothing. */
export interface Machine {
  readonly kernel: string;
  readonly cpu: string;
  readonly cores: number;
  /** Of the instruction sets that decide what hashing and copying cost. */
  readonly flags: readonly string[];
  readonly memoryGib: number;
  /** Type of the filesystem below the data. */
  readonly filesystem: string;
  /** Runnable processes, mean of the last minute, when the run began. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit: string;
  readonly date: string;
}

const FLAGS_OF_INTEREST = ['sha_ni', 'avx2', 'avx512f', 'aes', 'sha2', 'asimd', 'hypervisor'];

export async function describeMachine(directory: string): Promise<Machine> {
  const cpuinfo = await Bun.file('/proc/cpuinfo').text();
  const has = new Set((/^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? '').split(' '));
  const versions = {
    bun: Bun.version,
    distribution: await versionOf('docker-registry', '--version'),
    nginx: await versionOf('nginx', '-v'),
    wrk: await versionOf('wrk', '-v'),
    curl: await versionOf('curl', '--version'),
    node: await versionOf('node', '--version'),
    Verdaccio: await versionOf(VERDACCIO, '--version'),
    npm: await versionOf(nodeProgram('npm'), '--version'),
    ab: await versionOf('ab', '-V'),
    zot: await versionOf(peerProgram('zot'), '--version'),
    pypiserver: await versionOf(pythonPeer('pypiserver', 'pypi-server'), '--version'),
    devpi: await versionOf(pythonPeer('devpi', 'devpi-server'), '--version'),
    Athens: await versionOf(peerProgram('athens'), '-version'),
  };
  return {
    kernel: release(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    flags: FLAGS_OF_INTEREST.filter((flag) => has.has(flag)),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    filesystem: await line(['stat', '-f', '-c', '%T', directory]),
    load: loadavg()[0] ?? 0,
    versions: Object.fromEntries(
      Object.entries(versions).map(([name, version]) => [name, shorten(version ?? 'not installed')]),
    ),
    commit: await line(['git', '-C', import.meta.dir, 'rev-parse', '--short', 'HEAD']).catch(() => 'unknown'),
    date: new Date().toISOString().slice(0, 10),
  };
}

const line = async (command: readonly string[]) => (await run(command, { seconds: 10 })).stdout.trim();

/** `curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/…` says more than anyone reads. */
export function shorten(version: string): string {
  return /\d+\.\d[\w.+~-]*/.exec(version)?.[0] ?? version;
}
