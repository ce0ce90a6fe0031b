import { type ErrorCode, OperatorError } from '../../../core/errors.ts'

interface AptFailureRule {
  readonly pattern: RegExp
  readonly code: ErrorCode
  readonly what: string
  readonly hint: string
}

/** What apt says (apt-pkg/*.cc, methods/*.cc, in English) and what it means for us; the first match wins. */
const RULES: readonly AptFailureRule[] = [
  {
    pattern: /No space left on device|enough free space|Disk quota exceeded/,
    code: 'DISK_FULL',
    what: 'The disk filled up',
    hint: 'Free some space on the disk that holds the tool cache and RUNNER_TEMP: about 600 MB are needed.',
  },
  {
    pattern: /is expired \(invalid since|is not valid yet/,
    code: 'INSTALL_UNTRUSTED',
    what: 'The index of the package source is not valid at the time of this machine',
    hint: 'Check the clock of this machine, or use a mirror that is still updated: see apt-source.',
  },
  {
    pattern:
      /NO_PUBKEY|BADSIG|EXPKEYSIG|REVKEYSIG|is not signed|signatures? (were|was) invalid|couldn't be verified|Clearsigned file isn't valid|Splitting up .* failed|could not be verified|can't be authenticated|cannot be authenticated|OpenPGP signature verification failed|Sub-process \S*(gpgv|sqv)\S* returned|Missing key/,
    code: 'INSTALL_UNTRUSTED',
    what: 'The package source is not signed by the key that was expected',
    hint: 'Give the right key in Signed-By of apt-source; if the key was right before, do not trust this source now.',
  },
  {
    pattern: /Hash Sum mismatch|File has unexpected size|Hashes of expected file/,
    code: 'INSTALL_UNTRUSTED',
    what: 'A file of the package source does not match the signed index',
    hint: 'The mirror is being updated or something changed the file on its way: run again, or use another apt-source.',
  },
  {
    pattern: /does not have a Release file|404 {2}Not Found/,
    code: 'INSTALL_NOT_FOUND',
    what: 'The package source does not have what its index or its address promises',
    hint: 'Check URI, suite and component of apt-source: is this suite still served there?',
  },
  {
    pattern: /No system certificates available|certificate verification failed|certificate is NOT trusted/,
    code: 'INSTALL_UNREACHABLE',
    what: 'The certificate of the package source cannot be verified',
    hint: 'Install ca-certificates in a step before this one (slim images lack it), or give a mirror in apt-source.',
  },
  {
    pattern:
      /Could not connect|Could not resolve|Temporary failure|Connection (refused|timed out|failed|reset)|timed out|Unable to connect|Could not handshake|Failed to fetch/,
    code: 'INSTALL_UNREACHABLE',
    what: 'The package source could not be reached',
    hint: 'Check the network and proxy of the runner, or give a mirror that it can reach in apt-source.',
  },
  {
    pattern:
      /Unable to locate package|was not found|no installation candidate|unmet dependencies|held broken/,
    code: 'INSTALL_NOT_FOUND',
    what: 'The package source does not carry what was asked for',
    hint: 'Ask for a version that the source carries, or give another apt-source.',
  },
]

/** What apt or dpkg said on stderr, as one error; `doing` completes "while …". */
export function aptFailure(doing: string, stderr: string): OperatorError {
  const lines = stderr.split('\n').filter(line => line.trim() !== '')
  const rule = RULES.find(({ pattern }) => lines.some(line => pattern.test(line)))
  if (rule === undefined) {
    const said = lines.filter(line => line.startsWith('E: '))
    return new OperatorError('INSTALL_FAILED', `apt failed while ${doing}: ${quote(said, lines)}`)
  }
  const telling = lines.filter(line => rule.pattern.test(line))
  return new OperatorError(rule.code, `${rule.what} while ${doing}: ${quote(telling, lines)}`, {
    hint: rule.hint,
  })
}

/** The first two lines that tell something, else the last: apt repeats itself. */
function quote(telling: readonly string[], all: readonly string[]): string {
  const shown = telling.length > 0 ? telling.slice(0, 2) : all.slice(-1)
  return shown.map(line => line.replace(/^[EW]: /, '').trim()).join(' | ') || 'it gave no reason'
}
