/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const gateway = process.env["TURNSTILE_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": here("./src") } },
  build: {
    outDir: here("../gateway/static"),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // no data: addresses, so that the page's policy can forbid them for scripts and fonts
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { "/api": gateway, "/auth": gateway } },
  test: { include: ["src/**/*.test.ts", "tests/unit/**/*.test.ts"] },
});
