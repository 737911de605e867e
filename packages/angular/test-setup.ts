// Angular's own packages are partially compiled; without a linker they are finished at run time.
import '@angular/compiler';
import { TestBed, TestComponentRenderer } from '@angular/core/testing';
import { platformServer, ServerModule } from '@angular/platform-server';
import { afterEach } from 'vitest';

// A document without a browser, for the tests that need an injector.
const renderer = { provide: TestComponentRenderer, useClass: TestComponentRenderer, deps: [] };
TestBed.initTestEnvironment(ServerModule, platformServer([renderer]));
afterEach(() => void TestBed.resetTestingModule());
