/** A setting from a secret or a variable, without the white space that came along when it was pasted. */
interface CleanSetting {
  readonly value: string
  /** A sentence; undefined where nothing was left out. */
  readonly notice: string | undefined
}

/** Throws a RangeError for white space or control characters inside. */
export function cleanSetting(name: string, text: string): CleanSetting {
  const value = text.trim()
  if (/[\s\u0000-\u001f\u007f]/.test(value))
    throw new RangeError('has white space or a line break inside. Expected one word')
  if (value === text) return { value, notice: undefined }
  const what = /[\r\n]/.test(text) ? 'A line break' : 'White space'
  return {
    value,
    notice: `${what} at the start or end of ${name} is left out. Correct the secret or variable.`,
  }
}
