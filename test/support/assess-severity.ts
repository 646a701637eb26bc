import type { Page } from 'playwright-core';

/** Answers the five questions with what they offer first, and takes the severity that is recommended; by keyboard. */
export async function assessSeverity(page: Page): Promise<void> {
  for (const title of ['(1/5)', '(2/5)', '(3/5)', '(4/5)', '(5/5)', 'Recommended: ']) {
    const widget = page.locator('.quick-input-widget').filter({ hasText: title });
    await widget.locator('.monaco-list-row.focused').waitFor();
    // The title may be there before the input has the focus.
    await widget.locator('input').first().press('Enter');
  }
}
