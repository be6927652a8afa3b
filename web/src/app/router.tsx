import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { networkSearch } from "@/features/network/search";
import { patientsSearch } from "@/features/patients/search";
import { reportSearch } from "@/features/report/search";
import { uploadSearch } from "@/features/upload/search";
import { worklistSearch } from "@/features/worklist/search";
import { NotFound } from "./not-found";
import { queryClient } from "./query-client";
import { RouteProblem } from "./route-problem";
import { Shell } from "./shell";

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: RouteProblem,
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/worklist", replace: true });
  },
});

const worklist = createRoute({
  getParentRoute: () => root,
  path: "/worklist",
  validateSearch: worklistSearch,
  component: lazyRouteComponent(() => import("./routes/worklist"), "WorklistRoute"),
});

const patients = createRoute({
  getParentRoute: () => root,
  path: "/patients",
  validateSearch: patientsSearch,
  component: lazyRouteComponent(() => import("./routes/patients"), "PatientsRoute"),
});

const patient = createRoute({
  getParentRoute: () => root,
  path: "/patients/$patientId",
  component: lazyRouteComponent(() => import("./routes/patient"), "PatientRoute"),
});

const upload = createRoute({
  getParentRoute: () => root,
  path: "/upload",
  validateSearch: uploadSearch,
  component: lazyRouteComponent(() => import("./routes/upload"), "UploadRoute"),
});

const scan = createRoute({
  getParentRoute: () => root,
  path: "/scans/$scanId",
  validateSearch: reportSearch,
  component: lazyRouteComponent(() => import("./routes/scan"), "ScanRoute"),
});

const statistics = createRoute({
  getParentRoute: () => root,
  path: "/statistics",
  component: lazyRouteComponent(() => import("./routes/statistics"), "StatisticsRoute"),
});

const network = createRoute({
  getParentRoute: () => root,
  path: "/network",
  validateSearch: networkSearch,
  component: lazyRouteComponent(() => import("./routes/network"), "NetworkRoute"),
});

export const router = createRouter({
  routeTree: root.addChildren([home, worklist, patients, patient, upload, scan, statistics, network]),
  context: { queryClient },
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
