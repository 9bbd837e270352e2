import { afterAll, beforeAll, describe, expect, it } from 'bun:test';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporary } from '../../../server/testing/harness.ts';
import { TestRegistry } from '../../testing/registry.ts';
import type { Person } from '../../testing/scripted-io.ts';

const LOCATION = 'projects/my-project/locations/us-central1';
let registry: TestRegistry;
let admin: Person;
let directory: string;
beforeAll(async () => {
  directory = await temporary();
  registry = await TestRegistry.start();
  admin = await registry.admin();
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const run = (line: string, script: Parameters<Person['run']>[1] = {}) =>
  admin.run([...line.split(' '), '--project=my-project', '--location=us-central1'], script);

async function fileOf(name: string, content: unknown): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('a virtual repository', () => {
  it('is created from a file of upstreams and described', async () => {
    const file = await fileOf('upstreams.json', [
      { id: 'own', repository: `${LOCATION}/repositories/images`, priority: 100 },
    ]);
    const created = await run(
      `artifacts repositories create both --repository-format=docker --mode=virtual-repository ` +
        `--upstream-policy-file=${file} --write-repository=images --member-failure=answer-without`,
    );
    expect({ exit: created.exit, stderr: created.stderr }).toEqual({
      exit: 0,
      stderr: 'Create request issued for: [both]\nCreated repository [both].\n',
    });
    const { stdout } = await run('artifacts repositories describe both');
    expect(stdout).toContain(`writeRepository: ${LOCATION}/repositories/images`);
    expect(stdout).toContain('memberFailure: ANSWER_WITHOUT');
  });
});
