import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8 from making room for more young objects each time that they fill it: with the lists of 20,000
 * tables that takes 110 MiB more, and saves a tenth of the CPU time (Node 24, 140,000 archive entries).
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
