/**
 * Finds the texts that go through `t` and `tn` of src/l10n.ts, and holds them against a translation.
 *
 *   node test/support/l10n.ts            what is missing, left over or wrong in the Arabic one, and where it is said
 *   node test/support/l10n.ts --missing  the missing ones as JSON with empty translations, to be filled in
 *
 * The first argument is a literal (or `a ? 'b' : 'c'` of them). Before a text that comes out of a table stands the comment
 * `l10n: table`, and the comment before such a table says the same, with the names of the properties that hold its texts:
 * `l10n: table title, hint`; without names all its literals are texts. A table without that comment can be translated,
 * but nobody is told when it is not.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { bundledRunbook } from './bundled-runbook.ts';
import { repositoryRoot } from './paths.ts';
import { hasOtherDigits, leftInEnglish, placeholdersOf } from './translation.ts';

export const ARABIC_BUNDLE = 'media/l10n/bundle.l10n.ar.json';

export interface FoundText {
  /** The English text; of a count the form for many. */
  readonly text: string;
  readonly isCount: boolean;
  /** `file:line` */
  readonly place: string;
}

export interface Found {
  readonly texts: readonly FoundText[];
  /** All that is written between quotes: what a table without a comment may say. */
  readonly written: ReadonlySet<string>;
  /** Calls whose text cannot be found, or whose values do not fit it. */
  readonly problems: readonly string[];
}

const MARK = /\bl10n: table\b([\w, ]*)/;

