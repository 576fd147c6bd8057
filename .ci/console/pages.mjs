// Which pages there are: found by following every link from the first one, so that a new page cannot be forgotten.

import { GATEWAY } from './world.mjs';

const MOST_OF_A_SHAPE = 4;

// Where the links of one page lead to within the console. What its filters show is seen where they are tried.
function linksOf(html) {
  const links = [...html.matchAll(/<a\s[^>]*?href="([^"]*)"/g)].map(([, link]) => new URL(link.replaceAll('&amp;', '&'), `${GATEWAY}/console`));
  const isPage = url => url.origin === GATEWAY && /^\/console(\/|$)/.test(url.pathname) && !url.pathname.includes('/assets/');
  return links.filter(isPage).map(url => url.pathname + url.search);
}

// What names one thing among others of its kind.
const IS_ID = /^(LTAI\w+|(ep|evt|msg|dlv|iss|key)_\w+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+|[A-Za-z0-9+_=-]{24,})$/;

// The same for all pages that are made by the same template and differ in what they show alone. A tenant stays in it: one of
// them is full, another empty.
export function shapeOf(path) {
  const url = new URL(path, GATEWAY);
  const segments = url.pathname.split('/').map(segment => IS_ID.test(decodeURIComponent(segment)) ? '{}' : segment);
  const names = [...new Set(url.searchParams.keys())].sort();
  return segments.join('/') + (names.length > 0 ? `?${names.join('&')}` : '');
}

// The same for the pages of all tenants.
export const kindOf = path => shapeOf(path).replace(/\/cams-[^/]+/, '/{}');

// What a file of that shape is called.
export const fileName = shape => shape.replace(/^\/console\/?/, '').replace(/[^\w{}.-]+/g, '-') || 'home';

// Every page that somebody who is signed in comes to from `start`, with its HTML: paths to answers. Lists link to themselves in
// as many ways as they have rows: a few of each are enough.
export async function crawl(context, start = '/console') {
  const [pages, seen, waiting] = [new Map(), new Map(), [start]];
  while (waiting.length > 0) {
    const path = waiting.shift();
    const count = seen.get(shapeOf(path)) ?? 0;
    if (pages.has(path) || count === MOST_OF_A_SHAPE) continue;
    seen.set(shapeOf(path), count + 1);
    const answer = await context.request.get(GATEWAY + path, { maxRedirects: 0 });
    const isHtml = answer.headers()['content-type']?.startsWith('text/html');
    const html = await answer.text();
    pages.set(path, { status: answer.status(), isHtml, html });
    if (isHtml) waiting.push(...linksOf(html));
  }
  return pages;
}

// One page of each shape, without those that differ in a filter alone.
export function oneOfEach(paths) {
  const shapes = new Map();
  for (const path of paths) if (!path.includes('?') && !shapes.has(shapeOf(path))) shapes.set(shapeOf(path), path);
  return shapes;
}
