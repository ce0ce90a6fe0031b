/**
 * Classes whose objects have to be restored for minutes to hours before they can be read. GLACIER_IR is
 * not one.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/glacier-storage-classes.html
 */
export function isColdStorage(storageClass: string): boolean {
  return storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE'
}
