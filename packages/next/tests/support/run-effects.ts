import { act, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { onTestFinished, vi } from 'vitest';

/** The members of an element that React uses for components without elements. */
const createNode = (members: object = {}) => ({
  nodeType: 1,
  nodeName: 'DIV',
  tagName: 'DIV',
  addEventListener() {},
  removeEventListener() {},
  ...members,
});

/**
 * Renders components that return no element, and runs their effects as a browser does. Returns the function that renders
 * others in their place.
 */
export async function runEffects(children: ReactNode): Promise<(children: ReactNode) => Promise<void>> {
  const listeners = new Map<string, () => void>();
  const document = createNode({
    nodeType: 9,
    visibilityState: 'visible',
    addEventListener: (name: string, listener: () => void) => listeners.set(name, listener),
  });
  vi.stubGlobal('window', { document, HTMLIFrameElement: class {} });
  vi.stubGlobal('document', document);
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  const root = createRoot(createNode({ ownerDocument: document }) as never);
  const render = (next: ReactNode) => act(async () => root.render(next));
  onTestFinished(async () => {
    await act(async () => root.unmount());
    vi.unstubAllGlobals();
  });
  await render(children);
  return render;
}
