import { useMutation, useQueryClient } from "@tanstack/react-query";
import { analyse, analysesKey } from "@/shared/api/analyses";
import { scansKey } from "@/shared/api/scans";

/** Requests the analysis of a scan; the page then shows its progress. */
export function useAnalyse(scanId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => analyse(scanId),
    onSuccess: async (analysis) => {
      queries.setQueryData([...analysesKey, scanId], analysis);
      await queries.invalidateQueries({ queryKey: scansKey });
    },
  });
}
