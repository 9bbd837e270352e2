import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, freePort, launch } from './process.ts';
import { type Place, placeFor, type Running } from './server.ts';

export interface NginxOptions {
  /** Takes files by PUT too, as a server of files in place of a repository's. Nobody is checked, and nothing synced. */
  readonly dav?: boolean;
}

/** The ceiling for files: nginx with sendfile and one worker. Serves the files below `root` by their names. */
export async function startNginx(
  within: Place,
  root: string,
  { dav = false }: NginxOptions = {},
): Promise<Running> {
  const place = await placeFor('nginx', within);
  const { directory } = place;
  const port = freePort();
  await mkdir(join(directory, 'tmp'));
  await Bun.write(join(directory, 'nginx.conf'), configuration(port, root, dav));
  const started = await launch({
    command: ['nginx', '-p', directory, '-c', 'nginx.conf', '-e', 'error.log'],
    place,
  });
  const url = `http://127.0.0.1:${port}`;
  await answers(url);
  return {
    name: dav ? 'nginx dav' : 'nginx sendfile',
    url,
    pid: started.pid,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

/** A master run by root gives its worker to `nobody`, who cannot see a private directory. */
const user = process.getuid?.() === 0 ? 'user root;' : '';

const DAV = 'dav_methods PUT; create_full_put_path on; client_max_body_size 0;';

const configuration = (port: number, root: string, dav: boolean) => `
${user}
daemon off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  default_type application/octet-stream;
  client_body_temp_path tmp/body;
  proxy_temp_path tmp/proxy;
  fastcgi_temp_path tmp/fastcgi;
  uwsgi_temp_path tmp/uwsgi;
  scgi_temp_path tmp/scgi;
  server {
    listen 127.0.0.1:${port};
    root ${root};
    ${dav ? DAV : ''}
  }
}
`;
