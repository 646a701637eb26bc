/** What people read in package.json, and its translation. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { type Texts, extractTexts } from '../../src/manifest-texts.ts';
import { repositoryRoot } from '../support/paths.ts';
import { hasOtherDigits, leftInEnglish, placeholdersOf, visibleJson, withDirection } from '../support/translation.ts';

/** Each language is listed by its own name. */
const OWN_NAME = 'setting.language.en.label';

function read(file: string): unknown {
  return JSON.parse(readFileSync(path.join(repositoryRoot, file), 'utf8'));
}

const english = read('package.nls.json') as Texts;
const arabic = read('package.nls.ar.json') as Texts;

/** What must be the same in every language: where links lead, what is code, what is filled in, and how many lines there are. */
function structure(text: string): Readonly<Record<string, readonly string[] | number>> {
  return {
    links: [...text.matchAll(/\]\(([^)]*)\)/g)].map(([, target]) => target ?? ''),
    code: [...text.matchAll(/`[^`]*`/g)].map(([code]) => code),
    placeholders: placeholdersOf(text),
    lines: text.split('\n').length,
    ellipses: text.split('…').length,
  };
}

/** Each text below a value, with where it stands. */
function strings(value: unknown, place: string): [place: string, text: string][] {
  if (typeof value === 'string') {
    return [[place, value]];
  }
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([name, inner]) => strings(inner, `${place}.${name}`)) : [];
}

describe('the texts of package.json', () => {
  const manifest = read('package.json') as { readonly [name: string]: unknown; readonly contributes: Readonly<Record<string, unknown>> };

  it('stand in package.nls.json, all of them', () => {
    const { displayName, description, capabilities, contributes: { yamlValidation: _files, ...contributes } } = manifest;
    const found = strings({ displayName, description, capabilities, contributes }, '');
    const asked = found.filter(([, text]) => /^%.+%$/.test(text)).map(([, text]) => text.slice(1, -1));
    assert.deepEqual([...new Set(asked)].sort(), Object.keys(english).sort());
    const shown = /\.(title|shortTitle|name|label|category|contextualTitle|contents|displayName|altText|\w*[dD]escriptions?|enumItemLabels|\w*[mM]essage)(\.\d+)?$/;
    const sentence = /^[A-Z][a-z]+ [\w(]|^[A-Z].*[.…]$/;
    const literal = found.filter(([place, text]) => !/^%.+%$/.test(text) && (shown.test(place) || sentence.test(text)));
    assert.deepEqual(literal, []);
  });

  it('are all there in Arabic, and none besides', () => {
    assert.deepEqual(Object.keys(english).filter((key) => !(key in arabic)), [], 'package.nls.ar.json lacks them');
    assert.deepEqual(Object.keys(arabic).filter((key) => !(key in english)), [], 'package.json has them no more');
  });

  it('lead to the same places in Arabic', () => {
    for (const [key, text] of Object.entries(english)) {
      assert.deepEqual(structure(arabic[key] ?? ''), structure(text), key);
    }
  });

  it('are not left in English', () => {
    assert.deepEqual(Object.entries(english).filter(([key, text]) => leftInEnglish(text, arabic[key] ?? '')).map(([key]) => key), [OWN_NAME]);
  });

  it('are read in the right order where VS Code writes from left to right', () => {
    const directed = Object.fromEntries(Object.entries(arabic).map(([key, text]) => [key, withDirection(text)]));
    assert.deepEqual(arabic, directed, 'run: node esbuild.mjs --manifest');
    assert.equal(readFileSync(path.join(repositoryRoot, 'package.nls.ar.json'), 'utf8'), visibleJson(directed));
  });

  it('write figures in the digits of logs and consoles', () => {
    assert.deepEqual(Object.keys(arabic).filter((key) => hasOtherDigits(arabic[key] ?? '')), []);
  });
});

describe('an Arabic text among texts from left to right', () => {
  it('is marked as far as it needs it', () => {
    assert.equal(withDirection('إعلان حادث'), 'إعلان حادث');
    assert.equal(withDirection('إعلان حادث…'), 'إعلان حادث…\u200f');
    assert.equal(withDirection('ربط GitHub…'), '\u202bربط GitHub…\u202c');
    assert.equal(withDirection('من [الدليل](command:a.b).\n[فتح](command:a.b)\n[ربط Slack](command:c.d)\n`x` هنا'), 'من [الدليل](command:a.b).\u200f\n[فتح](command:a.b)\n[\u202bربط Slack\u202c](command:c.d)\n\u202b`x` هنا\u202c');
    assert.equal(withDirection('1 · ربط'), '\u202b1 · ربط\u202c');
    assert.equal(withDirection('Incident Runbook'), 'Incident Runbook');
  });

  it('is marked once', () => {
    for (const text of Object.values(arabic)) {
      assert.equal(withDirection(withDirection(text)), text);
    }
  });
});

describe('a text of the manifest', () => {
  const commands = [
    { command: 'incidentRunbook.declare', title: 'Declare', category: 'Incident', icon: '$(add)' },
    { command: 'incidentRunbook.step.listAlarms', title: 'List alarms', category: 'Incident' },
  ];
  const welcome = [
    { view: 'incidentRunbook.incidents', when: '!isWorkspaceTrusted', contents: 'Restricted' },
    { view: 'incidentRunbook.incidents', when: 'isWorkspaceTrusted && incidentRunbook.open == 0', contents: 'Empty' },
    { view: 'incidentRunbook.deliveries', contents: 'Nothing' },
  ];

  it('has a key of what it names, wherever that stands', () => {
    const { placeholders, texts } = extractTexts({}, { commands, viewsWelcome: welcome });
    assert.deepEqual((placeholders['contributes'] as { commands: unknown }).commands, [
      { command: 'incidentRunbook.declare', title: '%command.declare%', category: '%category%', icon: '$(add)' },
      { command: 'incidentRunbook.step.listAlarms', title: '%command.step.listAlarms%', category: '%category%' },
    ]);
    assert.deepEqual(texts, {
      'command.declare': 'Declare', 'command.step.listAlarms': 'List alarms', category: 'Incident',
      'welcome.incidents.not-isWorkspaceTrusted': 'Restricted', 'welcome.incidents.isWorkspaceTrusted-open-0': 'Empty', 'welcome.deliveries': 'Nothing',
    });
    assert.deepEqual(extractTexts({}, { viewsWelcome: [...welcome].reverse(), commands: [...commands].reverse() }).texts, texts);
  });

  it('is found in what settings and walkthroughs hold inside', () => {
    const { placeholders, texts } = extractTexts({ description: 'About', capabilities: { virtualWorkspaces: { supported: false, description: 'No files' } } }, {
      configuration: { title: 'Ours', properties: { 'incidentRunbook.review.path': { default: { title: 'kept' }, enum: ['a', 'b'], enumDescriptions: ['First', 'Second'], markdownDescription: 'Where' } } },
      walkthroughs: [{ id: 'start', title: 'Get started', steps: [{ id: 'slack', title: 'Connect', media: { image: 'slack.svg', altText: 'A channel' } }] }],
    });
    assert.deepEqual(texts, {
      description: 'About', 'capabilities.virtualWorkspaces': 'No files', 'setting.title': 'Ours',
      'setting.review.path.a': 'First', 'setting.review.path.b': 'Second', 'setting.review.path.description': 'Where',
      'walkthrough.start.title': 'Get started', 'walkthrough.start.slack.title': 'Connect', 'walkthrough.start.slack.altText': 'A channel',
    });
    assert.match(JSON.stringify(placeholders), /"default":\{"title":"kept"\}.*"image":"slack\.svg","altText":"%walkthrough\.start\.slack\.altText%"/);
  });

  it('never takes the place of another one', () => {
    assert.throws(() => extractTexts({}, { commands: [...commands, { command: 'incidentRunbook.declare', title: 'Declare again' }] }), /command\.declare: "Declare" and "Declare again"/);
  });
});
