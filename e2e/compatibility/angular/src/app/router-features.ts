import type { RouterFeatures } from '@angular/router';

export const routerFeatures: RouterFeatures[] = [];
