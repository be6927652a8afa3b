import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { type Loaded, NOTHING, SeriesLoading } from "./series-loading";

export interface LoadingSeries extends Loaded {
  requestSlice: (slice: number) => void;
  retry: () => void;
}

/** Loads the series of a scan while the viewer is open; the first slice first. */
export function useSeries(scanId: string, studyUid: string | null, firstSlice: number | null): LoadingSeries {
  const [attempt, setAttempt] = useState(0);
  const [loading, setLoading] = useState<SeriesLoading | null>(null);
  const loaded = useSyncExternalStore(loading?.subscribe ?? subscribeNothing, loading?.snapshot ?? nothingLoaded);
  const [request, setRequest] = useState({ studyUid, firstSlice });
  // A later report names the study that is already shown; only another study is loaded again.
  const shown = loaded.studyUid ?? request.studyUid;
  if (studyUid !== null && shown !== null && studyUid !== shown && studyUid !== request.studyUid) {
    setRequest({ studyUid, firstSlice });
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt is a new loading
  useEffect(() => {
    const started = new SeriesLoading({ scanId, studyUid: request.studyUid }, request.firstSlice);
    setLoading(started);
    void started.start();
    return () => started.close();
  }, [scanId, request, attempt]);
  const requestSlice = useCallback((slice: number) => void loading?.requestSlice(slice), [loading]);
  const retry = useCallback(() => setAttempt((before) => before + 1), []);
  return { ...loaded, requestSlice, retry };
}

const subscribeNothing = () => () => undefined;
const nothingLoaded = () => NOTHING;
