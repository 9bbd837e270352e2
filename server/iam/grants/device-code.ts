import { invalid } from '../../core/error.ts';
import { type Grant, required } from '../../core/oauth.ts';
import type { DeviceCodes } from '../device-codes.ts';
import { type LoginParts, logIn } from './log-in.ts';

/** RFC 8628 section 3.4. */
export const deviceCodeGrant = (parts: LoginParts & { readonly devices: DeviceCodes }): Grant => ({
  type: 'urn:ietf:params:oauth:grant-type:device_code',
  async run(request) {
    const answer = await parts.devices.ask(required(request, 'device_code'));
    switch (answer.kind) {
      case 'granted':
        return logIn(parts, answer.account, request.actor);
      case 'pending':
        throw invalid('authorization_pending', 'the code was not entered yet');
      case 'too-soon':
        throw invalid('slow_down', 'wait five seconds longer between two requests');
      case 'denied':
        throw invalid('access_denied', 'the log-in was denied in the browser');
      case 'unknown':
        throw invalid('expired_token', 'the code has expired, or was used; begin again');
      default:
        return answer satisfies never;
    }
  },
});
