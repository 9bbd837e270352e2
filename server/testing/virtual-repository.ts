import type { RepositoryRow } from '../core/repository.ts';
import { repositoryName } from '../core/repository.ts';
import type { TestServer } from './harness.ts';

interface Virtual {
  /** Asked in this order. */
  readonly members: readonly RepositoryRow[];
  readonly writes?: RepositoryRow;
  readonly answerWithout?: boolean;
}

/** A virtual Docker repository of my-project, made without asking whether it may be. */
export async function virtualRepository(
  server: TestServer,
  id: string,
  { members, writes, answerWithout = false }: Virtual,
): Promise<RepositoryRow> {
  const row = await server.repository(id);
  const upstreamPolicies = members.map((member, at) => ({
    id: `member-${at}`,
    repository: repositoryName(member),
    priority: 100 + at,
  }));
  const virtualRepositoryConfig = {
    upstreamPolicies,
    ...(writes && { writeRepository: repositoryName(writes) }),
    ...(answerWithout && { memberFailure: 'ANSWER_WITHOUT' }),
  };
  const config = { virtualRepositoryConfig };
  const mode = 'VIRTUAL_REPOSITORY';
  await server.database.transaction((tx) =>
    tx
      .updateTable('repository')
      .set({ mode, config: JSON.stringify(config) })
      .where('id', '=', row.id)
      .execute(),
  );
  return { ...row, mode, config };
}
