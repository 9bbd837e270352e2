import type { Access } from '../core/audit.ts';
import type { ResourceName } from '../core/iam.ts';
import type { AuditLogType, PolicyReader } from '../core/policy.ts';
import { namesOf } from './members.ts';

const EVERY_SERVICE = 'allServices';
const MOST_REMEMBERED = 10_000;

/** What one place asks to be recorded: by service and type, all but the accesses of some members. */
type Asked = ReadonlyMap<string, ReadonlySet<string>>;
const NOTHING: Asked = new Map();

/**
 * Which accesses the audit configurations of projects and installation want recorded. They add up: what either asks
 * for is recorded, unless one of them exempts the caller (google/iam/v1/policy.proto, AuditConfig).
 */
export class AuditedAccess {
  readonly #policies: PolicyReader;
  readonly #asked = new Map<string, Asked>();
  #revision = -1;

  constructor(policies: PolicyReader) {
    this.#policies = policies;
  }

  wanted({ type, service, project, principal }: Access): boolean {
    const asked = this.#of(project);
    if (asked.size === 0) return false;
    const exempted = [asked.get(keyOf(service, type)), asked.get(keyOf(EVERY_SERVICE, type))].filter(
      (members) => members !== undefined,
    );
    if (exempted.length === 0) return false;
    if (exempted.every(({ size }) => size === 0)) return true;
    const names = namesOf(principal);
    return !exempted.some((members) => !names.isDisjointFrom(members));
  }

  #of(project: string): Asked {
    const revision = this.#policies.revision();
    if (revision !== this.#revision) {
      this.#asked.clear();
      this.#revision = revision;
    }
    const known = this.#asked.get(project);
    if (known) return known;
    if (this.#asked.size >= MOST_REMEMBERED) this.#asked.clear();
    const asked = this.#read(project);
    this.#asked.set(project, asked);
    return asked;
  }

  #read(project: string): Asked {
    const places: readonly ResourceName[] = project === '' ? ['/'] : ['/', `projects/${project}`];
    const asked = new Map<string, Set<string>>();
    for (const { service, logTypes } of places.flatMap((on) => this.#policies.policy(on)?.auditConfigs ?? []))
      for (const { logType, exemptedMembers } of logTypes) {
        const key = keyOf(service, logType);
        const members = asked.get(key) ?? new Set();
        for (const member of exemptedMembers) members.add(member);
        asked.set(key, members);
      }
    return asked.size === 0 ? NOTHING : asked;
  }
}

const keyOf = (service: string, type: AuditLogType): string => `${type} ${service}`;
