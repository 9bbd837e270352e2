import type { FieldTree } from './masked-update.ts';

/**
 * What an update may do to a remote repository's upstream: who is shown its credentials cannot change, or whoever may update
 * it could send them elsewhere.
 */
export const REMOTE_FIELDS: FieldTree = {
  description: 'immutable',
  dockerRepository: 'immutable',
  mavenRepository: 'immutable',
  npmRepository: 'immutable',
  pythonRepository: 'immutable',
  goRepository: 'immutable',
  aptRepository: 'immutable',
  yumRepository: 'immutable',
  commonRepository: 'immutable',
  noCache: 'immutable',
  tokenOrigins: 'immutable',
  upstreamCredentials: {
    usernamePasswordCredentials: {
      username: 'mutable',
      passwordSecretVersion: 'mutable',
      password: 'mutable',
      hasPassword: 'mutable',
    },
    bearerCredentials: { token: 'mutable', hasToken: 'mutable' },
    tokenExchangeCredentials: {
      tokenUri: 'mutable',
      clientId: 'mutable',
      clientSecret: 'mutable',
      hasClientSecret: 'mutable',
      scope: 'mutable',
    },
  },
  disableUpstreamValidation: 'mutable',
  forwardAudits: 'mutable',
  cacheConfig: {
    indexMaxAge: 'mutable',
    fileMaxAge: 'mutable',
    notFoundMaxAge: 'mutable',
    staleWhileRevalidate: 'mutable',
    evict: 'mutable',
  },
  checksumDatabase: { key: 'mutable', uri: 'mutable', exceptions: 'mutable' },
  safetyRules: {
    allow: 'mutable',
    deny: 'mutable',
    minimumReleaseAge: 'mutable',
    minimumReleaseAgeExceptions: 'mutable',
    pinFirstSeen: 'mutable',
  },
};
