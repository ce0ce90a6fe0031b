/** A figure with what it is held against. */
export interface Aim {
  readonly name: string
  /** As text, with its unit: `1.15 ×`, `212 MiB`. */
  readonly measured: string
  readonly expected: string
  readonly isHeld: boolean
}

type Render = (value: number) => string

/** A value that was not measured (NaN) misses its aim. */
export function atMost(name: string, value: number, limit: number, render: Render): Aim {
  return {
    name,
    measured: render(value),
    expected: `at most ${render(limit)}`,
    isHeld: value <= limit,
  }
}

export function atLeast(name: string, value: number, limit: number, render: Render): Aim {
  return {
    name,
    measured: render(value),
    expected: `at least ${render(limit)}`,
    isHeld: value >= limit,
  }
}

export function exactly(name: string, measured: string, expected: string): Aim {
  return { name, measured, expected, isHeld: measured === expected }
}

/** `1.15 ×` */
export function renderTimes(value: number): string {
  return `${value.toFixed(2)} ×`
}
