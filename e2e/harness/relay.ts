import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** An address of its own for a server, and the way to it, which a test can cut. */
export class Relay implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(server: Server, target: string) {
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [hostname, port] = target.split(':');
    server.on('connection', (near: Socket) => {
      if (this.#cut) {
        near.destroy();
        return;
      }
      const far = connect({ host: hostname, port: Number(port) });
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  /** `target` is `HOST:PORT`. */
  static async to(target: string): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Relay(server, target);
  }

  /** Ends what goes on, and every connection as soon as it is made, for good. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    from.pipe(to);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
