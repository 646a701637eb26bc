/** What the composer panel and the extension say to each other. */
import type { CommonCalls, CommonEvents, Nothing } from './panel.ts';

export type ComposerContract = {
  readonly calls: CommonCalls & {
    /** All that the page shows. */
    readonly load: readonly [Nothing, ComposerModel];
  };
  readonly events: CommonEvents & {
    /** What the page shows has changed. */
    readonly changed: ComposerModel;
  };
};

export interface ComposerModel {
  /** For people. */
  readonly title: string;
}
