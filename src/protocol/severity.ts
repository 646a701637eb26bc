/** What the severity panel and the extension say to each other. */
import type { CommonCalls, CommonEvents, Nothing } from './panel.ts';

export type SeverityContract = {
  readonly calls: CommonCalls & {
    /** All that the page shows. */
    readonly load: readonly [Nothing, SeverityModel];
  };
  readonly events: CommonEvents & {
    /** What the page shows has changed. */
    readonly changed: SeverityModel;
  };
};

export interface SeverityModel {
  /** For people. */
  readonly title: string;
}
