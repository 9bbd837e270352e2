import { usage } from '../exit.ts';
import { nearest } from '../grammar/nearest.ts';
import { isRecord } from '../output/scalar.ts';
import { readJsonObject, writeJsonObject } from './files.ts';
import { serverAddress } from './server.ts';

interface Property {
  readonly help: string;
  /** Takes precedence over the file. */
  readonly env?: string;
  /** Refuses what cannot be meant, and answers what is stored. */
  readonly check?: (value: string) => string;
}

/** Everything `config set` takes, by `section/name`. A name of the core section may be written alone. */
export const PROPERTIES = {
  'core/project': { help: 'Project to work in.', env: 'ENTREPOT_PROJECT' },
  'core/server': { help: 'Server to talk to.', env: 'ENTREPOT_SERVER', check: serverAddress },
  'core/disable_prompts': { help: 'Whether to ask nothing, as --quiet does.', check: trueOrFalse },
  'artifacts/location': { help: 'Location of repositories.', env: 'ENTREPOT_LOCATION' },
  'artifacts/repository': { help: 'Repository to work in.', env: 'ENTREPOT_REPOSITORY' },
} as const satisfies Readonly<Record<string, Property>>;
export type PropertyName = keyof typeof PROPERTIES;

/** The property a person wrote; without a section it is one of core. */
export function propertyNamed(written: string): PropertyName {
  const name = written.includes('/') ? written : `core/${written}`;
  if (isProperty(name)) return name;
  const all = Object.keys(PROPERTIES);
  const meant = nearest(name, all) ?? all.find((known) => known.endsWith(`/${written}`));
  const advice = meant === undefined ? `there are ${all.join(', ')}` : `did you mean ${meant}?`;
  throw usage(`there is no property [${written}]; ${advice}`);
}

const isProperty = (name: string): name is PropertyName => Object.hasOwn(PROPERTIES, name);

function trueOrFalse(value: string): string {
  const lower = value.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower;
  throw usage(`[${value}] is neither true nor false`);
}

/** The settings file. Each change reads and replaces it whole. */
export class Properties {
  readonly #path: string;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(path: string, env: Readonly<Record<string, string | undefined>>) {
    this.#path = path;
    this.#env = env;
  }

  /** From the environment, else from the file. */
  async get(name: PropertyName): Promise<string | undefined> {
    const property: Property = PROPERTIES[name];
    const fromEnv = property.env === undefined ? undefined : this.#env[property.env];
    return fromEnv || (await this.stored()).get(name);
  }

  async set(name: PropertyName, value: string): Promise<void> {
    const property: Property = PROPERTIES[name];
    await this.#change(name, property.check ? property.check(value) : value);
  }

  async unset(name: PropertyName): Promise<void> {
    await this.#change(name, undefined);
  }

  /** What the file holds. */
  async stored(): Promise<ReadonlyMap<PropertyName, string>> {
    const file = await readJsonObject(this.#path);
    const found = new Map<PropertyName, string>();
    for (const name of Object.keys(PROPERTIES).filter(isProperty)) {
      const [section = '', key = ''] = name.split('/');
      const fields = file[section];
      const value = isRecord(fields) ? fields[key] : undefined;
      if (typeof value === 'string') found.set(name, value);
    }
    return found;
  }

  /** Registry host to the server whose token it takes, as `auth configure-docker` recorded it. */
  async registryHosts(): Promise<Readonly<Record<string, string>>> {
    const hosts = (await readJsonObject(this.#path))['registryHosts'];
    if (!isRecord(hosts)) return {};
    return Object.fromEntries(
      Object.entries(hosts).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  }

  async addRegistryHosts(hosts: readonly string[], server: string): Promise<void> {
    const file = await readJsonObject(this.#path);
    const added = Object.fromEntries(hosts.map((host) => [host, server]));
    const registryHosts = { ...(await this.registryHosts()), ...added };
    await writeJsonObject(this.#path, { ...file, registryHosts }, 0o600);
  }

  async #change(name: PropertyName, value: string | undefined): Promise<void> {
    const file = await readJsonObject(this.#path);
    const [section = '', key = ''] = name.split('/');
    const before = file[section];
    const fields = { ...(isRecord(before) ? before : {}), [key]: value };
    await writeJsonObject(this.#path, { ...file, [section]: fields }, 0o600);
  }
}
