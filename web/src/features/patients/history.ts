interface Dated {
  created_at: string;
}

/** Where each scan stands between two edges, by its time; oldest first. Scans of one moment stand in the middle. */
export function places<T extends Dated>(scans: readonly T[], left: number, right: number): { x: number; scan: T }[] {
  const times = scans.map(({ created_at }) => Date.parse(created_at));
  const first = Math.min(...times);
  const width = Math.max(...times) - first;
  return scans.map((scan, index) => {
    const share = width === 0 ? 0.5 : ((times[index] ?? first) - first) / width;
    return { x: left + share * (right - left), scan };
  });
}
