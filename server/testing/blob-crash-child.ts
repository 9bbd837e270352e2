/** The process that crash.test.ts stops: `blob-crash-child.ts publish <root> <step>` or `blob-crash-child.ts append <root> <id>`. */
import { bodyOf, noise, pausedBody } from './contracts/bodies.ts';
import { FilesystemBlobs } from '../stores/blobs/filesystem.ts';

// Nobody stops it when the test itself is stopped.
setTimeout(() => process.exit(1), 120_000);

const BYTES = noise(3_000_000);
const [task, root = '', subject = ''] = process.argv.slice(2);

if (task === 'publish') {
  const onStep = (step: string): void => {
    if (step === subject) process.kill(process.pid, 'SIGKILL');
  };
  const store = await FilesystemBlobs.open({ root, onStep });
  const writer = await store.begin();
  await writer.append(bodyOf([BYTES]));
  await writer.commit();
  process.exit();
} else {
  const store = await FilesystemBlobs.open({ root });
  const { body, waiting } = pausedBody([BYTES]);
  const appending = (await store.resume(subject)).append(body);
  await waiting;
  process.stdout.write('appending\n');
  await appending;
}
