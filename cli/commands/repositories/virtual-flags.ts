import type { Repository } from '../../../contract/client.ts';
import type { Cli } from '../../context.ts';
import { usage } from '../../exit.ts';
import { choice, text } from '../../grammar/flags.ts';
import { isRecord } from '../../output/scalar.ts';
import { repositoryName } from '../../resolve.ts';
import { textOfFile } from '../../text-file.ts';

type Virtual = NonNullable<Repository['virtualRepositoryConfig']>;
type Policies = NonNullable<Virtual['upstreamPolicies']>;

export const VIRTUAL_FLAGS = {
  upstreamPolicyFile: text(
    'FILE',
    'JSON list of {"id", "repository", "priority"}: the repositories it is made of.',
  ),
  writeRepository: text('REPOSITORY', 'Which of them what is published here goes to; empty for none.'),
  memberFailure: choice(
    ['fail', 'answer-without'],
    'Whether one of them that fails, fails the request, or is left out of the answer.',
  ),
} as const;

interface Given {
  readonly upstreamPolicyFile: string | undefined;
  readonly writeRepository: string | undefined;
  readonly memberFailure: 'fail' | 'answer-without' | undefined;
}

/** What the flags say of a virtual repository: only the fields that they name. */
export async function virtualConfigOf(cli: Cli, args: Given): Promise<Virtual> {
  const { upstreamPolicyFile: file, writeRepository, memberFailure } = args;
  const writes =
    writeRepository === '' ? '' : writeRepository && (await repositoryName(cli, writeRepository));
  return {
    ...(file !== undefined && { upstreamPolicies: policiesIn(await textOfFile(file), file) }),
    ...(writes !== undefined && { writeRepository: writes }),
    ...(memberFailure && { memberFailure: memberFailure === 'fail' ? 'FAIL' : 'ANSWER_WITHOUT' }),
  };
}

/** Only the shape is read here; what a policy may say is the server's to judge. */
function policiesIn(content: string, file: string): Policies {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (cause) {
    throw usage(`${file} is not JSON: ${String(cause)}`);
  }
  if (!Array.isArray(parsed)) throw usage(`${file} must hold a list of policies`);
  return parsed.map((entry: unknown, index) => {
    const where = `${file}, policy ${index + 1}`;
    if (!isRecord(entry)) throw usage(`${where} is not an object`);
    const { id, repository, priority, ...others } = entry;
    const [extra] = Object.keys(others);
    if (extra !== undefined) throw usage(`${where} has an unknown field ${extra}`);
    if (typeof id !== 'string' || typeof repository !== 'string')
      throw usage(`${where} needs an id and a repository`);
    if (priority !== undefined && !Number.isSafeInteger(priority))
      throw usage(`${where} (${id}): priority is not a whole number`);
    return { id, repository, ...(priority !== undefined && { priority: Number(priority) }) };
  });
}
