/** What a person is shown of a post before anything leaves the machine. No vscode here. */
import { unescapeMarkdown } from '../incident/markdown.ts';
import { serviceName } from '../incident/service-names.ts';
import { t } from '../l10n.ts';
import { type Connections, isConnectable } from '../services/connections.ts';
import type { Letter, Post } from '../steps/step.ts';

/** Of all texts together, characters: more does not fit on a screen. */
const LENGTH = 1_500;
/** Of one text at least, however many there are, characters. */
const SHORTEST = 150;

/** What goes out beside the text, by the field of the data that holds it. l10n: table */
const HEADS: Partial<Record<Letter['service'], Readonly<Record<string, string>>>> = {
  github: { title: 'Title', labels: 'Labels', assignees: 'Assignees' },
  mail: { subject: 'Subject' },
  statuspage: { name: 'Title' },
  webhook: { title: 'Title' },
  workspace: { title: 'Title' },
};

export interface PostPreview {
  readonly detail: string;
  /** "Send"; where a person does all of it nothing is sent, only written down: "Record". */
  readonly button: string;
}

/** @param missing services that the letters would go through and cannot, each with the reason */
export function previewPost({ letters, notes = [] }: Post, missing: ReadonlyMap<string, string>): PostPreview {
  const length = Math.max(SHORTEST, Math.floor(LENGTH / letters.length));
  const shown = letters.map((letter) => {
    const text = letter.service === 'github' ? unescapeMarkdown(letter.text) : letter.text;
    return [`${letter.target}, ${wayOf(letter, missing)}`, ...headOf(letter), text.slice(0, length) + (text.length > length ? '…' : '')].join('\n');
  });
  return {
    detail: [...notes.map(unescapeMarkdown), ...shown].join('\n\n'),
    button: t(/* l10n: table */ buttonFor(letters, missing)),
  };
}

/** Services that the letters would go through and that are not connected, each with the reason. */
export async function missingFor({ letters }: Post, connections: Connections): Promise<ReadonlyMap<string, string>> {
  const services = [...new Set(letters.map(({ service }) => service))].filter(isConnectable);
  const missing = await Promise.all(services.map(async (service): Promise<readonly (readonly [string, string])[]> => {
    if (await connections.get(service) !== undefined) {
      return [];
    }
    const problem = await connections.problem?.(service);
    return [[service, problem === undefined ? t('{0} is not connected.', t(/* l10n: table */ serviceName(service))) : t(/* l10n: table */ problem)]];
  }));
  return new Map(missing.flat());
}

/** `Record` where a person does all of it: then nothing is sent, only written down. */
export function buttonFor(letters: readonly Letter[], missing: ReadonlyMap<string, string>): 'Record' | 'Send' {
  return letters.every((letter) => isByHand(letter, missing)) ? 'Record' : 'Send';
}

/** Why a person has to do it; undefined when it goes by itself. */
export function handReason({ service, byHand }: Letter, missing: ReadonlyMap<string, string>): string | undefined {
  return byHand ?? missing.get(service);
}

function isByHand(letter: Letter, missing: ReadonlyMap<string, string>): boolean {
  return handReason(letter, missing) !== undefined;
}

function wayOf(letter: Letter, missing: ReadonlyMap<string, string>): string {
  const reason = handReason(letter, missing);
  return reason === undefined ? t('through {0}', t(/* l10n: table */ serviceName(letter.service))) : t('by hand: {0}', reason);
}

function headOf({ service, data }: Letter): string[] {
  return Object.entries(HEADS[service] ?? {}).flatMap(([field, title]) => {
    const value = data[field];
    const words = Array.isArray(value) ? value.join(', ') : value;
    return typeof words !== 'string' || words === '' ? [] : [`${t(/* l10n: table */ title)}: ${words}`];
  });
}
