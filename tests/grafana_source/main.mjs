import './browser.cjs';
await import('./bundle.mjs');
