// Asks as Grafana's editor, variables and filters do, and prints each result with the requests that it took.
import { dateTime } from '@grafana/data';
import { PrometheusDatasource } from '@grafana/prometheus';
import { setBackendSrv, setTemplateSrv } from '@grafana/runtime';
import { from } from 'rxjs';

const requests = [];

const add = (parameters, into) => {
  for (const [name, value] of Object.entries(parameters ?? {})) {
    for (const each of [value].flat()) if (each !== undefined) into.append(name, each);
  }
};

// What Grafana's server does with a request of the browser: it passes it on to the address of the data source.
async function pass({ url, method = 'GET', params, data }) {
  const path = url.replace(/^.*?\/resources\/?/, '/').replace(/^.*\/proxy\/uid\/[^/]+/, '');
  const target = new URL(process.env.BASE + path);
  add(params, target.searchParams);
  const form = new URLSearchParams();
  if (typeof data !== 'string') add(data, form);
  const body = method === 'POST' ? (typeof data === 'string' ? data : form.toString()) : undefined;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(target, { method, body, headers });
  requests.push([method, target.pathname + target.search, body ?? '', answer.status]);
  if (!answer.ok) throw { status: answer.status, data: await answer.text() };
  return { status: answer.status, ok: true, data: await answer.json(), config: {}, headers: answer.headers, url: target.href };
}

setBackendSrv({
  fetch: (options) => from(pass(options)),
  datasourceRequest: pass,
  get: async (url, params) => (await pass({ url, params })).data,
  post: async (url, data) => (await pass({ url, data, method: 'POST' })).data,
});
const replace = (text, scoped) => (text ?? '').replace(/\$\{?(\w+)\}?/g, (whole, name) => scoped?.[name]?.value ?? whole);
const template = { getVariables: () => [], replace, containsTemplate: () => false, updateTimeRange: () => undefined };
setTemplateSrv(template);

const now = Number(process.env.NOW_MS);
const range = { from: dateTime(now - 3_600_000), to: dateTime(now), raw: { from: 'now-1h', to: 'now' } };
const texts = (found) => found.map((each) => each.text);

const questions = {
  'exemplars are possible': async (source) => (await source.init(), source.exemplarsAvailable),
  'the editor starts': async (source) => (await source.languageProvider.start(range), true),
  metrics: (source) => source.languageProvider.retrieveMetrics(),
  'kinds of metrics': (source) => Object.values(source.languageProvider.retrieveMetricsMetadata()).map((each) => each.type),
  'names of labels': (source) => source.languageProvider.queryLabelKeys(range, '{__name__="kept"}', 100),
  'values of a label': (source) => source.languageProvider.queryLabelValues(range, 'pod', '{__name__="kept"}', 100),
  'label_values(kept, pod)': async (source, query) => texts(await source.metricFindQuery(query, { range })),
  'label_values(pod)': async (source, query) => texts(await source.metricFindQuery(query, { range })),
  'label_names(kept)': async (source, query) => texts(await source.metricFindQuery(query, { range })),
  'metrics(ke.*)': async (source, query) => texts(await source.metricFindQuery(query, { range })),
  'query_result(sum(kept))': async (source, query) => texts(await source.metricFindQuery(query, { range })),
  'kept{pod="a"}': async (source, query) => texts(await source.metricFindQuery(query, { range })),
  'values for a filter': async (source) => {
    const filters = [{ key: 'namespace', operator: '=', value: 'n1' }];
    return texts(await source.getTagValues({ key: 'pod', filters, timeRange: range, queries: [] }));
  },
};

for (const jsonData of JSON.parse(process.env.SETTINGS)) {
  const address = '/api/datasources/proxy/uid/correlator';
  const settings = { id: 1, uid: 'correlator', type: 'prometheus', name: 'correlator', url: address, access: 'proxy', meta: {} };
  const source = new PrometheusDatasource({ ...settings, jsonData }, template);
  for (const [question, ask] of Object.entries(questions)) {
    requests.length = 0;
    let result;
    try {
      result = await ask(source, question);
    } catch (error) {
      result = `failed: ${error?.stack ?? JSON.stringify(error)}`;
    }
    console.log(JSON.stringify({ settings: jsonData, question, result, requests }));
  }
}
process.exit(0);
