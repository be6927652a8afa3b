/// <reference types="vitest/config" />
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const gateway = process.env["TURNSTILE_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), packed()],
  resolve: { alias: { "@": here("./src") } },
  build: {
    outDir: here("../gateway/static"),
    emptyOutDir: true,
    rolldownOptions: { input: [here("./index.html"), here("./docs.html")] },
    target: "es2023",
    assetsInlineLimit: 0, // no data: addresses, so that the page's policy can forbid them for scripts and fonts
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { "/api": gateway, "/auth": gateway, "/openapi.json": gateway } },
  test: { isolate: false, include: ["src/**/*.test.ts", "tests/unit/**/*.test.ts"] },
});

/** Packs what is text once, so that the gateway need not at each request. */
function packed(): Plugin {
  return {
    name: "packed",
    writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle).filter((name) => /\.(js|css)$/.test(name))) {
        const made = bundle[name];
        const bytes = Buffer.from(made?.type === "chunk" ? made.code : (made?.source ?? ""));
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(bytes));
        writeFileSync(join(dir, `${name}.gz`), gzipSync(bytes));
      }
    },
  };
}
