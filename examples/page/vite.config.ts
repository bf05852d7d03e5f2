import { defineConfig } from "vite";

// Proofs are made on all cores. Browsers share memory between threads of pages only that come with
// these headers, as the devnet sends them, too.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({
  server: { headers, fs: { allow: ["../.."] } },
  preview: { headers },
  worker: { format: "es" },
  // The SDK's modules are as large as its cryptography.
  build: { target: "es2022", chunkSizeWarningLimit: 8_000 },
});