/** Every text of one source file. */
export function findTexts(file: string, content: string): Found {
  const source = ts.createSourceFile(file, content, ts.ScriptTarget.ES2023, true);
  const texts: FoundText[] = [];
  const problems: string[] = [];
  const written = new Set<string>();
  const placeOf = (node: ts.Node): string => `${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;
  const markOf = (node: ts.Node): readonly string[] | undefined => MARK.exec(content.slice(node.getFullStart(), node.getStart(source)))?.[1]
    ?.split(',').map((name) => name.trim()).filter((name) => name !== '');
  const functions = importedFunctions(source);

  const call = (node: ts.CallExpression, name: 't' | 'tn'): void => {
    const isCount = name === 'tn';
    const given = node.arguments;
    const [first, other] = given;
    const spoken = [first, ...(isCount ? [other] : [])].map((argument) => (argument === undefined ? undefined : literals(argument)));
    if (spoken.includes(undefined)) {
      if (isCount || first === undefined || markOf(first) === undefined) {
        problems.push(`${placeOf(node)} the text is no literal (what comes out of a table is marked: test/support/l10n.ts)`);
      }
      return;
    }
    const [ones = [], many = []] = spoken;
    const keys = isCount ? many ?? [] : ones;
    keys.forEach((text) => { texts.push({ text, isCount, place: placeOf(node) }); });
    if (!given.some(ts.isSpreadElement)) {
      const places = new Set([...ones, ...many ?? []].flatMap(placeholdersOf));
      const values = given.length - (isCount ? 2 : 1);
      const expected = Array.from({ length: values }, (_, index) => `{${index}}`);
      // A count may choose the form and not be said.
      if (isCount) places.add('{0}');
      if (places.size !== values || !expected.every((place) => places.has(place))) {
        problems.push(`${placeOf(node)} "${keys[0] ?? ''}" has places for ${[...places].join(', ') || 'nothing'}, and ${values} given`);
      }
    }
  };
  const table = (node: ts.Node, names: readonly string[] | undefined): void => {
    const visit = (inner: ts.Node, wanted: boolean): void => {
      if (wanted && ts.isStringLiteralLike(inner)) {
        texts.push({ text: inner.text, isCount: false, place: placeOf(inner) });
      } else if (ts.isPropertyAssignment(inner)) {
        visit(inner.initializer, names === undefined || names.includes(inner.name.getText(source)));
      } else {
        ts.forEachChild(inner, (child) => { visit(child, wanted); });
      }
    };
    visit(node, names === undefined);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isVariableStatement(node)) {
      const mark = markOf(node);
      if (mark !== undefined) {
        node.declarationList.declarations.forEach(({ initializer }) => {
          if (initializer !== undefined) table(initializer, mark.length === 0 ? undefined : mark);
        });
      }
    }
    if (ts.isStringLiteralLike(node)) {
      written.add(node.text);
    }
    if (ts.isIdentifier(node)) {
      const name = functions.get(node.text);
      if (name !== undefined && ts.isCallExpression(node.parent) && node.parent.expression === node) {
        call(node.parent, name);
      } else if (name !== undefined && !isNameOfSomethingElse(node)) {
        problems.push(`${placeOf(node)} ${node.text} is passed on, so its texts are not found`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { texts, written, problems };
}

/** Name in this file → which of the two it is. */
function importedFunctions(source: ts.SourceFile): ReadonlyMap<string, 't' | 'tn'> {
  const functions = new Map<string, 't' | 'tn'>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier) || !statement.moduleSpecifier.text.endsWith('/l10n.ts')) continue;
    const named = statement.importClause?.namedBindings;
    for (const { name, propertyName } of named !== undefined && ts.isNamedImports(named) ? named.elements : []) {
      const imported = (propertyName ?? name).text;
      if (imported === 't' || imported === 'tn') functions.set(name.text, imported);
    }
  }
  return functions;
}

function isNameOfSomethingElse({ parent, ...node }: ts.Identifier): boolean {
  return ts.isImportSpecifier(parent)
    || (ts.isPropertyAccessExpression(parent) && parent.name.pos === node.pos)
    || ((ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isMethodDeclaration(parent)) && parent.name.pos === node.pos);
}

/** What an expression can say; undefined when that is not written there. */
function literals(expression: ts.Expression): readonly string[] | undefined {
  if (ts.isStringLiteralLike(expression)) {
    return [expression.text];
  }
  if (ts.isParenthesizedExpression(expression)) {
    return literals(expression.expression);
  }
  if (ts.isConditionalExpression(expression)) {
    const [yes, no] = [literals(expression.whenTrue), literals(expression.whenFalse)];
    return yes === undefined || no === undefined ? undefined : [...yes, ...no];
  }
  return undefined;
}

/** Of the whole source, and what the bundled runbook says. */
export function findAllTexts(): Found {
  const found = globSync('src/**/*.ts', { cwd: repositoryRoot }).map((file) => file.split(path.sep).join('/')).sort()
    .map((file) => findTexts(file, readFileSync(path.join(repositoryRoot, file), 'utf8')));
  return {
    texts: found.flatMap(({ texts }) => texts),
    written: new Set([...found.flatMap(({ written }) => [...written]), ...scalars(bundledRunbook())]),
    problems: found.flatMap(({ problems }) => problems),
  };
}

function scalars(value: unknown): string[] {
  return typeof value === 'string' ? [value] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(scalars) : [];
}

/** The keys of a bundle that translate a text. */
export function keysOf({ text, isCount }: FoundText, locale: string): string[] {
  return isCount ? new Intl.PluralRules(locale).resolvedOptions().pluralCategories.map((category) => `${text}|${category}`) : [text];
}

/** In these forms Arabic says the number by the word: no incident, one incident, two incidents. */
const WITHOUT_NUMBER = /\|(zero|one|two)$/;

/** What is wrong with a translation into Arabic, a line each. @param json the bundle as it is written */
export function bundleProblems({ texts, written: said }: Pick<Found, 'texts' | 'written'>, json: string): string[] {
  const bundle = JSON.parse(json) as Readonly<Record<string, string>>;
  const wanted = new Map<string, FoundText>();
  texts.forEach((found) => { keysOf(found, 'ar').forEach((key) => { wanted.set(key, wanted.get(key) ?? found); }); });
  const written = [...json.matchAll(/^\s*"((?:[^"\\]|\\.)*)"\s*:/gm)].map(([, key]) => JSON.parse(`"${key ?? ''}"`) as string);
  return [
    ...[...wanted].filter(([key]) => bundle[key] === undefined).map(([key, { place }]) => `${place} missing: ${JSON.stringify(key)}`),
    ...Object.keys(bundle).filter((key) => !wanted.has(key) && !said.has(key)).map((key) => `${ARABIC_BUNDLE} nobody says: ${JSON.stringify(key)}`),
    ...written.filter((key, index) => written.indexOf(key) !== index).map((key) => `${ARABIC_BUNDLE} twice: ${JSON.stringify(key)}`),
    ...[...wanted].flatMap(([key, { text, place }]) => (bundle[key] === undefined ? [] : translationProblems(key, text, bundle[key]).map((problem) => `${place} ${problem}: ${JSON.stringify(key)}`))),
  ];
}

function translationProblems(key: string, english: string, arabic: string): string[] {
  const [expected, found] = [english, arabic].map((text) => placeholdersOf(text).filter((place) => !(WITHOUT_NUMBER.test(key) && place === '{0}')).join(' '));
  return [
    ...(expected === found ? [] : [`places ${found || 'none'} instead of ${expected || 'none'}`]),
    ...(leftInEnglish(english, arabic) ? ['left in English'] : []),
    ...(hasOtherDigits(arabic) ? ['digits that are not Latin'] : []),
  ];
}

if (import.meta.main) {
  const found = findAllTexts();
  const { texts, problems } = found;
  const json = readFileSync(path.join(repositoryRoot, ARABIC_BUNDLE), 'utf8');
  if (process.argv.includes('--missing')) {
    const bundle = JSON.parse(json) as Readonly<Record<string, string>>;
    const missing = [...new Set(texts.flatMap((text) => keysOf(text, 'ar')))].filter((key) => bundle[key] === undefined);
    console.log(JSON.stringify(Object.fromEntries(missing.map((key) => [key, ''])), null, 2));
  } else {
    const all = [...problems, ...bundleProblems(found, json)];
    console.log([...all, `${texts.length} texts, ${all.length} problems`].join('\n'));
    process.exitCode = all.length === 0 ? 0 : 1;
  }
}
