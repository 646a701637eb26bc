/** What the metrics panel and the extension say to each other. */
import type { CommonCalls, CommonEvents, Nothing } from './panel.ts';

export type MetricsContract = {
  readonly calls: CommonCalls & {
    /** All that the page shows. */
    readonly load: readonly [Nothing, MetricsModel];
  };
  readonly events: CommonEvents & {
    /** What the page shows has changed. */
    readonly changed: MetricsModel;
  };
};

export interface MetricsModel {
  /** For people. */
  readonly title: string;
}
