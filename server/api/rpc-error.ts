import type { RenderError } from '../http/boundary.ts';
import { RegistryError } from '../core/error.ts';

const DOMAIN = 'artifactregistry.googleapis.com';

/** google.rpc.Status as Google's APIs put it into an HTTP body (cloud.google.com/apis/design/errors#http_mapping). */
export const rpcError: RenderError = ({ code, reason, message, details }) => {
  const { status } = new RegistryError(code, reason, message);
  const { field, ...metadata } = details;
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: DOMAIN, metadata };
  const violations = field !== undefined && {
    '@type': 'type.googleapis.com/google.rpc.BadRequest',
    fieldViolations: [{ field, description: message }],
  };
  const error = { code: status, message, status: code, details: violations ? [info, violations] : [info] };
  return {
    contentType: 'application/json; charset=UTF-8',
    body: `${JSON.stringify({ error }, undefined, 2)}\n`,
  };
};
