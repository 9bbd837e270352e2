import { defineIndex } from '../../core/index-kind.ts';
import { type Folder, listFolder, mergeFolders } from './folder.ts';
import { parseId } from './places.ts';
import { renderFolder } from './render-folder.ts';

/** What is directly in a folder, or all files below it. Of copies, what was copied. */
export const folderIndex = defineIndex<Folder>({
  name: 'generic.folder',
  build: listFolder,
  package: ({ of: folder }) => parseId(`${folder}::-`)?.package ?? '',
  merge: mergeFolders,
  render: renderFolder,
});
