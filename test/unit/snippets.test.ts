/** The snippets of a review, an update and a notice: valid, and word for word what the runbook says (runbook 7.1, 9.3, 10.3). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { contributes } from '../../src/manifest.ts';
import { SEVERITIES } from '../../src/incident/events.ts';
import { UPDATE_STATUSES } from '../../src/incident/update-fields.ts';
import { readActionItems } from '../../src/incident/action-items.ts';
import { bundledRunbook } from '../support/bundled-runbook.ts';

interface Snippet {
  readonly prefix: string;
  readonly description: string;
  readonly body: readonly string[];
}

/** Those of code.visualstudio.com/docs/editing/userdefinedsnippets that are used here. */
const VARIABLES: Readonly<Record<string, string>> = { CURRENT_YEAR: '2026', CURRENT_MONTH: '11', CURRENT_DATE: '23', CURRENT_HOUR: '03', CURRENT_MINUTE: '12' };

const FILE = new URL('../../snippets/review.code-snippets', import.meta.url);
const SNIPPETS = JSON.parse(readFileSync(FILE, 'utf8')) as Readonly<Record<string, Snippet>>;

interface Written {
  readonly text: string;
  /** Number of each tab stop → the choices it gives; none for a placeholder. */
  readonly stops: ReadonlyMap<number, readonly string[]>;
}

/** What a snippet writes, choices as `[A/B]`. @throws Error where it is no snippet */
function expand(body: string): Written {
  const stops = new Map<number, readonly string[]>();
  let at = 0;
  const read = (end: string): string => {
    let text = '';
    while (at < body.length && !(end !== '' && body.startsWith(end, at))) {
      const rest = body.slice(at);
      const choice = /^\$\{(\d+)\|([^|}]+)\|\}/.exec(rest);
      const placeholder = /^\$\{(\d+):/.exec(rest);
      const variable = /^\$([A-Z_]+)/.exec(rest);
      if (choice !== null) {
        const choices = (choice[2] ?? '').split(',');
        stops.set(Number(choice[1]), choices);
        text += `[${choices.join('/')}]`;
        at += choice[0].length;
      } else if (placeholder !== null) {
        stops.set(Number(placeholder[1]), []);
        at += placeholder[0].length;
        text += read('}');
        at += 1;
      } else if (variable !== null) {
        text += VARIABLES[variable[1] ?? ''] ?? assert.fail(`VS Code knows no variable ${variable[1] ?? ''}`);
        at += variable[0].length;
      } else {
        assert.ok(!/^[$}\\]/.test(rest), `"${rest}" is no snippet`);
        text += rest[0];
        at += 1;
      }
    }
    assert.ok(end === '' || body.startsWith(end, at), `a "}" is missing: ${body}`);
    return text;
  };
  return { text: read(''), stops };
}

function snippet(prefix: string): Snippet {
  return Object.values(SNIPPETS).find((candidate) => candidate.prefix === prefix) ?? assert.fail(`There is no snippet ${prefix}`);
}

/** Times and dates, which the snippets fill in, as placeholders of the runbook. */
function withPlaceholders(text: string): string {
  return text.replace(/2026-11-23(?: 03:12)?/g, '[time]').replace(/\[(?:date|timestamp)\]/gi, '[time]').trimEnd();
}

const written = (prefix: string): string => withPlaceholders(expand(snippet(prefix).body.join('\n')).text);
const template = (id: string): string => withPlaceholders(bundledRunbook().templates[id]?.body ?? '');
const sections = template('review').split(/^(?=## )/m).map((section) => section.trimEnd());

describe('snippets', () => {
  for (const [name, { prefix, description, body }] of Object.entries(SNIPPETS)) {
    it(`write what can be tabbed through: ${name}`, () => {
      const { text, stops } = expand(body.join('\n'));
      assert.deepEqual([...stops.keys()].sort((one, other) => one - other), Array.from({ length: stops.size }, (_, place) => place + 1));
      assert.ok(stops.size > 0 && text.length > 0);
      assert.match(prefix, /^incident-[a-z-]+$/);
      assert.match(description, /\(runbook \d+\.\d\)$/);
    });
  }

  it('have a prefix of their own each', () => {
    const prefixes = Object.values(SNIPPETS).map(({ prefix }) => prefix);
    assert.equal(new Set(prefixes).size, prefixes.length);
  });

  it('say every section of the review in the words of the runbook', () => {
    const all = Object.values(SNIPPETS).map(({ prefix }) => written(prefix));
    assert.equal(sections.length, 8);
    sections.forEach((section) => { assert.ok(all.includes(section), `No snippet for\n${section}`); });
    assert.equal(written('incident-review'), template('review'));
  });

  it('say update and notice in the words of the runbook', () => {
    assert.equal(written('incident-update'), template('update'));
    assert.equal(written('incident-resolved'), template('resolutionNotice'));
  });

  it('let choose among the severities and the statuses there are', () => {
    const choices = (prefix: string): (readonly string[])[] => [...expand(snippet(prefix).body.join('\n')).stops.values()].filter((all) => all.length > 0);
    assert.deepEqual([choices('incident-summary'), choices('incident-update')], [[[...SEVERITIES]], [[...UPDATE_STATUSES]]]);
  });

  it('write an action item that is read back', () => {
    const line = expand(snippet('incident-action').body.join('\n')).text.replace('[Action 1]', 'Alert').replace('[name]', '@ada');
    assert.deepEqual(readActionItems(`## Action Items\n${line}`).items.map(({ text, owner, due }) => [text, owner, due]), [['Alert', '@ada', '2026-11-23']]);
  });

  it('are contributed for Markdown', () => {
    assert.deepEqual(contributes([])['snippets'], [{ language: 'markdown', path: './snippets/review.code-snippets' }]);
  });
});
