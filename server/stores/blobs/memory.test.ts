import { blobStoreContract } from '../../testing/contracts/blob-store.ts';
import { MemoryBlobs } from './memory.ts';

blobStoreContract('MemoryBlobs', async () => ({ store: new MemoryBlobs(), dispose: async () => undefined }));
