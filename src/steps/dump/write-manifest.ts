import { type Manifest, renderManifest } from '../../core/backup/manifest.ts'
import { renderBackupHead } from '../../core/summary/backup-trend.ts'
import type { StoreUpload } from '../../storage/multipart/store-upload.ts'
import type { Store } from '../../storage/store.ts'

/**
 * Writes the manifest, with which its archive becomes a backup. After a failure it is unknown whether it
 * arrived; unless it is certain that it did not, its archive stays.
 */
export async function writeManifest(
  store: Store,
  upload: Pick<StoreUpload, 'keep' | 'leaveToPost'>,
  key: string,
  manifest: Manifest,
): Promise<void> {
  try {
    await store.putJson(key, renderManifest(manifest), {
      isExact: true,
      metadata: renderBackupHead(manifest),
    })
  } catch (error) {
    if (await store.removeForSure(key, error)) throw error
    upload.leaveToPost()
    store.log.warning(
      `Could not confirm that manifest ${store.uri(key)} was written; keeping archive ${store.uri(manifest.object.key)}. If the manifest exists, the backup is valid; otherwise delete the archive.`,
    )
    throw error
  }
  upload.keep()
}
