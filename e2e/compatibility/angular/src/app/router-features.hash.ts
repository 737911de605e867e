import { type RouterFeatures, withHashLocation } from '@angular/router';

export const routerFeatures: RouterFeatures[] = [withHashLocation()];
