import { usage } from '../../exit.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { required, text } from '../../grammar/flags.ts';
import { explanationText } from './explanation-text.ts';
import { insideFlags, insideOf } from './question.ts';

export const policyTroubleshoot = defineCommand({
  path: 'policy-troubleshoot iam',
  summary: 'Explain why somebody has a permission on a resource, or has it not.',
  examples: [
    {
      says: 'Why can the build not push?',
      line:
        'entrepot policy-troubleshoot iam //artifactregistry.googleapis.com/projects/my-project/locations/us-central1/repositories/images ' +
        '--principal-email=ci@my-project.iam.gserviceaccount.com --permission=artifactregistry.repositories.uploadArtifacts',
    },
  ],
  positionals: { resource: one('Full resource name, with or without //SERVICE/ in front.') },
  flags: {
    principalEmail: required(text('EMAIL', 'E-mail or user name, or a member as in policies.')),
    permission: required(text('PERMISSION', 'The permission, such as artifactregistry.repositories.get.')),
    requestTime: text('TIME', 'When it is asked for, RFC 3339.', { fallback: 'now' }),
    ...insideFlags,
  },
  format: 'yaml',
  async run(args, cli) {
    const { resource, principalEmail, permission, requestTime } = args;
    if (requestTime !== undefined && Number.isNaN(Date.parse(requestTime)))
      throw usage(`--request-time: [${requestTime}] is not a time; write one such as 2027-01-01T00:00:00Z`);
    const client = await cli.client();
    const answer = await client.access.troubleshoot({
      principal: principalEmail,
      fullResourceName: resource,
      permission,
      conditionContext: {
        resource: insideOf(args),
        ...(requestTime !== undefined && {
          request: { receiveTime: new Date(requestTime).toISOString() },
        }),
      },
    });
    return cli.globals.format === undefined ? explanationText(answer, resource) : answer;
  },
});
