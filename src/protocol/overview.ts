/** What the overview panel and the extension say to each other. */
import type { CommonCalls, CommonEvents, Nothing } from './panel.ts';

export type OverviewContract = {
  readonly calls: CommonCalls & {
    /** All that the page shows. */
    readonly load: readonly [Nothing, OverviewModel];
  };
  readonly events: CommonEvents & {
    /** What the page shows has changed. */
    readonly changed: OverviewModel;
  };
};

export interface OverviewModel {
  /** For people. */
  readonly title: string;
}
