// As much of a browser as Grafana's code looks for while it is loaded.
const { JSDOM } = require('jsdom');
const dom = new JSDOM('<!doctype html><html><body></body></html>', { url: 'http://127.0.0.1/' });
globalThis.window = dom.window;
globalThis.document = dom.window.document;
for (const name of Object.getOwnPropertyNames(dom.window)) {
  if (!(name in globalThis)) globalThis[name] = dom.window[name];
}
const silent = () => undefined;
globalThis.matchMedia = dom.window.matchMedia = () => ({ matches: false, addListener: silent, addEventListener: silent });
globalThis.ResizeObserver = globalThis.IntersectionObserver = class { observe() {} unobserve() {} disconnect() {} };
globalThis.grafanaBootData = dom.window.grafanaBootData = {
  settings: { featureToggles: {}, buildInfo: { version: '12.0.0' }, datasources: {} },
  user: { timezone: 'utc' },
  navTree: [],
};
