// What every page has to stand: axe, HTML as it is written, narrow and wide, light and dark.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { HtmlValidate } from 'html-validate';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const AXE_OPTIONS = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations'],
};
const VALIDATOR = new HtmlValidate({
  extends: ['html-validate:recommended', 'html-validate:standard', 'html-validate:a11y', 'html-validate:document'],
  rules: {
    // What comes from the same origin is named by its hash.
    'require-sri': ['error', { target: 'crossorigin' }],
    // Several boxes of one name are how a form says several values.
    'form-dup-name': ['error', { shared: ['checkbox', 'radio', 'button', 'reset', 'submit'] }],
    // A title has the tenant's name, which is as long as its customer likes.
    'long-title': 'off',
  },
});

export const WIDTHS = [360, 1440];
export const SCHEMES = ['light', 'dark'];

// What is wrong with the HTML that the server has sent.
export async function htmlFindings(html) {
  const report = await VALIDATOR.validateString(html);
  const messages = report.results.flatMap(result => result.messages);
  return messages.map(({ line, ruleId, message }) => `html-validate: line ${line}: ${message} (${ruleId})`);
}

// What axe finds on the page as it is shown.
export async function axeFindings(page) {
  await page.evaluate(source => { globalThis.axe ?? (0, eval)(source); }, AXE);
  const violations = await page.evaluate(async options => (await globalThis.axe.run(document, options)).violations, AXE_OPTIONS);
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(node => `axe: ${help} (${id}): ${node.html.slice(0, 200)} ${node.any.map(check => check.message).join('; ')}`));
}

// Whether a reader has to move the page sideways.
export async function widthFindings(page) {
  const { wanted, given } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { wanted: scrollWidth, given: clientWidth };
  });
  return wanted > given ? [`the page is ${wanted} px wide where ${given} px are given`] : [];
}

// Colours that turn into others are judged once they have.
const stillness = page => page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));

// Looks at the page that is open, in each width and scheme, and keeps what it saw.
export async function lookFindings(page, screenshot) {
  const findings = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width < 800 ? 740 : 900 });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      await stillness(page);
      const found = [...await axeFindings(page), ...await widthFindings(page)];
      findings.push(...found.map(finding => `${width} px, ${colorScheme}: ${finding}`));
      await page.screenshot({ path: screenshot(width, colorScheme), fullPage: true });
    }
  }
  return findings;
}
