import { until } from '../harness/until.ts';

interface Interrupted {
  /** Changes that were acknowledged so far. */
  readonly acknowledged: () => number;
  /** How many more there have to be first, however long this machine takes for them. */
  readonly least: number;
  /** Milliseconds that it goes on after that, so that it is not interrupted at the same place each time. */
  readonly longer: number;
  /** What goes on. It ends when it is interrupted, which it must not be before `expected` says so. */
  readonly work: (expected: () => boolean) => Promise<unknown>;
  readonly interrupt: () => void | Promise<void>;
}

/** Lets clients work for a while and then takes the server from them; resolves when all of them have ended. */
export async function interrupted({
  acknowledged,
  least,
  longer,
  work,
  interrupt,
}: Interrupted): Promise<void> {
  let [isInterrupted, hasEnded] = [false, false];
  const enough = acknowledged() + least;
  const working = work(() => isInterrupted).finally(() => {
    hasEnded = true;
  });
  const interrupting = async (): Promise<void> => {
    await until(`${least} changes are acknowledged`, () => hasEnded || acknowledged() >= enough);
    if (!hasEnded) await Bun.sleep(longer);
    if (hasEnded) return;
    isInterrupted = true;
    await interrupt();
  };
  await Promise.all([working, interrupting()]);
}
