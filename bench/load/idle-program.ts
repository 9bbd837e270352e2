/**
 * Holds connections open that have asked once and then say nothing: `idle-program.ts URL COUNT`. Says `holding` once all
 * are answered, stays until it is told to end, and fails where the server closes one.
 */
const [url = '', count = '1'] = process.argv.slice(2);
const { hostname, port, host } = new URL(url);
let answered = 0;
const all = Promise.withResolvers<void>();

for (let at = 0; at < Number(count); at += 1)
  await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open(socket) {
        socket.write(`GET /v2/ HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
      },
      data() {
        answered += 1;
        if (answered >= Number(count)) all.resolve();
      },
      close() {
        throw new Error('the server closed an idle connection');
      },
    },
  });
await all.promise;
process.stdout.write(`holding ${count}\n`);
