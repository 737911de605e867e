import { ConfigurationError } from '../../errors.ts';
import type { AuthEvent, EventListener } from '../../events.ts';
import { isDevelopment } from '../../internal/development.ts';
import { findOrigin } from '../../protocol/secure-url.ts';

/** A feature of the browser that some pages do not have: private windows, foreign frames, blocked cookies, plain http. */
export type BrowserFeature = Extract<AuthEvent, { readonly type: 'browser.feature_missing' }>['feature'];

/** Reports a missing feature: an event, and a warning in the console. Each feature is reported once. */
export type FeatureReporter = (feature: BrowserFeature, consequence: string) => void;

export function createFeatureReporter(emitEvent: EventListener): FeatureReporter {
  const reportedFeatures = new Set<BrowserFeature>();
  return (feature, consequence) => {
    if (reportedFeatures.has(feature)) return;
    reportedFeatures.add(feature);
    emitEvent({ type: 'browser.feature_missing', feature });
    console.warn(`Countersign: ${feature} is not available to this page. ${consequence}`);
  };
}

/** @param remedy what the developer or the user can do */
export const createFeatureError = (feature: BrowserFeature, remedy: string): ConfigurationError =>
  new ConfigurationError(
    'unsupported_by_browser',
    isDevelopment ? `${feature} is not available to this page, and the login needs it. ${remedy}` : feature,
  );

/** @throws ConfigurationError `unsupported_by_browser` in an insecure context */
export function requireCryptography(): void {
  if (globalThis.crypto?.subtle) return;
  throw createFeatureError(
    'crypto.subtle',
    isDevelopment
      ? `Browsers offer it on https and localhost only, and the page is at ${findOrigin(location)}.`
      : '',
  );
}

/** What the user can do if the browser denies a storage. */
export const storageRemedy = isDevelopment
  ? 'Allow cookies and site data for this site, or open the page in a tab of its own instead of a frame.'
  : '';
