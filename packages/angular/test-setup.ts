// Angular's own packages are partially compiled; without a linker they are finished at run time.
import '@angular/compiler';
