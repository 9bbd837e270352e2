/** Below what systems give to connections that are made (ip_local_port_range in ip(7)), so that nobody has it before it is used. */
const [LOWEST, HIGHEST] = [15_000, 32_000];

/** A port of this machine that was free just now. */
export function freePort(): number {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data: () => undefined } }).stop(true);
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}
