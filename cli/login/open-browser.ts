import type { Io } from '../io.ts';

/** The program that opens an address in the person's browser; nothing where there is no screen to open it on. */
export function browserOpener(
  { env }: Pick<Io, 'env'>,
  platform: NodeJS.Platform = process.platform,
): readonly string[] | undefined {
  const found = (name: string): boolean => Bun.which(name, { PATH: env['PATH'] ?? '' }) !== null;
  const first = (...names: readonly string[]): readonly string[] | undefined => {
    const name = names.find(found);
    return name === undefined ? undefined : [name];
  };
  if (platform === 'darwin') return env['SSH_CONNECTION'] === undefined ? first('open') : undefined;
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  if (env['WSL_DISTRO_NAME'] !== undefined && found('wslview')) return ['wslview'];
  const hasScreen = [env['DISPLAY'], env['WAYLAND_DISPLAY']].some(
    (name) => name !== undefined && name !== '',
  );
  return hasScreen ? first('xdg-open', 'x-www-browser', 'firefox', 'chromium', 'google-chrome') : undefined;
}

/** Whether it could be started; what becomes of it is seen by the person. */
export function openBrowser(opener: readonly string[], url: string, { env }: Pick<Io, 'env'>): boolean {
  try {
    const [program = '', ...args] = opener;
    const path = Bun.which(program, { PATH: env['PATH'] ?? '' }) ?? program;
    Bun.spawn([path, ...args, url], { env, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' }).unref();
    return true;
  } catch {
    return false;
  }
}
