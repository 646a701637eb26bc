import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Lets a VS Code server speak a language of which nobody has made a language pack, as with Arabic: its own texts stay
 * English, those of extensions are looked up in that language. An empty pack does it, and the file in which the command
 * "Configure Display Language" notes the choice.
 *
 * @param dataDir the server's, before it starts
 */
export async function chooseDisplayLanguage(dataDir: string, language: string): Promise<void> {
  const folder = path.join(dataDir, 'data');
  const pack = path.join(folder, 'no-texts.json');
  await mkdir(path.join(folder, 'User'), { recursive: true });
  await writeFile(path.join(folder, 'User', 'argv.json'), JSON.stringify({ locale: language }));
  await writeFile(pack, JSON.stringify({ contents: {} }));
  await writeFile(path.join(folder, 'languagepacks.json'), JSON.stringify({
    [language]: {
      hash: 'no-texts', label: language, translations: { vscode: pack },
      extensions: [{ extensionIdentifier: { id: `test.language-pack-${language}` }, version: '1.0.0' }],
    },
  }));
}
