import { readdir, readFile } from 'node:fs/promises';

/** USER_HZ, the unit of /proc/PID/stat: 100 on every Linux the runtime supports (proc(5)). */
const TICKS_PER_SECOND = 100;
const MIB_PER_KIB = 1 / 1024;

/**
 * CPU seconds, user and system, that a process and its descendants have used, ended threads and reaped children
 * included. The kernel keeps run time exactly and reports it here in steps of 10 ms.
 */
export async function cpuSeconds(pid: number): Promise<number> {
  const stats = (await Promise.all((await processes()).map(readStat))).filter((stat) => stat !== undefined);
  const family = new Set([pid]);
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const stat of stats) if (family.has(stat.parent)) family.add(stat.pid);
  }
  const ticks = stats.filter((stat) => family.has(stat.pid)).reduce((sum, stat) => sum + stat.ticks, 0);
  return ticks / TICKS_PER_SECOND;
}

export interface Memory {
  /** MiB resident now, shared pages of the program file included. */
  readonly resident: number;
  /** MiB resident at most since the process began, as the kernel saw it. */
  readonly peak: number;
}

export async function memory(pid: number): Promise<Memory> {
  return parseMemory(await readFile(`/proc/${pid}/status`, 'utf8'));
}

export function parseMemory(status: string): Memory {
  const field = (name: string) => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kib === undefined) throw new Error(`/proc status has no ${name}`);
    return Number(kib) * MIB_PER_KIB;
  };
  return { resident: field('VmRSS'), peak: field('VmHWM') };
}

export interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** utime + stime + cutime + cstime. */
  readonly ticks: number;
}

/** The command name is in brackets and may itself hold spaces and brackets, so fields count from the last one. */
export function parseStat(stat: string): Stat {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [, parent = 0, , , , , , , , , , utime = 0, stime = 0, cutime = 0, cstime = 0] = fields;
  return { pid: Number.parseInt(stat, 10), parent, ticks: utime + stime + cutime + cstime };
}

async function processes(): Promise<readonly string[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
}

async function readStat(pid: string): Promise<Stat | undefined> {
  try {
    return parseStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}
