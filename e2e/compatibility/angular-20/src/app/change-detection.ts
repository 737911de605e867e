import { provideZoneChangeDetection } from '@angular/core';

/** With zone.js, as applications of this version mostly are. */
export const changeDetection = provideZoneChangeDetection({ eventCoalescing: true });
