/**
 * The server, with one addition: told a step on standard input it says `armed`, and kills itself when a write next
 * comes to that step.
 */
import { oddServer } from './odd-server.ts';

let armed = '';
await oddServer({
  onStep: (step) => {
    if (step === armed) process.kill(process.pid, 'SIGKILL');
  },
});

for await (const line of console) {
  armed = line;
  process.stdout.write('armed\n');
}
