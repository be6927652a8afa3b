import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { type Loaded, NOTHING, SeriesLoading } from "./series-loading";

export interface SeriesOnItsWay extends Loaded {
  want: (slice: number) => void;
  retry: () => void;
}

/** Loads the series of a scan, the first slice first, while somebody looks at it. */
export function useSeries(scanId: string, firstSlice: number | null): SeriesOnItsWay {
  const [attempt, setAttempt] = useState(0);
  const [first] = useState(firstSlice); // a report that comes later does not start the loading anew
  const [loading, setLoading] = useState<SeriesLoading | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt is a new loading
  useEffect(() => {
    const begun = new SeriesLoading(scanId, first);
    setLoading(begun);
    void begun.start();
    return () => begun.close();
  }, [scanId, first, attempt]);
  const loaded = useSyncExternalStore(loading?.subscribe ?? deaf, loading?.snapshot ?? nothing);
  const want = useCallback((slice: number) => void loading?.want(slice), [loading]);
  const retry = useCallback(() => setAttempt((before) => before + 1), []);
  return { ...loaded, want, retry };
}

const deaf = () => () => undefined;
const nothing = () => NOTHING;
