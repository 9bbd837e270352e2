import * as z from 'zod/mini';
import { type Answer, choice, flag, maybe, message, text, textMap, timestamp } from '../proto-json.ts';

const state = choice('google.iam.v1.State', { STATE_UNSPECIFIED: 0, ACTIVE: 1, DELETED: 2 });

const texts = {
  name: maybe(text()),
  displayName: maybe(text()),
  description: maybe(text()),
  state: maybe(state),
  disabled: maybe(flag()),
  expireTime: maybe(timestamp()),
};

/** iam.googleapis.com v1, WorkloadIdentityPool */
export const workloadIdentityPool = message(texts);
export type WorkloadIdentityPool = Answer<typeof workloadIdentityPool>;

const oidc = message({
  issuerUri: maybe(text()),
  allowedAudiences: maybe(z.array(text())),
  /** A key set (RFC 7517), as text. */
  jwksJson: maybe(text()),
});

/** iam.googleapis.com v1, WorkloadIdentityPoolProvider, of issuers that speak OpenID Connect. */
export const workloadIdentityPoolProvider = message({
  ...texts,
  attributeMapping: maybe(textMap()),
  attributeCondition: maybe(text()),
  oidc: maybe(oidc),
});
export type WorkloadIdentityPoolProvider = Answer<typeof workloadIdentityPoolProvider>;

export const createPoolQuery = message({ workloadIdentityPoolId: maybe(text()) });
export const createProviderQuery = message({ workloadIdentityPoolProviderId: maybe(text()) });
