/**
 * What people read in package.json stands in package.nls.json, and its translations beside it, under keys that are made
 * of the ids of what they name: a translation goes on fitting when the table of the manifest is put in another order.
 */

/** Key → text. */
export type Texts = Readonly<Record<string, string>>;

export interface Extracted {
  /** The same with `%key%` for each text. */
  readonly placeholders: Fields;
  readonly texts: Texts;
}

interface Point {
  /** What the keys of a contribution point begin with. */
  readonly prefix: string;
  /** Property that holds a text → what its key ends with; nothing where the text is what the thing is called. */
  readonly endings: Readonly<Record<string, string>>;
}

const POINTS: Readonly<Record<string, Point>> = {
  commands: { prefix: 'command', endings: { title: '', shortTitle: '.short' } },
  submenus: { prefix: 'submenu', endings: { label: '' } },
  viewsContainers: { prefix: 'container', endings: { title: '' } },
  views: { prefix: 'view', endings: { name: '' } },
  viewsWelcome: { prefix: 'welcome', endings: { contents: '' } },
  walkthroughs: { prefix: 'walkthrough', endings: { title: '.title', description: '.description', altText: '.altText' } },
  configuration: {
    prefix: 'setting',
    endings: {
      title: '.title', description: '.description', markdownDescription: '.description', patternErrorMessage: '.pattern',
      deprecationMessage: '.deprecation', markdownDeprecationMessage: '.deprecation',
    },
  },
};

/** The same text wherever it stands, so that it is translated once. */
const SHARED = ['category', 'contextualTitle'];

/** Lists beside `enum`, with a text for each of its values, and what their keys end with. */
const OF_VALUES: Readonly<Record<string, string>> = { enumDescriptions: '', markdownEnumDescriptions: '', enumItemLabels: '.label' };

type Fields = Readonly<Record<string, unknown>>;

/**
 * @param about of package.json's top level: what the extension is called and can do
 * @throws Error when two texts would have the same key
 */
export function extractTexts(about: Fields, contributes: Fields): Extracted {
  const texts: Record<string, string> = {};
  const put = (key: string, text: string): string => {
    if ((texts[key] ??= text) !== text) {
      throw new Error(`Two texts of package.json would both be ${key}: "${texts[key] ?? ''}" and "${text}".`);
    }
    return `%${key}%`;
  };

  const each = (value: unknown, key: string, point: Point): unknown => {
    if (Array.isArray(value)) {
      return value.map((entry: unknown) => (isFields(entry) ? fields(entry, [key, ...idOf(entry)].join('.'), point) : entry));
    }
    return isFields(value) ? fields(value, key, point) : value;
  };
  const fields = (entry: Fields, key: string, point: Point): Fields => Object.fromEntries(Object.entries(entry).map(([name, value]): [string, unknown] => {
    const ending = point.endings[name];
    if (typeof value === 'string') {
      return [name, ending !== undefined ? put(key + ending, value) : SHARED.includes(name) ? put(name, value) : value];
    }
    const ofValue = OF_VALUES[name];
    if (ofValue !== undefined && Array.isArray(value)) {
      const values = entry['enum'] as readonly unknown[];
      return [name, value.map((text: unknown, index) => put(`${key}.${String(values[index])}${ofValue}`, String(text)))];
    }
    if (name === 'properties' && isFields(value)) {
      return [name, Object.fromEntries(Object.entries(value).map(([property, what]) => [property, each(what, `${key}.${bare(property)}`, point)]))];
    }
    // What a setting is when nobody sets it is no text of ours.
    return [name, name === 'default' ? value : each(value, key, point)];
  }));

  const placeholders: Fields = {
    ...Object.fromEntries(Object.entries(about).map(([name, value]): [string, unknown] => [name, ABOUT_TEXTS.includes(name) ? put(name, String(value)) : described(value, name, put)])),
    contributes: Object.fromEntries(Object.entries(contributes).map(([name, value]): [string, unknown] => {
      const point = POINTS[name];
      return [name, point === undefined ? value : each(value, point.prefix, point)];
    })),
  };
  return { placeholders, texts };
}

const ABOUT_TEXTS = ['displayName', 'description'];

/** `description` of what an extension can do in a workspace. */
function described(value: unknown, key: string, put: (key: string, text: string) => string): unknown {
  return !isFields(value) ? value : Object.fromEntries(Object.entries(value).map(([name, inner]): [string, unknown] => (
    [name, name === 'description' ? put(key, String(inner)) : described(inner, `${key}.${name}`, put)]
  )));
}

/** What tells an entry from its neighbours; a welcome text has no id, but a view and the circumstances it is shown in. */
function idOf({ id, command, view, when }: Fields): string[] {
  if (typeof view === 'string') {
    return [bare(view), ...(typeof when === 'string' ? [words(when)] : [])];
  }
  const own = [id, command].find((name) => typeof name === 'string');
  return own === undefined ? [] : [bare(own)];
}

/** `!isWorkspaceTrusted && incidentRunbook.open == 0` → `not-isWorkspaceTrusted-open-0` */
function words(when: string): string {
  return when.replaceAll('incidentRunbook.', '').replace(/!(?!=)|!=/g, ' not ').match(/\w+/g)?.join('-') ?? '';
}

function bare(id: string): string {
  return id.replace(/^incidentRunbook\./, '');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
