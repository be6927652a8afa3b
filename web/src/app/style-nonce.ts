declare global {
  var __webpack_nonce__: string | undefined;
}

/** The nonce of this page's answer: the policy allows no <style> without it, and Mantine writes its theme as one. */
export const styleNonce = document.querySelector<HTMLMetaElement>("meta[name=style-nonce]")?.content ?? "";

// Where react-remove-scroll, below Mantine's modal windows, looks for it.
globalThis.__webpack_nonce__ = styleNonce;
