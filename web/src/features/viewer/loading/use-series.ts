import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { type Loaded, NOTHING, SeriesLoading } from "./series-loading";

export interface SeriesOnItsWay extends Loaded {
  want: (slice: number) => void;
  retry: () => void;
}

/** Loads the series of a scan, the first slice first, while somebody looks at it. */
export function useSeries(scanId: string, studyUid: string | null, firstSlice: number | null): SeriesOnItsWay {
  const [attempt, setAttempt] = useState(0);
  const [loading, setLoading] = useState<SeriesLoading | null>(null);
  const loaded = useSyncExternalStore(loading?.subscribe ?? deaf, loading?.snapshot ?? nothing);
  const [asked, setAsked] = useState({ studyUid, firstSlice });
  // A report that comes later names the study that is shown already; only another one is loaded anew.
  const shown = loaded.studyUid ?? asked.studyUid;
  if (studyUid !== null && shown !== null && studyUid !== shown && studyUid !== asked.studyUid) {
    setAsked({ studyUid, firstSlice });
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt is a new loading
  useEffect(() => {
    const begun = new SeriesLoading({ scanId, studyUid: asked.studyUid }, asked.firstSlice);
    setLoading(begun);
    void begun.start();
    return () => begun.close();
  }, [scanId, asked, attempt]);
  const want = useCallback((slice: number) => void loading?.want(slice), [loading]);
  const retry = useCallback(() => setAttempt((before) => before + 1), []);
  return { ...loaded, want, retry };
}

const deaf = () => () => undefined;
const nothing = () => NOTHING;
