import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const TRIPLES: Readonly<Record<string, readonly [triple: string, loader: string]>> = {
  x64: ['x86_64-linux-gnu', 'ld-linux-x86-64.so.2'],
  arm64: ['aarch64-linux-gnu', 'ld-linux-aarch64.so.1'],
}

/** Debian's multi-arch library directory inside an unpacked root. */
export function libraryDirectory(root: string): string {
  return join(root, 'usr', 'lib', platform()[0])
}

/**
 * The command line that runs a program (its name, or its path in the root) of an unpacked root with that
 * root's own libraries, independent of this machine's libc: through the root's dynamic loader. The process is
 * the program itself; signals and pids are as usual.
 */
export function inRoot(root: string, program: string, args: readonly string[]): readonly string[] {
  const libraries = libraryDirectory(root)
  const binary = ['usr/bin', 'usr/sbin', '.']
    .map(bin => join(root, bin, program))
    .find(path => existsSync(path))
  if (binary === undefined) throw new Error(`${program} is not among the packages unpacked in ${root}`)
  const path = `${libraries}:${join(libraries, 'ceph')}`
  return [join(libraries, platform()[1]), '--argv0', binary, '--library-path', path, binary, ...args]
}

function platform(): readonly [string, string] {
  const found = TRIPLES[process.arch]
  if (process.platform !== 'linux' || found === undefined) {
    throw new Error(`The lab runs on Linux, x64 or arm64; this is ${process.platform}, ${process.arch}.`)
  }
  return found
}
