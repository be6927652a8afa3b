interface WithDate {
  created_at: string;
}

/** The position of each scan on the time axis, oldest first. Scans of the same time are in the middle. */
export function places<T extends WithDate>(scans: readonly T[], left: number, right: number): { x: number; scan: T }[] {
  const times = scans.map(({ created_at }) => Date.parse(created_at));
  const first = Math.min(...times);
  const width = Math.max(...times) - first;
  return scans.map((scan, index) => {
    const share = width === 0 ? 0.5 : ((times[index] ?? first) - first) / width;
    return { x: left + share * (right - left), scan };
  });
}
