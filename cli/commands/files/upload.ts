import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { names } from '../../../contract/names.ts';
import { progressBar } from '../../download/progress-bar.ts';
import { usage } from '../../exit.ts';
import { defineCommand, one } from '../../grammar/command.ts';
import { required, text, toggle } from '../../grammar/flags.ts';
import { fileName } from '../../resolve.ts';
import { sendFile, sendingOf } from '../../upload/send-file.ts';

export const uploadFileCommand = defineCommand({
  path: 'artifacts files upload',
  summary: 'Upload a file by its id and check that it arrived whole.',
  description:
    'The id says what the file is of: PACKAGE:VERSION:PATH in a repository of files of any kind, which are all that take files so; a colon ' +
    'in a version is written %3A. What is there already with the same bytes is left as it is, so a command that was interrupted ' +
    'goes on when it is run again, also in the middle of the file.',
  examples: [
    {
      says: 'A file of a version:',
      line: 'entrepot artifacts files upload tool:1.0:linux/tool.tar.gz --source=tool.tar.gz --repository=files',
    },
    {
      says: 'By the full name of the file:',
      line:
        'entrepot artifacts files upload projects/my-project/locations/us-central1/repositories/files/files/tool:1.0:tool.tar.gz ' +
        '--source=tool.tar.gz',
    },
  ],
  positionals: { file: one('Id or full name of the file. Slashes may be written as they are or as %2F.') },
  flags: {
    source: required(text('FILE', 'File to upload.')),
    skipExisting: toggle('Leave the file that is there, also with other bytes.'),
  },
  format: 'none',
  async run({ file, source, skipExisting = false }, cli) {
    const found = await stat(source).catch(() => undefined);
    if (!found?.isFile()) throw usage(`--source: ${source} is not a file`);
    const name = await fileName(cli, file);
    const fileId = names.file.parse(name)?.file ?? '';
    const sending = await sendingOf(cli, skipExisting);
    const bar = cli.terminal.showsProgress ? progressBar(cli.io, basename(source)) : undefined;
    const sent = {
      path: source,
      parent: name.slice(0, name.lastIndexOf('/files/')),
      uploads: sending.client.fileUploads,
      message: { fileId },
      name,
      called: fileId,
    };
    const outcome = await sendFile(sending, sent, (bytes) => bar?.show(bytes, found.size)).finally(() =>
      bar?.end(),
    );
    await cli.terminal.notice(
      outcome === 'uploaded'
        ? `Uploaded ${fileId}, ${found.size} bytes, checksum verified.`
        : `${fileId} was there already.`,
    );
    return { path: source, name, outcome };
  },
});
