import type { Operation } from '../../contract/schemas/operation.ts';
import { names } from '../../contract/names.ts';
import type { Document, OperationDraft } from '../core/resources.ts';
import { memberOf } from '../core/iam.ts';
import { type ApiCall, type ApiAnswer, json } from './route.ts';

const TYPES = 'type.googleapis.com/google.devtools.artifactregistry.v1';
export const EMPTY: Document = { '@type': 'type.googleapis.com/google.protobuf.Empty' };

interface Outcome<Result> {
  readonly metadata?: (result: Result) => Document;
  readonly response: (result: Result) => Document;
}

type Starter = Pick<ApiCall<unknown, unknown>, 'principal' | 'parts'>;

/** An operation that is over when it is answered, which the protocol allows and every client understands. */
export function draft<Result = void>(
  { principal, parts }: Starter,
  { metadata = () => ({ '@type': `${TYPES}.OperationMetadata` }), response }: Outcome<Result>,
): OperationDraft<Result> {
  return {
    id: parts.newId(),
    account: principal.kind === 'anonymous' ? '' : memberOf(principal),
    body: (result) => ({ metadata: metadata(result), done: true, response: response(result) }),
  };
}

/** A message with its type, as an Any. */
export const typed = (type: string, message: object): Document => ({
  '@type': `${TYPES}.${type}`,
  ...message,
});

/** Runs a long-running method and answers its operation. */
export async function startedAt<Result>(
  at: { readonly project: string; readonly location: string },
  started: OperationDraft<Result>,
  work: (started: OperationDraft<Result>) => Promise<Document>,
): Promise<ApiAnswer> {
  const name = names.operation.format({ project: at.project, location: at.location, operation: started.id });
  const body: Operation = { name, ...(await work(started)) };
  return json(body);
}
