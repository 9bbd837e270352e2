import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** How a connection becomes one to somewhere else; nothing when it leads nowhere. */
type Lead = (near: Socket) => Promise<Socket | undefined>;

/** A way to other servers that a test can cut. */
export class Relay implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(server: Server, lead: Lead) {
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (near: Socket) => {
      this.#keep(near);
      void this.#relay(near, lead);
    });
  }

  /** Another address of the server at `target`, `HOST:PORT`. */
  static to(target: string): Promise<Relay> {
    return Relay.#listening(async () => to(target));
  }

  /** An HTTP proxy that connects to whatever it is asked for (RFC 9110, CONNECT). */
  static proxy(): Promise<Relay> {
    return Relay.#listening(async (near) => {
      const asked = await new Promise<Buffer>((resolve) => near.once('data', resolve));
      const target = /^CONNECT (\S+) /.exec(asked.toString('latin1'))?.[1];
      if (target === undefined) return undefined;
      near.write('HTTP/1.1 200 Connected\r\n\r\n');
      return to(target);
    });
  }

  static async #listening(lead: Lead): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Relay(server, lead);
  }

  /** Ends what goes on, and every connection as soon as it is made, for good. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async #relay(near: Socket, lead: Lead): Promise<void> {
    const far = this.#cut ? undefined : await lead(near);
    if (far === undefined || this.#cut) {
      near.destroy();
      far?.destroy();
      return;
    }
    this.#keep(far);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

const to = (target: string): Socket => {
  const colon = target.lastIndexOf(':');
  return connect({ host: target.slice(0, colon), port: Number(target.slice(colon + 1)) });
};
