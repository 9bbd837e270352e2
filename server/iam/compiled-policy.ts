import type { ResourceName } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type {
  CompiledCondition,
  ConditionCompiler,
  Policy,
  PolicyBinding,
  PolicyReader,
} from '../core/policy.ts';
import { permissionsOf } from './roles.ts';

/** A binding, ready to be asked. */
export interface CompiledBinding {
  readonly on: ResourceName;
  readonly source: PolicyBinding;
  readonly permissions: ReadonlySet<Permission>;
  readonly members: ReadonlySet<string>;
  readonly condition?: CompiledCondition;
}

export type CompiledPolicy = readonly CompiledBinding[];

/** At once where no binding has a condition, since those need a library that is only loaded for them. */
export function compilePolicy(
  on: ResourceName,
  policy: Policy | undefined,
  policies: Pick<PolicyReader, 'customRole'>,
  conditions: ConditionCompiler,
): CompiledPolicy | Promise<CompiledPolicy> {
  const bindings = policy?.bindings ?? [];
  const plain = bindings.map((source) => ({
    on,
    source,
    permissions: permissionsOf(source.role, policies),
    members: new Set(source.members),
  }));
  if (!bindings.some(({ condition }) => condition)) return plain;
  return Promise.all(
    plain.map(async (binding) => {
      const expression = binding.source.condition?.expression;
      if (expression === undefined) return binding;
      // One that no longer compiles holds for nobody; the others of the policy still count.
      const condition = await conditions.compile(expression).catch(() => () => false);
      return { ...binding, condition };
    }),
  );
}
