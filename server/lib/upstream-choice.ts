type Fields = Readonly<Record<string, unknown>>;

/** What a remote repository's configuration names as its upstream (facts: remoteRepositoryConfig). */
export interface UpstreamChoice {
  /** The field that says so: `commonRepository`, or a format's own. */
  readonly field: string;
  /** A well-known upstream by Google's name for it, or an address, or the name of a repository. */
  readonly named: { readonly preset: string } | { readonly uri: string };
}

/** The field that holds upstreams of a format: its id and `Repository`. */
export const upstreamField = (formatId: string): string => `${formatId.toLowerCase()}Repository`;

/** Every upstream that the configuration names; a good one names one. */
export function upstreamChoices(config: Fields): readonly UpstreamChoice[] {
  return Object.entries(config).flatMap(([field, value]) => {
    if (!field.endsWith('Repository')) return [];
    const { publicRepository, customRepository, uri } = fieldsOf(value);
    const choices: UpstreamChoice['named'][] = [];
    if (typeof publicRepository === 'string' && publicRepository !== 'PUBLIC_REPOSITORY_UNSPECIFIED')
      choices.push({ preset: publicRepository });
    const address = field === 'commonRepository' ? uri : fieldsOf(customRepository)['uri'];
    if (typeof address === 'string' && address !== '') choices.push({ uri: address });
    return choices.map((named) => ({ field, named }));
  });
}

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? { ...value } : {};
