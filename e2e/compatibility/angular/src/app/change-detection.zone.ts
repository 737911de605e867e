import { provideZoneChangeDetection } from '@angular/core';

/** Most applications of this version use zone.js. */
export const changeDetection = provideZoneChangeDetection({ eventCoalescing: true });
